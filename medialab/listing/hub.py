"""Hugging Face's cache: the models that other programs downloaded, listed where they lie.

A repository is `models--<owner>--<name>`, with `snapshots/<revision>` for each revision; its files
are links into `blobs`, of the repository or of the whole cache. The revision of the branch "main"
is listed, else the newest. A model is named as on the Hugging Face hub, "owner/name"; a single file
"owner/name/file". Repositories of other things, such as language models, are left out.

Source: huggingface_hub 2.4, file_download.py and `constants.HF_HUB_CACHE`.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

from medialab.errors import ModelRefusedError
from medialab.families import DENOISER_PARTS
from medialab.families.kinds import WITHOUT_VAE, classify, kind_of_class
from medialab.files.folder_parts import INDEX, holds_weights
from medialab.files.gguf import SUFFIX as GGUF
from medialab.files.gguf import read_gguf_header
from medialab.files.hashes import Stamp
from medialab.files.headers import read_header
from medialab.files.regular import is_folder, is_regular, read_regular
from medialab.listing.folders import files_below, read_config, stamp_of
from medialab.listing.info import FOLDER_OF_KIND, SINGLE_FILE
from medialab.listing.places import Candidate, Entered

PROGRAM, NAME = "Hugging Face", "huggingface"
_PREFIX, _SEPARATOR, _HUB = "models--", "--", "hub"
_LONGEST_REVISION = 200  # bytes; git's have 40
_CONFIG = "config.json"
# Kinds that are listed among the checkpoints, with the reason if they cannot be used.
_LISTED_AS = {"denoiser": "checkpoint", WITHOUT_VAE: "checkpoint"}


def hub_folder() -> Path:
    """Return the cache's folder, by the variables that huggingface_hub reads; it may not exist."""
    if cache := os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE"):
        return _expanded(cache)
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    home = os.environ.get("HF_HOME") or f"{base}/huggingface"
    return _expanded(home) / _HUB


def _expanded(path: str) -> Path:
    """Return a path as huggingface_hub reads it: a home folder that is not there stays as it is."""
    return Path(os.path.expandvars(os.path.expanduser(path)))  # noqa: PTH111 - Path's raises


def is_hub(path: Path) -> bool:
    """Return whether a folder is such a cache, or the folder HF_HOME with one."""
    return path == hub_folder() or any(True for _ in _repositories(_cache_in(path)))


@dataclass(frozen=True)
class HubCache:
    """A cache of Hugging Face; see `medialab.listing.places.ModelsFolder` for the attributes."""

    path: Path
    name: str = NAME
    program: str = PROGRAM
    # By file, its stamp and the kind of model in it.
    _kinds: dict[Path, tuple[Stamp, str]] = field(default_factory=dict, compare=False, repr=False)

    @property
    def trusted(self) -> tuple[Path, ...]:
        """The whole cache, whose repositories share their files."""
        return (_cache_in(self.path).resolve(),)

    def candidates(self, kind: str, entered: Entered) -> Iterator[Candidate]:
        """Yield the models of a kind; see `ModelsFolder.candidates`."""
        (cache,) = self.trusted
        _enter(cache, entered)
        for repository, name in _repositories(cache):
            try:
                snapshot = _snapshot_of(repository, entered)
                if snapshot is not None:
                    yield from self._in_snapshot(snapshot, name, kind, entered)
            except (OSError, ModelRefusedError):  # being downloaded, damaged, or far too large
                continue

    def renamed(self, name: str) -> Self:
        """Return the cache with another name."""
        return replace(self, name=name)

    def _in_snapshot(
        self, snapshot: Path, name: str, kind: str, entered: Entered
    ) -> Iterator[Candidate]:
        for one in (".", INDEX, _CONFIG, *DENOISER_PARTS):
            _enter(snapshot / one, entered)
        whole = _kind_of_folder(snapshot)
        if whole is not None:
            if whole == kind:
                yield Candidate(snapshot, self.name, name=name)
            return
        for file in files_below(snapshot):
            _enter(file.parent, entered)
            if file.suffix in {SINGLE_FILE, GGUF} and self._kind_of_file(file) == kind:
                way = file.relative_to(snapshot).with_suffix("").as_posix()
                yield Candidate(file, self.name, name=f"{name}/{way}")

    def _kind_of_file(self, file: Path) -> str:
        """Return the kind of model in a file; "" if it is no model, or cannot be read."""
        try:
            stamp = Stamp.of(file.stat())
            known = self._kinds.get(file)
            if known is None or known[0] != stamp:
                read = read_gguf_header if file.suffix == GGUF else read_header
                found = classify(read(file)).kind
                known = self._kinds[file] = (stamp, _LISTED_AS.get(found, found))
        except (OSError, ModelRefusedError):
            return ""
        return known[1]


def _cache_in(path: Path) -> Path:
    return path / _HUB if is_folder(path / _HUB) else path


def _repositories(cache: Path) -> Iterator[tuple[Path, str]]:
    """Yield each repository of models, and its name on the hub."""
    with suppress(OSError), os.scandir(cache) as entries:
        for entry in entries:
            if entry.name.startswith(_PREFIX) and entry.is_dir():
                name = entry.name.removeprefix(_PREFIX).replace(_SEPARATOR, "/", 1)
                yield Path(entry.path), name


def _snapshot_of(repository: Path, entered: Entered) -> Path | None:
    """Return the folder of a repository's branch "main", else of the revision got last."""
    snapshots = repository / "snapshots"
    for one in (snapshots, repository / "refs", repository / "refs" / "main"):
        _enter(one, entered)
    with suppress(OSError, ValueError):
        revision = read_regular(repository / "refs" / "main", _LONGEST_REVISION).decode().strip()
        if revision and Path(revision).name == revision and is_folder(snapshots / revision):
            return snapshots / revision
    folders = [one for one in snapshots.iterdir() if one.is_dir()]
    return max(folders, key=lambda folder: (folder.stat().st_mtime_ns, folder.name), default=None)


def _kind_of_folder(snapshot: Path) -> str | None:
    """Return the kind of a snapshot that is one model; None if it has models as single files."""
    if is_regular(snapshot / INDEX):
        # For a single file, diffusers gets the index and the configs alone.
        parts = [snapshot / part for part in DENOISER_PARTS if is_folder(snapshot / part)]
        there = (one.name for part in parts for one in part.iterdir())
        return "checkpoint" if holds_weights(there) else None
    if not is_regular(snapshot / _CONFIG):
        return None
    found = kind_of_class(str(read_config(snapshot / _CONFIG).get("_class_name", "")))
    # A language model has a config, too: no kind of model here.
    return found if found in FOLDER_OF_KIND else ""


def _enter(path: Path, entered: Entered) -> None:
    """Note a folder, or a file that tells what a folder is."""
    try:
        stamp = stamp_of(path)
    except OSError:
        return
    entered[path] = stamp.if_settled()
