"""Loading of Z-Image checkpoints from diffusers folders."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from medialab.errors import ModelRefusedError
from medialab.families.opening import Listed
from medialab.files.diffusers_folders import load_folder
from medialab.files.folder_parts import FolderParts, check_parts
from medialab.files.part_configs import (
    LARGEST_TOKENIZER,
    Count,
    Layers,
    Number,
    PartConfig,
    Shapes,
    as_many,
    damaged,
    read_json,
    same,
)
from medialab.files.vae_configs import VAEConfig

if TYPE_CHECKING:
    import torch

# The most unused tokens at the end of a language model's vocabulary, whose size is rounded up.
_SPARE_TOKENS = 1024
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


class FlowConfig(PartConfig):
    """The config of a diffusers scheduler for flow matching."""

    num_train_timesteps: Annotated[int, Field(strict=True, ge=50, le=10_000)]
    shift: Number
    use_dynamic_shifting: bool = False


class LanguageModelConfig(PartConfig):
    """The config of transformers' Qwen3Model."""

    hidden_size: Count
    intermediate_size: Count
    num_hidden_layers: Layers
    num_attention_heads: Count
    num_key_value_heads: Count
    head_dim: Count
    vocab_size: Annotated[int, Field(strict=True, ge=1, le=10_000_000)]
    rms_norm_eps: Number

    def check_weights(self, shapes: Shapes) -> None:
        """Raise ValueError where the weights are of another size."""
        vocabulary = (self.vocab_size, self.hidden_size)
        same("vocab_size and hidden_size", shapes, "embed_tokens.weight", vocabulary)
        as_many("num_hidden_layers", shapes, "layers.", self.num_hidden_layers)


def check_tokenizer(folder: Path, vocabulary: int | None) -> None:
    """Refuse a tokenizer's folder without a vocabulary, or with one that does not fit the model.

    Args:
        folder: The tokenizer's folder.
        vocabulary: The size of the language model's vocabulary, if it is known.

    Raises:
        ModelRefusedError: a file is missing or damaged.
    """
    read_json(folder / "tokenizer_config.json")
    words = folder / "tokenizer.json"
    model = read_json(words, LARGEST_TOKENIZER).get("model")
    if not isinstance(model, dict) or not isinstance(model.get("vocab"), dict):
        raise damaged(words, "holds no vocabulary")
    count = len(model["vocab"])
    if vocabulary is not None and not vocabulary - _SPARE_TOKENS <= count <= vocabulary:
        message = f"has {count} words, where the text encoder knows {vocabulary}"
        raise damaged(words, message)


_PARTS = FolderParts(
    networks={
        "transformer": {"ZImageTransformer2DModel": TransformerConfig},
        "vae": {"AutoencoderKL": VAEConfig},
        "text_encoder": {"Qwen3Model": LanguageModelConfig},
    },
    tokenizers={"tokenizer": "text_encoder"},
    tokenizer_classes=("Qwen2Tokenizer", "Qwen2TokenizerFast"),
    check_tokenizer=check_tokenizer,
    required=("transformer", "vae", "text_encoder"),
    scheduler=FlowConfig,
    made_for_others={"Omni": "editing by pictures", "Inpaint": "inpainting"},
)
_NO_CONTROL = "ControlNets of Z-Image are not followed yet"


class ZImageOpening:
    """A loader of checkpoint folders; single files and ControlNets are not supported yet."""

    controlnet_class = "ZImageControlNetModel"
    controlnet_files = False
    networks: Iterable[str] = tuple(_PARTS.networks)

    def check_folder(self, folder: Path) -> None:
        """Refuse a checkpoint's folder that `folder` would refuse, by its headers and configs."""
        check_parts(folder, _PARTS)

    def folder(self, folder: Path, dtype: "torch.dtype") -> Any:
        """Load the pipeline of a checkpoint's folder."""
        return load_folder(folder, dtype, _PARTS)

    def file(self, info: Listed, dtype: "torch.dtype", configs: Path) -> Any:  # noqa: ARG002
        """Refuse a single file."""
        raise ModelRefusedError(f"single files of {info.family} are not opened yet; get the folder")

    def tokenizer(self, path: Path, configs: Path) -> Path:  # noqa: ARG002 - of a single file
        """Return the folder of a checkpoint's tokenizer."""
        return path / "tokenizer"

    def absent_vae(self, configs: Path) -> Any:  # noqa: ARG002
        """Refuse a checkpoint without a VAE: every folder has one."""
        raise ModelRefusedError("it lacks its VAE; copy the model again")

    def check_controlnet(self, folder: Path) -> None:  # noqa: ARG002
        """Refuse a ControlNet's folder."""
        raise ModelRefusedError(_NO_CONTROL)

    def controlnet(self, folder: Path, dtype: "torch.dtype") -> Any:  # noqa: ARG002
        """Refuse to load a ControlNet's folder."""
        raise ModelRefusedError(_NO_CONTROL)

    def controlnet_file(self, path: Path, dtype: "torch.dtype", configs: Path) -> Any:  # noqa: ARG002
        """Refuse a ControlNet's single file."""
        raise ModelRefusedError(_NO_CONTROL)
