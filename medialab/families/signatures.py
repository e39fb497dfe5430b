"""How the families of denoisers are told apart: by names that must, and must not, be there.

One table for whole files, bare denoisers, LoRAs and ControlNets alike, since all of them name the
same layers. A name is written as its publisher writes it, with N for a block's number; in files it
may have dots or underscores. A family is told when one of its marks is there and nothing speaks
against it; when two families are told, none is: unknown rather than a guess.

Source: diffusers 0.42 loaders/single_file_utils.py and lora_conversion_utils.py; SwarmUI
src/Text2Image/T2IModelClassSorter.cs; kohya's sd-scripts and musubi-tuner for the LoRAs' names.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

# All of a mark's names have to be there. "^" is where a layer's path begins.
Mark = tuple[str, ...]


class Side(NamedTuple):
    """Numbers that a layer's inputs or outputs have in a family."""

    name: str
    of: str  # "in" or "out"
    numbers: frozenset[int]


def _in(name: str, *numbers: int) -> Side:
    return Side(name, "in", frozenset(numbers))


def _out(name: str, *numbers: int) -> Side:
    return Side(name, "out", frozenset(numbers))


@dataclass(frozen=True)
class Signature:
    """What tells a family: any of `marks`, none of `without`, and sides of layers.

    `needs` lists sides of which at least one has to be there with its number; `unlike` sides that
    must not be. `last` are the highest numbers that blocks have: at most, or `exactly`; `never` are
    those that tell another family.
    """

    family: str
    marks: tuple[Mark, ...]
    without: tuple[str, ...] = ()
    needs: tuple[Side, ...] = ()
    unlike: tuple[Side, ...] = ()
    last: Mapping[str, int] = field(default_factory=dict)
    exactly: Mapping[str, int] = field(default_factory=dict)
    never: tuple[Mapping[str, int], ...] = ()


# What the relatives of Flux.1 have, and it has not.
_NO_FLUX = (
    *("distilled_guidance_layer", "stream_modulation", "to_qkv_mlp_proj", "byt5_in"),
    *("img_attn_q_norm", "img_attn_k_norm", "=.img_attn_qkv", "img_mlp.fc", "img_mod.linear"),
    *("modulation.linear", "individual_token_refiner", "token_refiner.refiner_blocks"),
    *("joint_transformer_blocks", "mode_blocks", "single_transformer_blocks.N.ff."),
    *("double_stream_blocks", "caption_projection", "^time_embed.", "^timestep_embedder."),
    *("time_guidance_embed", "transformer_blocks.N.ff.linear_in"),
)
_HUNYUAN = (
    *(("img_attn_q_norm",), ("img_attn_k_norm",), ("double_blocks.N.img_mlp.fc",), ("byt5_in",)),
    *(("double_blocks.N.img_mod.linear",), ("single_blocks.N.modulation.linear",)),
    *(("individual_token_refiner",), ("=double_blocks", "=.img_attn_qkv")),
    ("token_refiner.refiner_blocks",),
)
_BFL_BLOCKS = (("^double_blocks.N.",), ("^single_blocks.N.",))
_BFL_INPUT = "^double_blocks.N.img_attn"
_SINGLE_INPUT, _SINGLE_OUTPUT = "^single_blocks.N.linear1", "^single_blocks.N.linear2"
# Highest numbers of the double and the single blocks, in the original's and in diffusers' names.
_LONGCAT = (
    {"double_blocks": 9, "single_blocks": 19},
    {"transformer_blocks": 9, "single_transformer_blocks": 19},
)
_OVIS = (
    {"double_blocks": 5, "single_blocks": 26},
    {"transformer_blocks": 5, "single_transformer_blocks": 26},
)
_MODULATED = (
    ("single_stream_modulation.lin",),
    ("double_stream_modulation_img.lin",),
    ("double_stream_modulation_txt.lin",),
    ("to_qkv_mlp_proj",),
)
_FLUX2 = {"flux2-klein-4b": (4, 19), "flux2-klein-9b": (7, 23), "flux2-dev": (7, 47)}
_NEXT_DIT = (("layers.N.attention.qkv",), ("layers.N.feed_forward.w",))
_NO_NEXT_DIT = ("adaLN_sa_ln", "llm_cond_proj", "embed_image_indicator", "ref_image_refiner")


def _flux2(family: str, width: int, text: int) -> tuple[Signature, ...]:
    """A size of Flux.2, by its width: in its own file, in diffusers' names, and as a LoRA."""
    mlp, (double, single) = 3 * width, _FLUX2[family]
    return (
        Signature(
            family,
            _MODULATED,
            needs=(
                _in("stream_modulation", width),
                _out("single_stream_modulation", 3 * width),
                _out("double_stream_modulation", 6 * width),
                _in("to_qkv_mlp_proj", width),
                _out("to_qkv_mlp_proj", 3 * width + 2 * mlp),
                _in("^txt_in", text),
            ),
        ),
        Signature(
            family,
            _BFL_BLOCKS,
            tuple(name for name in _NO_FLUX if "stream_modulation" not in name),
            needs=(
                _out(_SINGLE_INPUT, 3 * width + 2 * mlp),
                _in(_SINGLE_OUTPUT, width + mlp),
                _out("^double_blocks.N.img_mlp.0", 2 * mlp),
                # 3072 is Flux.1's width, too.
                *([] if width == 3072 else [_in(_BFL_INPUT, width), _in(_SINGLE_INPUT, width)]),
            ),
        ),
        Signature(
            family,
            (("^double_blocks.N.", "^single_blocks.N."),),
            (*_NO_FLUX, "img_mod", "^single_blocks.N.modulation", "^txt_in", "^vector_in"),
            exactly={"double_blocks": double, "single_blocks": single},
            unlike=(_out(_SINGLE_INPUT, 21504), _in(_SINGLE_OUTPUT, 15360)),
        ),
    )


SIGNATURES: tuple[Signature, ...] = (
    Signature(
        "z-image",
        (
            ("layers.N.adaLN_modulation.0",),
            ("^layers.N.attention.to_",),
            ("control_all_x_embedder",),
            ("control_layers.N.",),
            ("cap_pad_token", "x_pad_token"),
        ),
        (*_NO_NEXT_DIT, "layers.N.adaLN_modulation.1", "time_caption_embed", "adaln_proj"),
        unlike=(_in("cap_embedder", 2304), _in("^layers.N.attention", 4608, 2304)),
    ),
    Signature(
        "z-image",
        _NEXT_DIT,
        (*_NO_NEXT_DIT, "layers.N.adaLN_modulation.1"),
        needs=(_in("^layers.N.attention.qkv", 3840), _in("^layers.N.feed_forward.w", 3840)),
    ),
    Signature(
        "lumina2",
        (("layers.N.adaLN_modulation.1",), ("time_caption_embed", "noise_refiner.N.")),
        (*_NO_NEXT_DIT, "layers.N.adaLN_modulation.0", "image_index_embedding"),
    ),
    Signature(
        "lumina2",
        (*_NEXT_DIT, ("cap_embedder",)),
        (*_NO_NEXT_DIT, "layers.N.adaLN_modulation.0", "x_pad_token"),
        needs=(
            _in("cap_embedder", 2304),
            _in("^layers.N.attention.qkv", 2304),
            _in("^layers.N.feed_forward.w", 2304),
        ),
    ),
    Signature(
        "lumina2",
        (("^layers.N.attn.to_",), ("^layers.N.feed_forward.linear_1",)),
        needs=(_in("^layers.N.attn.to_q", 2304), _in("^layers.N.feed_forward.linear_", 2304)),
    ),
    Signature(
        "flux",
        (
            *_BFL_BLOCKS,
            ("^single_transformer_blocks.N.",),
            ("^transformer_blocks.N.attn.", "controlnet_x_embedder"),
        ),
        (*_NO_FLUX, "img_mlp.net", "txt_norm"),
        unlike=(
            _in("^txt_in", 3584),
            _in("^context_embedder", 3584, 2048),
            _in(_BFL_INPUT, 2048, 3584, 4096, 6144),
            _in(_SINGLE_INPUT, 2048, 3584, 4096, 6144),
            _out(_SINGLE_INPUT, 27648, 36864, 55296),
            _in(_SINGLE_OUTPUT, 12288, 16384, 24576),
            _in("^single_transformer_blocks.N.attn.to_q", 3584, 4096, 6144),
            _in("^transformer_blocks.N.attn.to_q", 1536, 2432, 3584, 4096, 6144),
            _out("^double_blocks.N.img_mlp.0", 18432, 24576, 36864),
            _in("^double_blocks.N.img_mlp.2", 9216, 18432),
        ),
        last={"double_blocks": 18, "single_blocks": 37, "transformer_blocks": 18},
        never=(
            *(*_LONGCAT, *_OVIS),
            *({"double_blocks": one, "single_blocks": other} for one, other in _FLUX2.values()),
        ),
    ),
    Signature("chroma", (("distilled_guidance_layer",), ("nerf_image_embedder",))),
    Signature(
        "flux2",
        _MODULATED,
    ),
    *_flux2("flux2-klein-4b", 3072, 7680),
    *_flux2("flux2-klein-9b", 4096, 12288),
    *_flux2("flux2-dev", 6144, 15360),
    Signature("flux3", (("early_stream_modulations",), ("mode_blocks.",))),
    Signature(
        "qwen-image",
        (
            ("transformer_blocks.N.attn.add_k_proj", "transformer_blocks.N.img_mlp.net"),
            ("transformer_blocks.N.attn.add_qkv_proj", "transformer_blocks.N.img_mlp.net"),
            ("transformer_blocks.N.img_mlp.net",),
            ("transformer_blocks.N.img_mod.1",),
            ("time_text_embed", "^img_in", "transformer_blocks.N.attn.add_"),
        ),
        ("img_mlp.experts", "encoder_proj", "txt_in.text_norm", "norm1_context"),
    ),
    Signature(
        "qwen-image",
        (("transformer_blocks.N.attn.to_",), ("transformer_blocks.N.attn.add_",)),
        ("single_transformer_blocks", "norm1_context", "img_mlp.experts", "=attn1", "ff.gate"),
        needs=(
            _in("^transformer_blocks.N.attn.to_q", 3072),
            _in("^transformer_blocks.N.attn.to_k", 3072),
            _in("^transformer_blocks.N.attn.to_v", 3072),
            _in("^transformer_blocks.N.attn.add_", 3072),
        ),
        exactly={"transformer_blocks": 59},
    ),
    Signature("qwen-image-2.1", (("txt_in.text_norm",), ("img_mlp.gate_layer",))),
    Signature(
        "krea2",
        (
            ("txtfusion.",),
            ("text_fusion.",),
            ("blocks.N.attn.gate",),
            ("transformer_blocks.N.attn.to_gate",),
        ),
        ("img_mlp",),
    ),
    Signature("anima", (("llm_adapter.",),)),
    Signature(
        "cosmos",
        (("t_embedder.1.linear_",), ("time_embed.t_embedder",), ("blocks.block0.",)),
        ("llm_adapter.",),
    ),
    Signature(
        "sd3",
        (
            ("joint_blocks.N.",),
            ("^lora_te3_", "^lora_te2_"),
            ("^transformer_blocks.N.norm1_context",),
            ("controlnet_blocks", "pos_embed_input"),
        ),
        (
            *("single_transformer_blocks", "double_blocks", "img_mlp", "=attn1"),
            *("time_guidance_embed", "token_refiner", "controlnet_x_embedder", "^patch_embed."),
        ),
        unlike=(_in("^transformer_blocks.N.attn.to_q", 3072, 3584),),
    ),
    Signature(
        "sd3",
        (("^transformer_blocks.N.attn.to_",), ("^transformer_blocks.N.attn.add_",)),
        ("single_transformer_blocks", "img_mlp", "=attn1", "ff.gate", "controlnet_x_embedder"),
        needs=(
            _in("^transformer_blocks.N.attn.to_q", 1536, 2432),
            _in("^transformer_blocks.N.attn.to_k", 1536, 2432),
            _in("^transformer_blocks.N.attn.to_v", 1536, 2432),
            _in("^transformer_blocks.N.attn.add_", 1536, 2432),
        ),
        last={"transformer_blocks": 37},
    ),
    Signature(
        "hidream",
        (("double_stream_blocks.N.",), ("single_stream_blocks.N.",), ("caption_projection.0.",)),
        ("single_transformer_blocks",),
    ),
    Signature(
        "auraflow",
        (
            ("joint_transformer_blocks.N.",),
            ("double_layers.N.", "single_layers.N."),
            ("double_layers.N.attn.w",),
            ("single_layers.N.attn.w",),
            ("cond_seq_linear",),
        ),
        ("mode_blocks",),
    ),
    Signature(
        "sana",
        (
            ("^blocks.N.cross_attn.q_linear",),
            ("attention_y_norm", "^blocks.N.attn."),
            ("transformer_blocks.N.ff.conv_inverted",),
            ("caption_norm", "caption_projection"),
        ),
        ("^blocks.N.mlp.fc", "y_embedder.y_proj.fc1_uncond", "t_block", "adaln_single"),
    ),
    Signature(
        "pixart",
        (
            ("^blocks.N.cross_attn.q_linear", "^blocks.N.mlp.fc"),
            ("adaln_single", "^pos_embed.", "transformer_blocks.N.attn1."),
        ),
        ("mlp.inverted_conv",),
    ),
    Signature("ernie", (("layers.N.adaLN_sa_ln",), ("^layers.N.self_attention.to_",))),
    Signature(
        "ideogram4",
        (
            ("embed_image_indicator",),
            ("llm_cond_proj",),
            ("^layers.N.adaln_modulation", "^layers.N.attention."),
        ),
    ),
    Signature(
        "ideogram4",
        (("^layers.N.attention.to_",), ("^layers.N.attention.qkv",)),
        ("layers.N.adaLN_modulation",),
        needs=(_in("^layers.N.attention", 4608),),
    ),
    Signature(
        "wan",
        (
            ("^head.modulation",),
            ("^blocks.N.self_attn.q.",),
            ("^blocks.N.cross_attn.k.",),
            ("^blocks.N.cross_attn.v.",),
            ("condition_embedder.", "^blocks.N.attn2."),
            ("^blocks.N.attn2.to_", "^blocks.N.ffn.net"),
        ),
        ("q_proj", "k_proj", "llm_adapter", "q_linear"),
    ),
    Signature(
        "wan",
        (("^blocks.N.attn2.to_k",),),
        ("^blocks.N.ff.",),
        needs=(_in("^blocks.N.attn2.to_", 1536, 3072, 5120),),
    ),
    Signature(
        "longcat",
        (
            *_BFL_BLOCKS,
            ("^time_embed.", "^single_transformer_blocks.N."),
        ),
        tuple(name for name in _NO_FLUX if name != "^time_embed."),
        needs=(_in("^txt_in", 3584), _in("^context_embedder", 3584)),
    ),
    *(
        Signature(family, ((f"^{double}.N.", f"^{single}.N."),), _NO_FLUX, exactly=last)
        for family, both in (("longcat", _LONGCAT), ("ovis", _OVIS))
        for last in both
        for double, single in [tuple(last)]
    ),
    Signature(
        "hunyuan-image",
        _HUNYUAN,
        ("vector_in", "vision_in", "cond_type_embedding", "motion"),
        needs=(
            _in("^double_blocks.N.img_", 3584),
            _in("^single_blocks.N.linear1", 3584),
            _in("^transformer_blocks.N.attn.to_q", 3584),
        ),
    ),
    Signature(
        "hunyuan-image",
        (("byt5_in", "img_attn_k_norm"), ("byt5_in", "^double_blocks.N.")),
        ("vector_in", "vision_in", "cond_type_embedding", "motion"),
        unlike=(_in("^double_blocks.N.img_", 2048, 3072),),
    ),
    Signature(
        "hunyuan-video",
        _HUNYUAN,
        ("byt5_in",),
        needs=(
            _in("^double_blocks.N.img_", 3072),
            _in("^single_blocks.N.linear1", 3072),
            _in("^transformer_blocks.N.attn.to_q", 3072),
        ),
    ),
    Signature(
        "hunyuan-video",
        (("individual_token_refiner", "^vector_in"), ("vision_in", "byt5_in")),
    ),
    Signature(
        "ltx-video",
        (
            ("transformer_blocks.N.attn2.", "patchify_proj"),
            ("transformer_blocks.N.attn2.", "^proj_in.", "caption_projection"),
            ("av_ca_a2v_gate_adaln_single",),
        ),
        ("pos_embed", "down_blocks", "up_blocks"),
    ),
    Signature("cascade", (("clip_txt_mapper",), ("clip_mapper", "clf."))),
)

# What a denoiser's layer may be prefixed with; the first that fits is taken away.
_PREFIXES = (
    *("lora_unet__", "lora_unet_", "lora_transformer_", "lycoris_", "base_model.model."),
    *("model.diffusion_model.", "diffusion_model.", "transformer.", "unet.", "net.", "model."),
)
_PREFIX = re.compile(r"^(?:" + "|".join(map(re.escape, _PREFIXES)) + ")", re.MULTILINE)
_NUMBER = re.compile(r"((?:blocks|layers|refiner)_)\d+(?=_)")
_DOWN = ("lora_down", "lora_A", ".down.", "lora1.down", "hada_w1_b", "lokr_w1_b")
_UP = ("lora_up", "lora_B", ".up.", "hada_w1_a")


def told_families(shapes: Mapping[str, tuple[int, ...]]) -> set[str]:
    """The families of denoisers that these tensors' names and shapes tell. Cost: some ms."""
    layers = Layers(shapes)
    told = {one.family for one in SIGNATURES if layers.show(one)}
    # A size is more than the family it is a size of.
    return {one for one in told if not any(other.startswith(f"{one}-") for other in told - {one})}


class Layers:
    """The names of a file's layers, made comparable: without prefixes, dots and block numbers."""

    def __init__(self, shapes: Mapping[str, tuple[int, ...]]) -> None:
        names = "\n".join(shapes)
        self._raw = names
        self._short = _PREFIX.sub("", names)
        flat = _NUMBER.sub(r"\1N", self._short.replace(".", "_"))
        self._plain = dict(zip(shapes, flat.split("\n"), strict=False)) if shapes else {}
        self._text = "\n" + "\n".join(dict.fromkeys(flat.split("\n"))) + "\n"
        self._shapes = shapes

    def show(self, signature: Signature) -> bool:
        """Whether all that a signature asks for is there, and nothing that speaks against it."""
        return (
            any(all(map(self._has, mark)) for mark in signature.marks)
            and not any(map(self._has, signature.without))
            and (not signature.needs or any(map(self._has_side, signature.needs)))
            and not any(map(self._has_side, signature.unlike))
            and all(self._last(name) <= most for name, most in signature.last.items())
            and self._ends(signature.exactly)
            and not any(map(self._ends, signature.never))
        )

    def _ends(self, last: Mapping[str, int]) -> bool:
        """Whether these blocks have just these highest numbers."""
        return all(self._last(name) == number for name, number in last.items())

    def _has(self, name: str) -> bool:
        if name.startswith("="):
            return name[1:] in self._raw
        return _plain(name) in self._text

    def _has_side(self, side: Side) -> bool:
        return any(number in side.numbers for number in self._sides(side))

    def _sides(self, side: Side) -> Iterator[int]:
        wanted = _plain(side.name)
        for name, shape in self._shapes.items():
            if shape and wanted in f"\n{self._plain[name]}" and _given(name) in {side.of, "both"}:
                # A norm has one side.
                yield shape[0] if side.of == "out" else shape[min(1, len(shape) - 1)]

    def _last(self, blocks: str) -> int:
        """The highest number of these blocks; -1 where there are none."""
        found = re.findall(rf"^{blocks}[._](\d{{1,4}})[._]", self._short, re.MULTILINE)
        return max(map(int, found), default=-1)


def _plain(name: str) -> str:
    return name.replace("^", "\n").replace(".", "_")


def _given(name: str) -> str:
    """Which sides of its layer a tensor shows: "in", "out" or "both"."""
    if any(mark in name for mark in _DOWN):
        return "in"
    if any(mark in name for mark in _UP):
        return "out"
    return "both" if name.endswith((".weight", ".diff")) else ""
