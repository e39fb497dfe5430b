"""LoRAs for SD3 and SD3.5: its layers' names in the original code.

Source: diffusers loaders/single_file_utils.py convert_sd3_transformer_checkpoint_to_diffusers;
kohya's sd-scripts networks/lora_sd3.py for the text encoders' prefixes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from medialab.families.flow.lora import PART, TransformerLoRAs, rows_of
from medialab.families.lora_rows import Rows, swapped

_BLOCK, _TIME = "transformer_blocks.N", "time_text_embed"
_PICTURE, _TEXT = "joint_blocks.N.x_block", "joint_blocks.N.context_block"
_CONTEXT = "norm1_context.linear"


@dataclass(frozen=True)
class SD3LoRAs(TransformerLoRAs):
    """The names of SD3's layers; in its last block, the text's modulation is halved."""

    def other_names(self, part: str, path: str, network: Any) -> Iterator[str]:
        """Yield the original names of a whole layer."""
        if part == PART and path.endswith(_CONTEXT) and not _is_last(path, network):
            yield f"joint_blocks.{path.split('.')[1]}.context_block.adaLN_modulation.1"
        yield from super().other_names(part, path, network)

    def in_joined(self, part: str, path: str, network: Any) -> Iterator[tuple[str, Rows]]:
        """Yield the original names of layers of which a module has some rows, and which."""
        if part == PART and path.endswith(_CONTEXT) and _is_last(path, network):
            name = f"joint_blocks.{path.split('.')[1]}.context_block.adaLN_modulation.1"
            yield name, swapped(rows_of(network.get_submodule(path)))
        yield from super().in_joined(part, path, network)


def _is_last(path: str, network: Any) -> bool:
    return int(path.split(".")[1]) == len(network.transformer_blocks) - 1


LORAS = SD3LoRAs(
    names={
        "x_embedder.proj": "pos_embed.proj",
        "t_embedder.mlp.0": f"{_TIME}.timestep_embedder.linear_1",
        "t_embedder.mlp.2": f"{_TIME}.timestep_embedder.linear_2",
        "y_embedder.mlp.0": f"{_TIME}.text_embedder.linear_1",
        "y_embedder.mlp.2": f"{_TIME}.text_embedder.linear_2",
        f"{_PICTURE}.adaLN_modulation.1": f"{_BLOCK}.norm1.linear",
        f"{_PICTURE}.attn.proj": f"{_BLOCK}.attn.to_out.0",
        f"{_PICTURE}.attn2.proj": f"{_BLOCK}.attn2.to_out.0",
        f"{_PICTURE}.mlp.fc1": f"{_BLOCK}.ff.net.0.proj",
        f"{_PICTURE}.mlp.fc2": f"{_BLOCK}.ff.net.2",
        f"{_TEXT}.attn.proj": f"{_BLOCK}.attn.to_add_out",
        f"{_TEXT}.mlp.fc1": f"{_BLOCK}.ff_context.net.0.proj",
        f"{_TEXT}.mlp.fc2": f"{_BLOCK}.ff_context.net.2",
        "final_layer.linear": "proj_out",
    },
    joined={
        f"{_PICTURE}.attn.qkv": tuple(f"{_BLOCK}.attn.to_{one}" for one in "qkv"),
        f"{_PICTURE}.attn2.qkv": tuple(f"{_BLOCK}.attn2.to_{one}" for one in "qkv"),
        f"{_TEXT}.attn.qkv": tuple(f"{_BLOCK}.attn.add_{one}_proj" for one in "qkv"),
    },
    halved={"final_layer.adaLN_modulation.1": "norm_out.linear"},
    texts={
        "lora_te1_": "text_encoder",
        "lora_te2_": "text_encoder_2",
        "lora_te3_": "text_encoder_3",
        "text_encoder_3.": "text_encoder_3",
        "text_encoder_2.": "text_encoder_2",
        "text_encoder.": "text_encoder",
        "text_encoders.clip_l.transformer.": "text_encoder",
        "text_encoders.clip_g.transformer.": "text_encoder_2",
        "text_encoders.t5xxl.transformer.": "text_encoder_3",
    },
    bare=("joint_blocks.", "transformer_blocks."),
    # SD3.5 Large; SD3 and SD3.5 Medium.
    blocks=({"transformer_blocks": 38}, {"transformer_blocks": 24}),
)
