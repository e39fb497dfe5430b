"""How a family's files become networks: the interface, and what it is told of a model."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import torch


class Listed(Protocol):
    """What the listing tells of a model (`medialab.listing.info.ModelInfo`)."""

    def __hash__(self) -> int:
        """Return the same for the same file as it is now."""

    @property
    def name(self) -> str:
        """Its name in the listing."""

    @property
    def family(self) -> str:
        """The name of its family."""

    @property
    def path(self) -> Path:
        """Its file or folder."""

    @property
    def prediction_type(self) -> str:
        """What its denoiser predicts."""

    @property
    def zero_terminal_snr(self) -> bool:
        """Whether its noise ends in pure noise."""

    @property
    def lacks_vae(self) -> bool:
        """Whether it holds no VAE of its own."""


class Opening(Protocol):
    """How a family's files become networks, offline. What loads is called within `files.opening`.

    `configs` is the family's folder of models/configs; all raise ModelRefusedError.
    """

    @property
    def networks(self) -> Iterable[str]:
        """The names of a folder's parts that have weights."""

    @property
    def controlnet_class(self) -> str:
        """The class of the ControlNets that are opened."""

    @property
    def controlnet_files(self) -> bool:
        """Whether ControlNets in a single file are opened."""

    def check_folder(self, folder: Path) -> None:
        """Refuse a checkpoint's folder that `folder` would refuse; its headers alone are read."""

    def folder(self, folder: Path, dtype: "torch.dtype") -> Any:
        """Return the pipeline of a checkpoint's folder."""

    def file(self, info: Listed, dtype: "torch.dtype", configs: Path) -> Any:
        """Return the pipeline of a single file."""

    def tokenizer(self, path: Path, configs: Path) -> Path:
        """Return the folder of the tokenizer of the checkpoint at `path`."""

    def absent_vae(self, configs: Path) -> Any:
        """Return a VAE without weights, in place of one that a file does not hold."""

    def check_controlnet(self, folder: Path) -> None:
        """Refuse a ControlNet's folder that `controlnet` would refuse."""

    def controlnet(self, folder: Path, dtype: "torch.dtype") -> Any:
        """Return the ControlNet of a folder."""

    def controlnet_file(self, path: Path, dtype: "torch.dtype", configs: Path) -> Any:
        """Return the ControlNet of a single file."""
