"""The interface that loads a family's files, and the facts of a listed model that it needs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from medialab.files.headers import Header

if TYPE_CHECKING:
    import torch


class Listed(Protocol):
    """A model's facts in the listing (`medialab.listing.info.ModelInfo`)."""

    def __hash__(self) -> int:
        """Return a hash that stays the same as long as the file does."""

    @property
    def name(self) -> str:
        """Its name in the listing."""

    @property
    def family(self) -> str:
        """The name of its family."""

    @property
    def variant(self) -> str:
        """What it is made for; of a text encoder, its width: "2560 wide"."""

    @property
    def path(self) -> Path:
        """Its file or folder."""

    @property
    def prediction_type(self) -> str:
        """Its denoiser's prediction type: epsilon, v_prediction or flow; "" if unknown."""

    @property
    def zero_terminal_snr(self) -> bool:
        """Whether it was trained with zero terminal SNR: the last timestep is pure noise."""

    @property
    def lacks_vae(self) -> bool:
        """Whether it has no VAE of its own."""


@dataclass(frozen=True)
class EncoderFile:
    """A text encoder that a family's checkpoints may have in a file of its own.

    Attributes:
        family: The family of encoders.
        width: The numbers in each token's vector.
        class_name: The class in transformers.
        left_out: Names of its tensors that the class has no place for.
        places: Beginnings of its tensors' names, and those that the class has in their place.
    """

    family: str
    width: int
    class_name: str
    left_out: tuple[str, ...] = ()
    places: Mapping[str, str] = field(default_factory=dict, hash=False)

    def fits(self, family: str, variant: str) -> bool:
        """Return whether a listed text encoder of that family and variant is such a one."""
        return (family, variant) == (self.family, f"{self.width} wide")

    def __str__(self) -> str:
        """Return it in words."""
        return f"{self.family} of width {self.width}"


class Missing(NamedTuple):
    """What a single file needs from other files: its VAE, and components of text encoders."""

    vae: bool
    encoders: tuple[str, ...]


class Opening(Protocol):
    """A family's loader of files, without network access; loading runs inside `files.opening`.

    The argument `configs` is the family's folder in models/configs. All methods raise
    ModelRefusedError for files that they cannot load.
    """

    @property
    def networks(self) -> Iterable[str]:
        """The names of a folder's components that have weights."""

    @property
    def controlnet_class(self) -> str:
        """The diffusers class of the supported ControlNets."""

    @property
    def controlnet_files(self) -> bool:
        """Whether ControlNets in a single file are supported."""

    def check_folder(self, folder: Path) -> None:
        """Refuse a checkpoint's folder that `folder` would refuse, by its headers and configs."""

    def folder(self, folder: Path, dtype: "torch.dtype") -> Any:
        """Load the pipeline of a checkpoint's folder."""

    @property
    def encoder_files(self) -> Mapping[str, EncoderFile]:
        """The text encoders that a single file may lack, by component; empty if it must not."""

    def missing(self, header: Header) -> Missing | None:
        """Return what a single file needs from others; None if files of the family are whole."""

    def stored(self, header: Header) -> str:
        """Return how a single file stores its denoiser's weights, if they stay so in memory.

        Returns:
            The formats in words, such as "fp8 e4m3 with scales"; "" if they become numbers.
        """

    def file(
        self, info: Listed, dtype: "torch.dtype", configs: Path, encoders: Sequence[Listed] = ()
    ) -> Any:
        """Load the pipeline of a single file.

        Args:
            info: The file's facts.
            dtype: The weights' dtype. A network may be left in another one that all of its weights
                have: who calls this converts it.
            configs: The family's folder of configs.
            encoders: The files of the text encoders that it lacks.
        """

    def tokenizer(self, path: Path, configs: Path) -> Path:
        """Return the folder of the tokenizer of the checkpoint at `path`."""

    def absent_vae(self, configs: Path) -> Any:
        """Return a VAE without weights, in place of one that a file lacks."""

    def check_controlnet(self, folder: Path) -> None:
        """Refuse a ControlNet's folder that `controlnet` would refuse."""

    def controlnet(self, folder: Path, dtype: "torch.dtype") -> Any:
        """Load the ControlNet of a folder."""

    def controlnet_file(self, path: Path, dtype: "torch.dtype", configs: Path) -> Any:
        """Load the ControlNet of a single file."""
