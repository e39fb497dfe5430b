"""Descriptions of checkpoints' variants, for messages."""

from medialab.families.base import DISTILLED, INPAINT, INSTRUCT, PLAIN, REFINER, UNCLIP

NAMES_OF_VARIANTS = {
    PLAIN: "making pictures",
    INSTRUCT: "editing by instruction",
    INPAINT: "inpainting",
    "depth": "following a depth picture",
    "upscale": "enlarging by words",
    REFINER: "finishing pictures of SDXL",
    UNCLIP: "varying a picture",
    "schnell": "making pictures in few steps",
    "fill": "filling a masked part (Fill)",
    "control": "following a control picture (Canny, Depth)",
    DISTILLED: "fewer layers than SDXL has (SSD-1B, Vega); get it as a diffusers folder",
}
