"""Flux.2, whose sizes Klein run (`medialab.families.flux2_klein`), and Flux.3."""

from medialab.families.base import KnownFamily, Recognition
from medialab.families.layers import Signature, into, out_of
from medialab.families.listed.flux import (
    BFL_BLOCKS,
    BFL_INPUT,
    FLUX2_BLOCKS,
    NO_FLUX,
    SINGLE_INPUT,
    SINGLE_OUTPUT,
)
from medialab.files.predictions import FLOW

MODULATED = (
    ("single_stream_modulation.lin",),
    ("double_stream_modulation_img.lin",),
    ("double_stream_modulation_txt.lin",),
    ("to_qkv_mlp_proj",),
)


def of_size(name: str, width: int, text: int) -> tuple[Signature, ...]:
    """Return the signatures of one size of Flux.2: original names, diffusers' names, LoRAs.

    Args:
        name: The size's family name.
        width: Its transformer's width.
        text: The width of its text embeddings.
    """
    mlp, (double, single) = 3 * width, FLUX2_BLOCKS[name]
    return (
        Signature(
            MODULATED,
            needs=(
                into("stream_modulation", width),
                out_of("single_stream_modulation", 3 * width),
                out_of("double_stream_modulation", 6 * width),
                into("to_qkv_mlp_proj", width),
                out_of("to_qkv_mlp_proj", 3 * width + 2 * mlp),
                into("^txt_in", text),
            ),
        ),
        Signature(
            BFL_BLOCKS,
            tuple(name for name in NO_FLUX if "stream_modulation" not in name),
            needs=(
                out_of(SINGLE_INPUT, 3 * width + 2 * mlp),
                into(SINGLE_OUTPUT, width + mlp),
                out_of("^double_blocks.N.img_mlp.0", 2 * mlp),
                # 3072 is Flux.1's width, too.
                *([] if width == 3072 else [into(BFL_INPUT, width), into(SINGLE_INPUT, width)]),
            ),
        ),
        Signature(
            (("^double_blocks.N.", "^single_blocks.N."),),
            (*NO_FLUX, "img_mod", "^single_blocks.N.modulation", "^txt_in", "^vector_in"),
            exactly={"double_blocks": double, "single_blocks": single},
            unlike=(out_of(SINGLE_INPUT, 21504), into(SINGLE_OUTPUT, 15360)),
        ),
    )


FLUX2 = KnownFamily(
    name="flux2",
    prediction_type=FLOW,
    recognition=Recognition(
        signatures=(
            Signature(
                MODULATED,
            ),
        ),
        classes=("Flux2Transformer2DModel",),
        written=r"flux[-_. ]?2",
        vaes=(Signature((("bn.running_mean",),)),),
    ),
)

FLUX2_DEV = KnownFamily(
    name="flux2-dev",
    prediction_type=FLOW,
    recognition=Recognition(
        signatures=of_size("flux2-dev", 6144, 15360),
        written=r"flux[-_. ]?2[-_. ]?dev",
        classes=("Flux2Transformer2DModel",),
        config={"num_attention_heads": 48},
    ),
)

FLUX3 = KnownFamily(
    name="flux3",
    prediction_type=FLOW,
    recognition=Recognition(
        signatures=(Signature((("early_stream_modulations",), ("mode_blocks.",))),),
        classes=("Flux3Transformer2DModel",),
        written=r"flux[-_. ]?3",
    ),
)
