"""What of all that is recognised runs here, and why the rest does not.

One function answers for the listing and for the run, so that what is offered can be used. The
tables are the one place to write down that another family or variant runs.
"""

import re
from collections.abc import Mapping
from typing import Any

from medialab.families.kinds import (
    BOFT,
    DISTILLED,
    FINISHED_BY,
    REFINER,
    UNCLIP,
    UNKNOWN,
    UNUSABLE_LORAS,
)
from medialab.files.headers import Header

# Families whose prompts and latents the stages know.
FAMILIES = ("paperdoll", "sd15", "sd2", "sdxl", *FINISHED_BY.values())
# What a checkpoint may be made for, by the way it lies on the disk: a diffusers folder, one file.
# "" is the usual, text to image.
VARIANTS_OF_FOLDERS = ("", "inpaint", "instruct", REFINER)
VARIANTS_OF_FILES = {
    "sd15": ("", "inpaint", "instruct"),
    "sd2": ("", "inpaint"),
    "sdxl": ("", "inpaint"),
    "sdxl-refiner": (REFINER,),
}
# How a variant is called in a sentence.
NAMES_OF_VARIANTS = {
    "": "making pictures",
    "instruct": "editing by instruction",
    "inpaint": "inpainting",
    "depth": "following a depth picture",
    "upscale": "enlarging by words",
    REFINER: "finishing pictures of SDXL",
    UNCLIP: "varying a picture",
    DISTILLED: "fewer layers than SDXL has (SSD-1B, Vega); get it as a diffusers folder",
}


# What is no model of its own -> what to do about it, after "holds a …; ".
NOT_YET = "it is not supported yet"
WAYS_OUT = {
    "denoiser": (
        "it lacks its text encoder and VAE: get the whole checkpoint, or the diffusers folder"
    ),
    "text encoder": "it is a part of a checkpoint, and nothing here opens it alone",
    "image encoder": "it is a part of an IP-Adapter, which is not supported yet",
    **dict.fromkeys(
        ("control-lora", "ip-adapter", "motion module", "photomaker", "t2i-adapter"), NOT_YET
    ),
    "hypernetwork": "it is not supported; look for a LoRA of the same name",
    "face restorer": "it restores faces only: use the face detailer instead",
    "hole filler": "it fills masked holes: use the mode inpaint instead",
}
# Families whose ControlNets are opened as one file: those with a config in models/configs.
CONTROLNET_FILES = ("sd15", "sdxl")
CONTROLNET_CLASS = "ControlNetModel"
NO_PLAIN_CONTROLNETS = {
    "lllite": "is a ControlNet-LLLite, which is not supported yet",
    "union": "is a ControlNet of many kinds in one (union), which is not supported yet",
}
# Latents that the families here read: channels, and how many times smaller each side is.
LATENT_CHANNELS, REDUCTION = 4, 8
# Classes of VAEs that are opened, and their setting that has an item for each level.
VAE_LEVELS = {
    "AutoencoderKL": "block_out_channels",
    "AutoencoderTiny": "encoder_block_out_channels",
}
_DIFFERENCE = "difference"
MOST_LEVELS = 8  # each halves the picture's sides
_VAE_LEVEL = re.compile(r"encoder\.down(?:_blocks)?\.(\d{1,3})\.")
_INTO_DECODER = "decoder.conv_in.weight"


def why_not(
    kind: str, family: str, variant: str, *, is_file: bool, written: str = ""
) -> str | None:
    """Why a model of the right kind cannot be used here, and the way out; None where it can.

    The text goes on after the model's name: "is of family flux; …". `written` is its format.
    """
    if kind == "checkpoint":
        return _why_no_checkpoint(family, variant, is_file)
    if kind == "lora":
        return _why_no_lora(family, written)
    if kind == "controlnet":
        return _why_no_controlnet(family, variant, is_file, written)
    if kind == "vae":
        return _why_no_vae(variant, written)
    if kind == "embedding" and family not in FAMILIES:
        return f"is made for text encoders of none of the families here: {', '.join(FAMILIES)}"
    return None


def why_not_in(stage: str, family: str, variant: str) -> str | None:
    """Why a stage that draws cannot use a checkpoint that runs elsewhere; None where it can.

    The text goes on after the checkpoint's name, as `why_not`'s.
    """
    edits = variant == "instruct"
    if edits != (stage == "instruct"):
        wanted = NAMES_OF_VARIANTS["" if edits else "instruct"]
        return f"is made for {NAMES_OF_VARIANTS[variant]}, not for {wanted}; choose another one"
    if stage == "txt2img" and family in FINISHED_BY.values():
        return (
            f"is of family {family}, and only finishes pictures: set it as handover_checkpoint, or "
            "as the checkpoint of img2img or the refiner"
        )
    return None


def variant_of_controlnet(header: Header) -> str:
    """Whether a ControlNet's weights are to be added to the checkpoint's own: "difference".

    Source: the marker tensor that lllyasviel's ControlNet repositories and ComfyUI know it by.
    """
    return _DIFFERENCE if _DIFFERENCE in header.shapes else ""


def variant_of_vae(header: Header) -> str:
    """What latents a VAE in one file writes, where they are not those of the families here."""
    into = next(
        (shape for name, shape in header.shapes.items() if name.endswith(_INTO_DECODER)), None
    )
    levels = {int(level) for name in header.shapes for level in _VAE_LEVEL.findall(name)}
    if into is None:
        return ""
    if len(into) != 4:
        return "made for videos" if len(into) > 4 else "of an unknown build"
    if max(levels, default=0) >= MOST_LEVELS:
        return "of an unknown build"
    return _latents(into[1], 2 ** max(levels, default=0))


def variant_of_vae_config(config: Mapping[str, Any]) -> str:
    """The same of a VAE's folder, from its config.json; or its class, where nothing opens it."""
    name = str(config.get("_class_name"))
    if name not in VAE_LEVELS:
        return f"class {name}"
    levels = config.get(VAE_LEVELS[name])
    count = len(levels) if isinstance(levels, list) else 4
    if not 0 < count <= MOST_LEVELS:
        return f"a VAE of {count} levels"
    return _latents(config.get("latent_channels", LATENT_CHANNELS), 2 ** (count - 1))


def _latents(channels: object, reduction: int) -> str:
    if (channels, reduction) == (LATENT_CHANNELS, REDUCTION):
        return ""
    return f"{channels} channels, {reduction} times smaller"


def _why_no_lora(family: str, written: str) -> str | None:
    if written in {*UNUSABLE_LORAS.values(), BOFT}:
        return (
            f"is {written}, which cannot be used here; usable are LoRA, LoCon, LoHa, LoKr, DoRA, "
            "IA3, OFT and whole differences"
        )
    if family not in {*FAMILIES, UNKNOWN}:
        return (
            f"is made for {family}, and no checkpoint of that family runs here; those that do are "
            f"{', '.join(FAMILIES)}"
        )
    return None


def _why_no_controlnet(family: str, variant: str, is_file: bool, written: str) -> str | None:
    if reason := NO_PLAIN_CONTROLNETS.get(written):
        return reason
    if variant == _DIFFERENCE:
        return (
            "holds the difference to one checkpoint, not a ControlNet's own weights; get it as a "
            "plain one (its file is about twice as large)"
        )
    if variant.startswith("class "):
        return f"is of {variant}; the class that is opened is {CONTROLNET_CLASS}"
    if is_file and family not in CONTROLNET_FILES:
        return (
            f"is a single file of family {family}; of single files, {', '.join(CONTROLNET_FILES)} "
            "are opened; get it as a diffusers folder"
        )
    if family not in FAMILIES:
        return f"is of family {family}; those that run here are {', '.join(FAMILIES)}"
    return None


def _why_no_vae(variant: str, written: str) -> str | None:
    choose = "choose one made for the checkpoint's family, or leave vae empty"
    if written == "tiny":
        return "is a tiny one in a single file; get it as a diffusers folder, with its config.json"
    if variant.startswith("class "):
        return f"is of {variant}; those that are opened are {', '.join(VAE_LEVELS)}: {choose}"
    if "channels" in variant:
        return (
            f"writes latents of {variant} than the picture; checkpoints here read "
            f"{LATENT_CHANNELS}, {REDUCTION} times smaller: {choose}"
        )
    return f"is {variant}; {choose}" if variant else None


def _why_no_checkpoint(family: str, variant: str, is_file: bool) -> str | None:
    if family not in FAMILIES:
        way = "no rule here knows its layers" if family == UNKNOWN else "use it where it can run"
        return f"is of family {family}; those that run here are {', '.join(FAMILIES)}: {way}"
    if is_file and family not in VARIANTS_OF_FILES:
        known = ", ".join(VARIANTS_OF_FILES)
        return (
            f"is a single file of family {family}; of single files, {known} are opened; "
            "get it as a diffusers folder"
        )
    allowed = VARIANTS_OF_FILES[family] if is_file else VARIANTS_OF_FOLDERS
    if (
        family == "sdxl"
    ):  # whose editing pipeline in diffusers tells of no step, and cannot be ended
        allowed = tuple(one for one in allowed if one != "instruct")
    if variant not in allowed:
        made_for = NAMES_OF_VARIANTS.get(variant, f"something else (it reads {variant})")
        known = " and ".join(NAMES_OF_VARIANTS[one] for one in allowed)
        form = "single files" if is_file else "folders"
        return f"is made for {made_for}; {form} of {family} that run here are made for {known}"
    return None
