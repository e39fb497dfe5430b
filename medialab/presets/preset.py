"""One preset: some settings with a name, and what they do to a request."""

import json
import re
import unicodedata
from collections.abc import Collection, Mapping
from typing import Any, Final, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from medialab.artifacts.differences import Difference, differences
from medialab.config.pipeline import PipelineConfig
from medialab.config.resolved import ResolvedConfig
from medialab.errors import ConfigError, shown
from medialab.prompts.styles import with_style
from medialab.settings.fields import StageConfig, SwitchedConfig, half_character, in_python
from medialab.settings.validation import explain, load_json

PRESET_VERSION: Final = 1
MOST_BYTES: Final = 2**20  # of a preset's file
LONGEST_NAME: Final = 80  # characters
# What belongs to one picture, or to this machine, and so to no preset.
_OF_ONE_PICTURE: Final = frozenset(
    {"image", "mask", "references", "detections", "made_for", "control", "schema_version"}
)
_TIED: Final = set(ResolvedConfig.model_fields) - set(PipelineConfig.model_fields)
# Settings that a preset of a whole request has only if they are asked for.
PARTS: Final[Mapping[str, frozenset[str]]] = {
    "prompt": frozenset({"prompt", "negative_prompt", "styles"}),
    "model": frozenset({"checkpoint", "text_encoder", "vae", "loras"}),
    "size": frozenset({"width", "height", "fit"}),
    "seed": frozenset({"seed", "variation_seed", "variation_strength"}),
    "files": frozenset({"batch_size", "format", "quality", "lossless", "file_name"}),
    "mode": frozenset({"mode"}),
}
_UNSAFE = re.compile(r'[\\/:*?"<>|]')
_RESERVED: Final = frozenset(
    {"con", "prn", "aux", "nul", *(f"{name}{n}" for name in ("com", "lpt") for n in range(1, 10))}
)


class Measured(BaseModel):
    """What the numbers of a preset were chosen by.

    Attributes:
        checkpoint: What the pictures were made with.
        measure: What was measured, and whether more is better.
        rows: The number of steps, and the score.
        command: The command that prints these rows.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    checkpoint: str
    measure: str
    rows: tuple[tuple[int, float], ...]
    command: str


class Preset(BaseModel):
    """Some settings with a name.

    Attributes:
        name: What it is called; its file is named so too.
        description: What it is for, in a sentence.
        settings: Settings as in `PipelineConfig`, those of a stage under its name, each in part.
        measured: What its numbers were chosen by; None where nothing was measured.
        schema_version: Version of this layout.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    description: str = ""
    settings: dict[str, Any]
    measured: Measured | None = None
    schema_version: int = PRESET_VERSION

    @classmethod
    def of(
        cls,
        name: str,
        settings: Mapping[str, Any] | PipelineConfig,
        *,
        description: str = "",
        include: Collection[str] = (),
    ) -> Self:
        """Return a preset of some settings, or of a whole request.

        Args:
            name: What it is called.
            settings: Exactly these settings; or a request, of which the settings of what runs are
                taken, without what belongs to one picture.
            description: What it is for.
            include: Parts of a request that are taken too: names of `PARTS`.

        Raises:
            ConfigError: the name, a setting or a part is not possible.
        """
        include = [include] if isinstance(include, str) else include
        for part in include:
            if part not in PARTS:
                raise ConfigError.among(part, "part", "a preset", PARTS)
        if isinstance(settings, PipelineConfig):
            settings = _part_of(settings, include)
        content = {"name": check_name(name), "description": description, "settings": settings}
        return cls._made(content, f"the preset {name!r}").checked()

    @classmethod
    def parse(cls, content: bytes, what: str) -> Self:
        """Read a preset's file.

        Args:
            content: The file's content.
            what: What the file is called in messages.

        Raises:
            ConfigError: it is no preset, was written by a newer version, has a name twice, or a
                setting that is not possible.
        """
        try:
            read = load_json(content)
            version = read["schema_version"]
        except ConfigError as error:
            raise ConfigError(f"{what}: {error}") from error
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            message = f"{what} is not a preset of this studio: it is no JSON with a schema_version"
            raise ConfigError(message) from error
        if not isinstance(version, int) or isinstance(version, bool) or version < 1:
            message = f"{what} has schema_version {shown(version)}; it is a whole number from 1 on"
            raise ConfigError(message)
        if version > PRESET_VERSION:
            message = (
                f"{what} has schema_version {version}, but this studio reads only up to "
                f"{PRESET_VERSION}; update the studio"
            )
            raise ConfigError(message)
        found = cls._made(read, f"{what} is not a preset of this studio")
        found = found.model_copy(update={"name": check_name(found.name)})
        try:
            return found.checked()
        except ConfigError as error:
            message = f"{what}: {error}"
            raise ConfigError(message) from error

    @classmethod
    def _made(cls, content: Any, what: str) -> Self:
        try:
            return cls.model_validate(content)
        except ValidationError as error:
            raise ConfigError(f"{what}: {explain(error, cls)}") from error
        except RecursionError as error:
            raise ConfigError(f"{what}: it is nested too deeply") from error

    def checked(self) -> Self:
        """Return the preset itself, if a request can have its settings.

        Raises:
            ConfigError: a setting is unknown, has an impossible value, or belongs to one picture.
        """
        try:
            names = _names_in(self.settings)
        except RecursionError as error:
            raise ConfigError("settings are nested too deeply") from error
        for name in names:
            if name.rpartition(".")[2] in _OF_ONE_PICTURE | _TIED:
                message = f"{name} belongs to one picture; leave it out of a preset"
                raise ConfigError(message)
        if half_character(self.description) is not None:
            message = (
                f"the description {shown(self.description)} has half a character; type it again"
            )
            raise ConfigError(message)
        self.applied(PipelineConfig())
        return self

    def applied(self, config: PipelineConfig) -> PipelineConfig:
        """Return a request with the settings of the preset, and its own for all others.

        A prompt with `{prompt}` in it is put around the request's, as A1111's styles are.

        Raises:
            ConfigError: the two do not go together; the message names the setting.
        """
        asked = config.asked() if isinstance(config, ResolvedConfig) else config
        settings = dict(self.settings)
        for name in PARTS["prompt"] - {"styles"}:
            if isinstance(text := settings.get(name), str) and "{prompt}" in text:
                settings[name] = with_style(getattr(asked, name), text)
        return PipelineConfig.parse(_merged(asked.model_dump(), settings))

    def changes(self, config: PipelineConfig) -> list[Difference]:
        """Return what the preset changes in a request: each setting with its old and new value.

        Raises:
            ConfigError: as `applied`.
        """
        asked = config.asked() if isinstance(config, ResolvedConfig) else config
        return differences(asked, self.applied(asked))

    def encode(self) -> bytes:
        """Return the preset's file: indented JSON in UTF-8."""
        content = self.model_dump(
            mode="json", exclude=set() if self.measured else {"measured"}, fallback=in_python
        )
        return (json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode()


def check_name(name: str) -> str:
    """Return a preset's name, which is also its file's, in Unicode's NFC.

    Raises:
        ConfigError: it is not safe as a file's name on every system.
    """
    if not isinstance(name, str):
        message = f"a preset cannot be named {shown(name)}; a name is text"
        raise ConfigError(message)
    why = ""
    if not name.strip() or name != name.strip():
        why = "a name is not empty, and has no blank at its ends"
    elif len(name) > LONGEST_NAME or len(name.encode("utf-8", "replace")) > 2 * LONGEST_NAME:
        why = f"a name has at most {LONGEST_NAME} characters"
    elif _UNSAFE.search(name) or any(unicodedata.category(one)[0] == "C" for one in name):
        why = r'a name has none of \ / : * ? " < > | and no invisible character'
    elif name[0] == "." or name[-1] == "." or name.casefold().split(".")[0] in _RESERVED:
        why = "no file can have this name on every system"
    if why:
        message = f"a preset cannot be named {shown(name)}: {why}"
        raise ConfigError(message).about("name")
    return unicodedata.normalize("NFC", name)


def _part_of(config: PipelineConfig, include: Collection[str]) -> dict[str, Any]:
    """Return the settings of a request that a preset of it has."""
    left_out = set().union(*(names for part, names in PARTS.items() if part not in include))
    found: dict[str, Any] = {}
    for name, value in config:
        if name in _OF_ONE_PICTURE | _TIED | left_out:
            continue
        if not isinstance(value, StageConfig):
            found[name] = _plain(value)
        elif config.runs(name):
            own = value.model_dump(mode="json")
            kept = {one: each for one, each in own.items() if one not in _OF_ONE_PICTURE}
            found[name] = {one: each for one, each in kept.items() if not _is_left(one, left_out)}
        elif isinstance(value, SwitchedConfig):
            found[name] = {"enabled": False}
    return found


def _is_left(name: str, left_out: Collection[str]) -> bool:
    return name in left_out and name not in {"width", "height"}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return value.model_dump(mode="json") if isinstance(value, BaseModel) else value


def _merged(whole: Mapping[str, Any], part: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings with others in their place, those of a stage in part."""
    found = dict(whole)
    for name, new in part.items():
        value = new
        old = found.get(name)
        if isinstance(old, Mapping) and isinstance(value, Mapping):
            value = _merged(old, value)
        found[name] = value
    return found


def _names_in(settings: Mapping[str, Any], prefix: str = "") -> list[str]:
    found = []
    for name, value in settings.items():
        found.append(f"{prefix}{name}")
        if isinstance(value, Mapping):
            found += _names_in(value, f"{prefix}{name}.")
    return found
