"""Recognition of text and image encoders, which are parts of checkpoints, by their layers.

Families of checkpoints share encoders, so these have families of their own: "t5", "qwen3".

Source: the layer names of transformers 5; llama.cpp's `general.architecture` for GGUF files.
"""

from typing import NamedTuple

from medialab.families.base import UNKNOWN
from medialab.families.layers import Layers, Signature, out_of
from medialab.files.headers import Header

TEXT, IMAGE = "text encoder", "image encoder"
# A layer of any language model.
_ATTENTION, _GATE = "layers.N.self_attn.q_proj", "layers.N.mlp.gate_proj"
_NORM, _BIAS = "layers.N.self_attn.q_norm", "layers.N.self_attn.q_proj.bias"
_AFTER = "layers.N.pre_feedforward_layernorm"
_SEES = ("visual.", "vision_tower.")
_MANY_BIASES = "encoder.block.1.layer.0.SelfAttention.relative_attention_bias"


class Encoder(NamedTuple):
    """A family of encoders: its kind, its name, and the layers that it has and has not."""

    kind: str
    family: str
    signature: Signature


ENCODERS = (
    Encoder(TEXT, "t5", Signature((("encoder.block.0.layer.0.",),), (_MANY_BIASES,))),
    Encoder(TEXT, "umt5", Signature(((_MANY_BIASES,),))),
    Encoder(
        TEXT,
        "clip",
        Signature(
            (
                ("text_model.embeddings.token_embedding.",),
                ("token_embedding.weight", "resblocks.N."),
                ("^embeddings.token_embedding.", "^encoder.layers.N."),
            )
        ),
    ),
    Encoder(TEXT, "qwen3", Signature(((_GATE, _NORM),), (*_SEES, _AFTER))),
    Encoder(TEXT, "qwen3-vl", Signature((("visual.deepstack_merger_list", _NORM),), (_AFTER,))),
    Encoder(TEXT, "qwen2.5", Signature(((_ATTENTION, _GATE, _BIAS),), (*_SEES, _NORM, _AFTER))),
    Encoder(
        TEXT,
        "qwen2.5-vl",
        Signature((("visual.blocks.N.mlp.gate_proj", _BIAS),), ("deepstack", _NORM)),
    ),
    Encoder(TEXT, "gemma2", Signature(((_ATTENTION, _AFTER),), (*_SEES, _NORM))),
    Encoder(TEXT, "gemma3", Signature(((_ATTENTION, _AFTER, _NORM),))),
    # Llama and Mistral have the same layers, and vocabularies of other sizes.
    Encoder(
        TEXT,
        "llama",
        Signature(
            ((_ATTENTION, _GATE),),
            (*_SEES, _NORM, _BIAS, _AFTER),
            needs=(out_of("embed_tokens.weight", 128256),),
        ),
    ),
    Encoder(
        TEXT,
        "mistral",
        Signature(
            ((_ATTENTION, _GATE),),
            ("visual.", _NORM, _BIAS, _AFTER),
            needs=(out_of("embed_tokens.weight", 131072),),
        ),
    ),
    Encoder(IMAGE, "clip", Signature((("vision_model.embeddings.",),), (_GATE,))),
    Encoder(IMAGE, "clip", Signature((("visual.transformer.resblocks.",),))),
)
_LANGUAGE_MODEL = Signature(((_ATTENTION, _GATE),))
_CLIP_OF_WIDTH = {768: "clip-l", 1024: "clip-h", 1280: "clip-g"}
# Of language models in GGUF files: a layer, and families by what the file calls them.
_GGUF_LAYERS = ("\nblk.0.attn_q.", "\nenc.blk.0.attn_q.")
_ARCHITECTURES = {
    "t5": "t5",
    "t5encoder": "t5",
    "qwen2": "qwen2.5",
    "qwen2vl": "qwen2.5-vl",
    "qwen3": "qwen3",
    "qwen3vl": "qwen3-vl",
    "gemma2": "gemma2",
    "gemma3": "gemma3",
    "llama": "llama",
    "mistral3": "mistral",
}


def encoder_of(names: str, header: Header) -> tuple[str, str] | None:
    """Return the kind and family of an encoder; None if it is none.

    Args:
        names: All tensors' names, one a line, with a line end before the first and after the last.
        header: The same names with shapes, and the metadata.
    """
    if any(mark in names for mark in _GGUF_LAYERS):
        written = header.metadata.get("general.architecture", "").casefold()
        return TEXT, _ARCHITECTURES.get(written, UNKNOWN)
    layers = Layers(header.shapes)
    fitting = {(one.kind, one.family) for one in ENCODERS if layers.show(one.signature)}
    if len(fitting) == 1:
        kind, family = fitting.pop()
        return kind, _size_of_clip(header) if family == "clip" else family
    return (TEXT, UNKNOWN) if fitting or layers.show(_LANGUAGE_MODEL) else None


def variant_of_encoder(header: Header) -> str:
    """Return the width of a text encoder's tokens in words, "2560 wide"; "" if it is unknown."""
    ends = ("embed_tokens.weight", "token_embedding.weight", "shared.weight")
    found = {
        shape[1] for name, shape in header.shapes.items() if name.endswith(ends) and len(shape) == 2
    }
    return f"{found.pop()} wide" if len(found) == 1 else ""


def _size_of_clip(header: Header) -> str:
    """Return a CLIP's family by the width of its tokens."""
    for name, shape in header.shapes.items():
        if name.endswith("token_embedding.weight") and len(shape) == 2:
            return _CLIP_OF_WIDTH.get(shape[1], UNKNOWN)
    return UNKNOWN
