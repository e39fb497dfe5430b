"""Families of one publisher each, whose layers resemble no other family's."""

from medialab.families.base import KnownFamily, Recognition
from medialab.families.layers import Signature, into
from medialab.files.predictions import FLOW

KREA2 = KnownFamily(
    name="krea2",
    prediction_type=FLOW,
    editions={"turbo": {"is_distilled": (True,)}, "raw": {"is_distilled": (False,)}},
    recognition=Recognition(
        signatures=(
            Signature(
                (
                    ("txtfusion.",),
                    ("text_fusion.",),
                    ("blocks.N.attn.gate",),
                    ("transformer_blocks.N.attn.to_gate",),
                ),
                ("img_mlp", "attn.gate_proj"),
            ),
        ),
        classes=("Krea2Transformer2DModel",),
        written=r"krea[-_ ]?2",
    ),
)

HIDREAM = KnownFamily(
    name="hidream",
    prediction_type=FLOW,
    recognition=Recognition(
        signatures=(
            Signature(
                (
                    ("double_stream_blocks.N.",),
                    ("single_stream_blocks.N.",),
                    ("caption_projection.0.",),
                ),
                ("single_transformer_blocks",),
            ),
        ),
        classes=("HiDreamImageTransformer2DModel",),
        written=r"hidream",
    ),
)

AURAFLOW = KnownFamily(
    name="auraflow",
    prediction_type=FLOW,
    recognition=Recognition(
        signatures=(
            Signature(
                (
                    ("joint_transformer_blocks.N.",),
                    ("double_layers.N.", "single_layers.N."),
                    ("double_layers.N.attn.w",),
                    ("single_layers.N.attn.w",),
                    ("cond_seq_linear",),
                ),
                ("mode_blocks",),
            ),
        ),
        classes=("AuraFlowTransformer2DModel",),
        written=r"aura[-_]?flow",
    ),
)

ERNIE = KnownFamily(
    name="ernie",
    prediction_type=FLOW,
    recognition=Recognition(
        signatures=(Signature((("layers.N.adaLN_sa_ln",), ("^layers.N.self_attention.to_",))),),
        classes=("ErnieImageTransformer2DModel",),
        written=r"ernie",
    ),
)

IDEOGRAM4 = KnownFamily(
    name="ideogram4",
    prediction_type=FLOW,
    recognition=Recognition(
        signatures=(
            Signature(
                (
                    ("embed_image_indicator",),
                    ("llm_cond_proj",),
                    ("^layers.N.adaln_modulation", "^layers.N.attention."),
                ),
            ),
            Signature(
                (("^layers.N.attention.to_",), ("^layers.N.attention.qkv",)),
                ("layers.N.adaLN_modulation",),
                needs=(into("^layers.N.attention", 4608),),
            ),
        ),
        classes=("Ideogram4Transformer2DModel",),
        written=r"ideogram",
    ),
)

CASCADE = KnownFamily(
    name="cascade",
    recognition=Recognition(
        signatures=(Signature((("clip_txt_mapper",), ("clip_mapper", "clf."))),),
    ),
)
