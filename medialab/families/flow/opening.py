"""Loading of checkpoints whose denoiser is a flow-matching transformer."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medialab.errors import ModelRefusedError
from medialab.families.flow.networks import absent_network
from medialab.families.flow.single_files import FlowFiles, load_flow_file, missing_from, stored_in
from medialab.families.opening import EncoderFile, Listed, Missing
from medialab.files.diffusers_folders import load_folder, load_network
from medialab.files.folder_parts import FolderParts, check_parts
from medialab.files.headers import Header
from medialab.files.part_configs import PartConfig, check_network, read_json

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class FlowOpening:
    """A loader of a family's folders and single files, and of its ControlNets if it has any.

    Attributes:
        title: The family's name in messages, as its makers write it.
        parts: The components of its folders.
        files: The layout of its single files; without it they are refused.
        controlnet_class: The diffusers class of its ControlNets.
        controlnet_config: The schema of their configs; without it, none is loaded.
        load_controlnet_file: Loads one from a single file, by path and dtype; without it, single
            files are refused.
    """

    title: str
    parts: FolderParts
    files: FlowFiles | None = None
    controlnet_class: str = ""
    controlnet_config: type[PartConfig] | None = None
    load_controlnet_file: "Callable[[Path, torch.dtype], Any] | None" = None

    @property
    def controlnet_files(self) -> bool:
        """Whether ControlNets in a single file are supported."""
        return self.load_controlnet_file is not None

    @property
    def networks(self) -> Iterable[str]:
        """The names of a folder's components that have weights."""
        return self.parts.networks

    def check_folder(self, folder: Path) -> None:
        """Refuse a checkpoint's folder that `folder` would refuse, by its headers and configs."""
        check_parts(folder, self.parts)

    def folder(self, folder: Path, dtype: "torch.dtype") -> Any:
        """Load the pipeline of a checkpoint's folder."""
        return load_folder(folder, dtype, self.parts)

    @property
    def encoder_files(self) -> Mapping[str, EncoderFile]:
        """The text encoders that a single file may lack, by component."""
        return self.files.encoders if self.files is not None else {}

    def missing(self, header: Header) -> Missing | None:
        """Return what a single file needs from others."""
        return missing_from(header, self.files) if self.files is not None else None

    def stored(self, header: Header) -> str:
        """Return how a single file stores its denoiser's weights, if they stay so in memory."""
        return stored_in(header) if self.files is not None else ""

    def file(
        self, info: Listed, dtype: "torch.dtype", configs: Path, encoders: Sequence[Listed] = ()
    ) -> Any:
        """Load the pipeline of a single file."""
        return load_flow_file(info.path, self._files(), dtype, configs, encoders)

    def tokenizer(self, path: Path, configs: Path) -> Path:
        """Return the folder of a checkpoint's first tokenizer; single files share one."""
        name = next(iter(self.parts.tokenizers))
        own = path / name
        if own.is_dir() or self.files is None:
            return own
        return configs.parent / self.files.tokenizers[name][1]

    def absent_vae(self, configs: Path) -> Any:
        """Return a VAE without weights, in place of one that a file lacks."""
        return absent_network(self._files().vae, configs / "vae")

    def check_controlnet(self, folder: Path) -> None:
        """Refuse a ControlNet's folder that `controlnet` would refuse."""
        if self.controlnet_config is None:
            raise self._no_control()
        name = str(read_json(folder / "config.json").get("_class_name"))
        if name != self.controlnet_class:
            message = f"it is a {name}; those that are opened: {self.controlnet_class}"
            raise ModelRefusedError(message)
        check_network(folder, self.controlnet_config)

    def controlnet(self, folder: Path, dtype: "torch.dtype") -> Any:
        """Load the ControlNet of a folder."""
        self.check_controlnet(folder)
        return load_network(folder, self.controlnet_class, dtype)

    def controlnet_file(self, path: Path, dtype: "torch.dtype", configs: Path) -> Any:  # noqa: ARG002
        """Load the ControlNet of a single file."""
        if self.load_controlnet_file is None:
            raise self._no_control()
        return self.load_controlnet_file(path, dtype)

    def _files(self) -> FlowFiles:
        if self.files is None:
            raise ModelRefusedError(f"single files of {self.title} are not opened; get the folder")
        return self.files

    def _no_control(self) -> ModelRefusedError:
        return ModelRefusedError(f"ControlNets of {self.title} are not followed yet")
