"""A folder with models: where each kind lies in it, and how its models are named.

Every program has its own layout. What lies in another program's folder is only read.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple, Protocol, Self

from medialab.files.hashes import Stamp
from medialab.listing.folders import candidates
from medialab.listing.info import FURTHER_FOLDERS, KIND_FOLDERS

# The folders that a scan searched, each with its stamp from before, or None if a later change might
# not show in it.
Entered = dict[Path, Stamp | None]


class Candidate(NamedTuple):
    """A file or folder that may be a model.

    Attributes:
        path: The file or folder.
        folders: The folders in its full name, such as "comfyui/styles"; "" if there are none.
        fault: Why it cannot be read; None if it can.
        name: Its name, if that is not its file's.
    """

    path: Path
    folders: str = ""
    fault: OSError | None = None
    name: str = ""


class ModelsFolder(Protocol):
    """A folder with models, of any layout."""

    @property
    def name(self) -> str:
        """The name that its models' full names begin with; "" for the studio's first folder."""

    @property
    def path(self) -> Path:
        """The folder."""

    @property
    def program(self) -> str:
        """The program that it belongs to, such as "ComfyUI"; "" if it is the studio's."""

    @property
    def trusted(self) -> tuple[Path, ...]:
        """The folders that links of models may lead into, without links themselves."""

    def candidates(self, kind: str, entered: Entered) -> Iterator[Candidate]:
        """Yield everything that may be a model of a kind.

        Args:
            kind: The kind of model.
            entered: Gets the folders that are searched.
        """

    def renamed(self, name: str) -> Self:
        """Return the folder with another name."""


@dataclass(frozen=True)
class FolderOfKinds:
    """A folder with one or more folders for each kind of model.

    Attributes:
        name: As in `ModelsFolder`.
        path: As in `ModelsFolder`.
        places: The folders of each kind.
        program: As in `ModelsFolder`.
        trusted: As in `ModelsFolder`.
        vaes_among_checkpoints: Whether files called `….vae.safetensors` there are VAEs.
    """

    name: str
    path: Path
    places: Mapping[str, tuple[Path, ...]]
    program: str
    trusted: tuple[Path, ...]
    vaes_among_checkpoints: bool = False

    def candidates(self, kind: str, entered: Entered) -> Iterator[Candidate]:
        """Yield everything that may be a model of a kind; see `ModelsFolder.candidates`."""
        for one in self._in_places(kind, kind, entered):
            if kind != "checkpoint" or not self._is_vae(one.path):
                yield one
        if kind == "vae" and self.vaes_among_checkpoints:
            for one in self._in_places("checkpoint", kind, entered):
                if self._is_vae(one.path):
                    yield one

    def renamed(self, name: str) -> Self:
        """Return the folder with another name."""
        return replace(self, name=name)

    def _in_places(self, places: str, kind: str, entered: Entered) -> Iterator[Candidate]:
        """Yield what may be a model of `kind` in the places of the kind `places`."""
        first = (self.name,) if self.name else ()
        folders: dict[Path, str] = {}
        for top in self.places.get(places, ()):
            for path, fault in candidates(top, kind, entered):
                if (parent := path.parent) not in folders:
                    folders[parent] = "/".join((*first, *parent.relative_to(top).parts))
                yield Candidate(path, folders[parent], fault)

    def _is_vae(self, path: Path) -> bool:
        return self.vaes_among_checkpoints and path.stem.lower().endswith(".vae")


def studio_folder(path: Path, name: str = "") -> FolderOfKinds:
    """Return a folder of the studio's own layout.

    Args:
        path: The folder; it need not exist.
        name: As in `ModelsFolder`.
    """
    root = path.resolve()
    places: dict[str, tuple[Path, ...]] = {}
    for folder, kind in (*KIND_FOLDERS.items(), *FURTHER_FOLDERS.items()):
        places[kind] = (*places.get(kind, ()), root / folder)
    return FolderOfKinds(name, path, places, "", (root,))
