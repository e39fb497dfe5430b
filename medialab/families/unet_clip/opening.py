"""Loading of checkpoints with a UNet and CLIP, and of their ControlNets."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medialab.errors import ModelRefusedError
from medialab.families.opening import EncoderFile, Listed, Missing
from medialab.families.unet_clip.part_configs import (
    ControlNetConfig,
    TextConfig,
    UNetConfig,
    clip_tokenizer,
)
from medialab.families.unet_clip.single_files import (
    SHARED_TOKENIZER,
    SingleFile,
    absent_vae,
    load_single_controlnet,
    load_single_file,
)
from medialab.files.diffusers_folders import load_folder, load_network
from medialab.files.folder_parts import FolderParts, check_parts
from medialab.files.headers import Header
from medialab.files.part_configs import check_network, read_json
from medialab.files.predictions import FLOW, training_of_scheduler
from medialab.files.vae_configs import VAE_CONFIGS

if TYPE_CHECKING:
    import torch

# The class of the supported ControlNets.
CONTROLNET_CLASS = "ControlNetModel"
# Part of a pipeline's name -> the unsupported purpose of its denoiser, which looks like ours.
_MADE_FOR_OTHERS: Mapping[str, str] = {
    "LatentUpscale": "enlarging latents",
    "Marigold": "estimating depth, normals or materials",
    "UnCLIP": "varying a picture",
    "ImageVariation": "varying a picture",
    "PaintByExample": "painting by an example picture",
    "LDM3D": "pictures with depth",
    "GLIGEN": "placing things in boxes",
}
PARTS = FolderParts(
    networks={
        "unet": {"UNet2DConditionModel": UNetConfig},
        "vae": VAE_CONFIGS,
        "text_encoder": {"CLIPTextModel": TextConfig},
        "text_encoder_2": {"CLIPTextModelWithProjection": TextConfig},
    },
    tokenizers={
        "tokenizer": clip_tokenizer("text_encoder"),
        "tokenizer_2": clip_tokenizer("text_encoder_2"),
    },
    required=("unet", "vae"),
    made_for_others=_MADE_FOR_OTHERS,
)


@dataclass(frozen=True)
class UNetClipOpening:
    """A loader of a family's folders and single files.

    Attributes:
        single_file: The layout of its single files; without it they are refused.
        controlnet_files: Whether models/configs has the config of its ControlNets.
        parts: The components of its folders.
        controlnet_class: The diffusers class of its ControlNets.
        encoder_files: None: its single files have their text encoders inside.
    """

    single_file: SingleFile | None = None
    controlnet_files: bool = False
    parts: FolderParts = PARTS
    controlnet_class: str = CONTROLNET_CLASS
    encoder_files: Mapping[str, EncoderFile] = field(default_factory=dict)

    @property
    def networks(self) -> Iterable[str]:
        """The names of a folder's components that have weights."""
        return self.parts.networks

    def check_folder(self, folder: Path) -> None:
        """Refuse a checkpoint's folder that `folder` would refuse, by its headers and configs."""
        check_parts(folder, self.parts)
        trained = training_of_scheduler(read_json(folder / "scheduler" / "scheduler_config.json"))
        if trained.prediction_type == FLOW:
            message = "its scheduler is one of flow matching, which no sampler here knows"
            raise ModelRefusedError(message)

    def folder(self, folder: Path, dtype: "torch.dtype") -> Any:
        """Load the pipeline of a checkpoint's folder."""
        return load_folder(folder, dtype, self.parts)

    def missing(self, header: Header) -> Missing | None:  # noqa: ARG002
        """Return None: only the VAE may be missing, which the kind of the file says."""
        return None

    def stored(self, header: Header) -> str:  # noqa: ARG002
        """Return "": all weights become numbers."""
        return ""

    def file(
        self,
        info: Listed,
        dtype: "torch.dtype",
        configs: Path,
        encoders: Sequence[Listed] = (),  # noqa: ARG002 - they are inside
    ) -> Any:
        """Load the pipeline of a single file; `configs` is the family's folder of configs."""
        if self.single_file is None:
            raise ModelRefusedError(f"no single file of family {info.family} is opened")
        return load_single_file(info, self.single_file, dtype, configs)

    def tokenizer(self, path: Path, configs: Path) -> Path:
        """Return the folder of a checkpoint's tokenizer; single files share one."""
        own = path / "tokenizer"
        return own if own.is_dir() else configs.parent / SHARED_TOKENIZER

    def absent_vae(self, configs: Path) -> Any:
        """Return a VAE without weights, in place of one that a file lacks."""
        return absent_vae(configs)

    def check_controlnet(self, folder: Path) -> None:
        """Refuse a ControlNet's folder that `controlnet` would refuse."""
        name = str(read_json(folder / "config.json").get("_class_name"))
        if name != self.controlnet_class:
            message = f"it is a {name}; those that are opened: {self.controlnet_class}"
            raise ModelRefusedError(message)
        check_network(folder, ControlNetConfig)

    def controlnet(self, folder: Path, dtype: "torch.dtype") -> Any:
        """Load the ControlNet of a folder."""
        self.check_controlnet(folder)
        return load_network(folder, self.controlnet_class, dtype)

    def controlnet_file(self, path: Path, dtype: "torch.dtype", configs: Path) -> Any:
        """Load the ControlNet of a single file, with the family's config."""
        return load_single_controlnet(path, configs / "controlnet", dtype)
