"""The components of Z-Image checkpoints, and the schema of the transformer's config."""

from typing import Annotated

from pydantic import Field

from medialab.families.flow.opening import FlowOpening
from medialab.families.flow.part_configs import FlowConfig, LanguageModelConfig, qwen_tokenizer
from medialab.families.flow.single_files import FlowFiles
from medialab.families.opening import EncoderFile
from medialab.families.z_image.control_files import load_control_file
from medialab.files.folder_parts import FolderParts
from medialab.files.part_configs import (
    Count,
    Layers,
    Number,
    PartConfig,
    Shapes,
    as_many,
    same,
)
from medialab.files.vae_configs import VAEConfig

_Theta = Annotated[float, Field(strict=True, gt=0, allow_inf_nan=False)]


class TransformerConfig(PartConfig):
    """The config of diffusers' ZImageTransformer2DModel."""

    in_channels: Count
    dim: Count
    n_layers: Layers
    n_refiner_layers: Layers
    n_heads: Count
    n_kv_heads: Count
    cap_feat_dim: Count
    all_patch_size: list[Count]
    all_f_patch_size: list[Count]
    axes_dims: list[Count]
    axes_lens: list[Count]
    norm_eps: Number
    qk_norm: bool
    rope_theta: _Theta
    t_scale: Number

    def check_weights(self, shapes: Shapes) -> None:
        """Raise ValueError where the weights are of another size."""
        same("cap_feat_dim", shapes, "cap_embedder.0.weight", (self.cap_feat_dim,))
        same("dim", shapes, "x_pad_token", (1, self.dim))
        as_many("n_layers", shapes, "layers.", self.n_layers)
        as_many("n_refiner_layers", shapes, "noise_refiner.", self.n_refiner_layers)


class ControlNetConfig(PartConfig):
    """The config of diffusers' ZImageControlNetModel."""

    control_layers_places: list[Annotated[int, Field(strict=True, ge=0, le=1_000)]] = Field(
        min_length=1
    )
    control_in_dim: Count
    dim: Count
    n_heads: Count
    n_refiner_layers: Layers

    def check_weights(self, shapes: Shapes) -> None:
        """Raise ValueError where the weights are of another size."""
        patch = (self.dim, 4 * self.control_in_dim)
        same("dim and control_in_dim", shapes, "control_all_x_embedder.2-1.weight", patch)
        as_many("control_layers_places", shapes, "control_layers.", len(self.control_layers_places))


OPENING = FlowOpening(
    title="Z-Image",
    parts=FolderParts(
        networks={
            "transformer": {"ZImageTransformer2DModel": TransformerConfig},
            "vae": {"AutoencoderKL": VAEConfig},
            "text_encoder": {"Qwen3Model": LanguageModelConfig},
        },
        tokenizers={"tokenizer": qwen_tokenizer("text_encoder")},
        required=("transformer", "vae", "text_encoder"),
        scheduler=FlowConfig,
        made_for_others={"Omni": "editing by pictures", "Inpaint": "inpainting"},
    ),
    files=FlowFiles(
        denoiser=("transformer", "ZImageTransformer2DModel"),
        encoders={"text_encoder": EncoderFile("qwen3", 2560, "Qwen3Model")},
        tokenizers={"tokenizer": ("Qwen2Tokenizer", "qwen3-tokenizer")},
    ),
    controlnet_class="ZImageControlNetModel",
    controlnet_config=ControlNetConfig,
    load_controlnet_file=load_control_file,
)
