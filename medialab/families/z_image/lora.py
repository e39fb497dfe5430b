"""LoRAs for Z-Image: its layers' names in the original code.

Source: diffusers loaders/single_file_utils.py convert_z_image_transformer_checkpoint_to_diffusers
and lora_conversion_utils.py _convert_non_diffusers_z_image_lora_to_diffusers.
"""

from collections.abc import Iterator

from medialab.families.flow.lora import TransformerLoRAs

_STACKS = ("layers", "noise_refiner", "context_refiner")


def _whole() -> Iterator[tuple[str, str]]:
    for stack in _STACKS:
        attention = f"{stack}.N.attention"
        yield f"{attention}.out", f"{attention}.to_out.0"
        yield f"{attention}.q_norm", f"{attention}.norm_q"
        yield f"{attention}.k_norm", f"{attention}.norm_k"
    yield "x_embedder", "all_x_embedder.2-1"
    for layer in ("linear", "adaLN_modulation.1"):
        yield f"final_layer.{layer}", f"all_final_layer.2-1.{layer}"


LORAS = TransformerLoRAs(
    names=dict(_whole()),
    joined={
        f"{stack}.N.attention.qkv": tuple(f"{stack}.N.attention.to_{one}" for one in "qkv")
        for stack in _STACKS
    },
    halved={},
    texts={"lora_te_": "text_encoder", "text_encoder.": "text_encoder"},
    bare=(*(f"{stack}." for stack in _STACKS), "all_", "cap_embedder.", "t_embedder."),
    # The refiners are in no block: they read the prompt and the picture, each alone.
    blocks=({"layers": 30},),
)
