"""The presets of a person, and those that come with the program."""

import os
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from medialab.config.pipeline import PipelineConfig
from medialab.errors import ConfigError, shown
from medialab.files.regular import read_regular
from medialab.files.whole import write_whole
from medialab.presets.preset import LONGEST_NAME, MOST_BYTES, Preset, check_name
from medialab.prompts.styles import read_styles

FOLDER: Final = "presets"  # in the outputs folder
SHIPPED: Final = Path(__file__).with_name("shipped")
_SUFFIX: Final = ".json"
_PHOTO: Final = "Photo"
_STYLES: Final = ".csv"


class LeftOutPreset(NamedTuple):
    """A file in the presets folder that is no preset, and why."""

    path: Path
    reason: str


def for_photo() -> PipelineConfig:
    """Return the request for a photo of which a person says nothing else; it draws nothing."""
    preset = Preset.parse((SHIPPED / f"{_PHOTO}{_SUFFIX}").read_bytes(), _PHOTO)
    return preset.applied(PipelineConfig(mode="enhance"))


class Presets(Mapping[str, Preset]):
    """All presets by their names; capitals do not count.

    Each is a readable JSON file in `outputs/presets`. A person's own counts in place of a shipped
    one of the same name.

    Args:
        outputs: The outputs folder.
    """

    def __init__(self, outputs: Path) -> None:
        self.folder = outputs / FOLDER

    def __getitem__(self, name: str) -> Preset:
        """Return a preset.

        Raises:
            KeyError: there is none of that name; the message lists those there are.
        """
        if not isinstance(name, str):
            raise KeyError(name)
        return self._read(self._path(name))

    def __iter__(self) -> Iterator[str]:
        return iter(self._readable())

    def __len__(self) -> int:
        return len(self._readable())

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and _key(name) in map(_key, self._readable())

    def __repr__(self) -> str:
        return f"Presets({', '.join(self)})"

    def is_shipped(self, name: str) -> bool:
        """Return whether a preset is one that comes with the program, unchanged."""
        return self._path(name).parent == SHIPPED

    def left_out(self) -> list[LeftOutPreset]:
        """Return the files in the folder that are no presets, each with the reason."""
        found = []
        for path in self._files(self.folder).values():
            try:
                self._read(path)
            except ConfigError as error:
                found.append(LeftOutPreset(path, str(error)))
        return found

    def save(
        self,
        name: str,
        settings: Mapping[str, Any] | PipelineConfig,
        *,
        description: str = "",
        include: Collection[str] = (),
        replace: bool = False,
    ) -> Preset:
        """Save some settings, or those of a request, as a preset.

        Args:
            name: What it is called.
            settings: As for `Preset.of`.
            description: What it is for, in a sentence.
            include: As for `Preset.of`: "prompt", "model", "size", "seed", "files", "mode".
            replace: Whether it may take the place of one of a person's own.

        Raises:
            ConfigError: the name or a setting is not possible, there is one of that name, or it
                cannot be written; nothing is changed.
        """
        preset = Preset.of(name, settings, description=description, include=include)
        return self._write(preset, replace=replace)

    def rename(self, name: str, new: str) -> Preset:
        """Rename one of a person's own presets.

        Raises:
            ConfigError: there is none of that name, it came with the program, the new name is not
                possible or taken, or it cannot be written; nothing is changed.
        """
        old = self._own(name)
        renamed = self._read(old).model_copy(update={"name": check_name(new)})
        if _key(new) != _key(name):
            self._refuse_taken(new)
        self._store(renamed)
        if old.name != f"{renamed.name}{_SUFFIX}" and not _is_same(old, renamed.name, self.folder):
            self._remove(old)
        return renamed

    def delete(self, name: str) -> None:
        """Delete one of a person's own presets; a shipped one of its name is there again.

        A file that `left_out` names is deleted, too.

        Raises:
            ConfigError: there is none of that name, it came with the program, or it cannot be
                deleted.
        """
        path = self._path_of(name)
        self._refuse_shipped(name, path)
        self._remove(path)

    def share(self, name: str) -> bytes:
        """Return a preset's file, for another person.

        Raises:
            ConfigError: there is none of that name.
        """
        return self._known(name).encode()

    def read_file(self, source: Path | str | bytes, what: str = "this file") -> list[Preset]:
        """Return the presets in a file: one of this studio, or each style of A1111's styles.csv.

        Args:
            source: The file's path, or its content.
            what: What it is called in messages, if only its content is given.

        Raises:
            ConfigError: it cannot be read, or holds no preset.
        """
        content = source
        if not isinstance(content, bytes):
            what = Path(source).name  # type: ignore[arg-type] # a path
            content = _content(Path(source))  # type: ignore[arg-type] # a path
        if len(content) > MOST_BYTES:
            message = f"{what} has over {MOST_BYTES // 2**20} MB, and cannot be a preset"
            raise ConfigError(message)
        if not what.lower().endswith(_STYLES):
            return [Preset.parse(content, what)]
        found: list[Preset] = []
        taken: set[str] = set()
        for name, style in read_styles(content, what).items():
            texts = {"prompt": style.prompt, "negative_prompt": style.negative_prompt}
            settings = {part: _around(text) for part, text in texts.items() if text}
            if settings:  # a heading has none
                found.append(Preset.of(_free(_safe(name), taken), settings))
                taken.add(_key(found[-1].name))
        if not found:
            message = f"{what} holds no styles"
            raise ConfigError(message)
        return found

    def import_file(
        self, source: Path | str | bytes, what: str = "this file", *, replace: bool = False
    ) -> list[Preset]:
        """Save the presets in a file; see `read_file`.

        Args:
            source: As for `read_file`.
            what: As for `read_file`.
            replace: Whether they may take the place of one's own of the same names.

        Raises:
            ConfigError: as `read_file`, or there is one of such a name; nothing is changed.
        """
        found = self.read_file(source, what)
        if not replace:
            for preset in found:
                self._refuse_taken(preset.name)
        return [self._write(preset, replace=replace) for preset in found]

    # --- files ------------------------------------------------------------------------------------
    def _files(self, folder: Path) -> dict[str, Path]:
        """Return the files of presets in a folder by their names, in order."""
        try:
            names = sorted(os.listdir(folder), key=_key)  # noqa: PTH208 - names
        except OSError:  # there is none yet
            return {}
        return {
            name.removesuffix(_SUFFIX): folder / name
            for name in names
            if name.endswith(_SUFFIX) and not name.startswith(".")
        }

    def _all(self) -> dict[str, Path]:
        own = self._files(self.folder)
        taken = set(map(_key, own))
        shipped = {
            name: path for name, path in self._files(SHIPPED).items() if _key(name) not in taken
        }
        return shipped | own

    def _readable(self) -> dict[str, Preset]:
        found = {}
        for name, path in self._all().items():
            try:
                found[name] = self._read(path)
            except ConfigError:  # `left_out` says why
                continue
        return found

    def _path(self, name: str) -> Path:
        everything = self._all()
        if name in everything:  # of two files whose names differ in capitals alone
            return everything[name]
        for known, path in everything.items():
            if _key(known) == _key(name):
                return path
        error = ConfigError.among(name, "preset", str(self.folder), everything)
        raise _UnknownPresetError(str(error)) from error

    def _known(self, name: str) -> Preset:
        return self._read(self._path_of(name))

    def _path_of(self, name: str) -> Path:
        if not isinstance(name, str):
            raise ConfigError(f"a preset's name is text, not {shown(name)}")
        try:
            return self._path(name)
        except _UnknownPresetError as error:
            raise ConfigError(str(error.args[0])) from error

    def _own(self, name: str) -> Path:
        """Return the file of one of a person's own presets.

        Raises:
            ConfigError: there is none of that name, or it came with the program.
        """
        path = self._path_of(name)
        self._read(path)
        self._refuse_shipped(name, path)
        return path

    def _refuse_shipped(self, name: str, path: Path) -> None:
        if path.parent == SHIPPED:
            message = (
                f"the preset {name!r} comes with the program; save one of the same name, which "
                "then counts in its place"
            )
            raise ConfigError(message)

    def _read(self, path: Path) -> Preset:
        """Return the preset in a file, under the file's name.

        Raises:
            ConfigError: it cannot be read, or is no preset.
        """
        read = Preset.parse(_content(path), path.name)
        return read.model_copy(update={"name": path.name.removesuffix(_SUFFIX)})

    def _refuse_taken(self, name: str) -> None:
        if _key(name) in map(_key, self._files(self.folder)):
            message = f"there is a preset {name!r} already; choose another name, or replace it"
            raise ConfigError(message).in_code("replace=True")

    def _write(self, preset: Preset, *, replace: bool) -> Preset:
        if not replace:
            self._refuse_taken(preset.name)
        same = [one for one in self._files(self.folder) if _key(one) == _key(preset.name)]
        self._store(preset)
        for name in same:
            if name != preset.name and not _is_same(
                self.folder / f"{name}{_SUFFIX}", preset.name, self.folder
            ):
                self._remove(self.folder / f"{name}{_SUFFIX}")
        return preset

    def _store(self, preset: Preset) -> None:
        try:
            write_whole(self.folder / f"{preset.name}{_SUFFIX}", preset.encode())
        except OSError as error:
            message = (
                f"the preset {preset.name!r} cannot be written to {self.folder} "
                f"({error.strerror or error})"
            )
            raise ConfigError(message) from error

    def _remove(self, path: Path) -> None:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            message = f"the preset {path.stem!r} cannot be deleted ({error.strerror or error})"
            raise ConfigError(message) from error


class _UnknownPresetError(KeyError, ConfigError):
    """There is no preset of that name: a KeyError of a mapping, and an error for a person."""

    def __str__(self) -> str:
        return str(self.args[0])


def _key(name: str) -> str:
    return unicodedata.normalize("NFC", name.casefold())


def _is_same(old: Path, new: str, folder: Path) -> bool:
    """Return whether a file of another name is the same, where capitals do not count."""
    try:
        return old.samefile(folder / f"{new}{_SUFFIX}")
    except OSError:
        return False


def _content(path: Path) -> bytes:
    try:
        return read_regular(path, MOST_BYTES)
    except OSError as error:
        message = f"{path.name} cannot be read ({error.strerror or error})"
        raise ConfigError(message) from error


def _around(text: str) -> str:
    """Return a style's text with the place of the prompt in it."""
    return text if "{prompt}" in text else f"{{prompt}}, {text.strip()}"


def _free(name: str, taken: Collection[str]) -> str:
    """Return a preset's name, with a number if another style of the file has it: "ink 2"."""
    number, found = 1, name
    while _key(found) in taken:
        number += 1
        found = f"{name[: LONGEST_NAME - 8].rstrip(' .')} {number}"
    return found


def _safe(name: str) -> str:
    """Return the name of a style as that of a preset: what no file can have is a hyphen."""
    try:
        return check_name(name)
    except ConfigError:
        plain = "".join(
            "-" if one in '\\/:*?"<>|' or not one.isprintable() else one for one in name
        )
        return check_name(plain.strip(" .")[:80].strip(" .") or "style")
