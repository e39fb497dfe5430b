"""Settings from anywhere: a picture's sidecar, the text in its file, a text that was copied."""

from pathlib import Path
from typing import Any

from medialab.artifacts import formats
from medialab.artifacts.embedded import read_embedded
from medialab.artifacts.publishing import PICTURES
from medialab.artifacts.sidecar import Sidecar
from medialab.errors import ArtifactError, ConfigError
from medialab.files.regular import read_regular
from medialab.infotext import text as infotext
from medialab.infotext.foreign_json import JSON, parse_object
from medialab.infotext.model_matches import MOST_READ
from medialab.infotext.mojibake import decode_utf16
from medialab.infotext.restored import ReadSettings, found_again, restore, words_of
from medialab.loading.registry import ModelRegistry
from medialab.pictures.store import PictureStore
from medialab.settings.config import PipelineConfig, ResolvedConfig

_MOST_BYTES = 64 * 2**20  # of a file whose ending tells nothing: a text, or a picture
_OTHERS = (".txt", ".json", ".jpeg", ".avif")  # endings of other files that a path may have
_LONGEST_PATH = 4096  # characters


class SettingsReader:
    """Reads settings and fits them to the models and pictures there are.

    Without a registry names are taken as they stand.
    """

    def __init__(
        self, registry: ModelRegistry | None = None, pictures: PictureStore | None = None
    ) -> None:
        self._registry, self._pictures = registry, pictures

    def read(
        self,
        source: str | Path | bytes,
        *,
        now: PipelineConfig | None = None,
        may_read: int | None = MOST_READ,
    ) -> ReadSettings:
        """Return the settings of a text, or of a picture's file by its path or its bytes.

        See `Workbench.read_settings`.

        Raises:
            ArtifactError: there is no such file, or it carries no settings.
            PictureError: the bytes are no picture that can be read.
            ConfigError: the text is too long for settings.
        """
        if isinstance(source, bytes):
            parsed = read_embedded(source)
            if parsed is None:
                message = "this picture contains no settings"
                raise ArtifactError(message)
            return self.fit(parsed, now, may_read)
        path = source if isinstance(source, Path) else _path_in(source)
        if path is None:
            return self._of_text(str(source), now, may_read)
        if path.suffix.lower() in PICTURES:
            return self.of_picture(path, now=now, may_read=may_read)
        try:
            content = read_regular(path, _MOST_BYTES)
        except OSError as error:
            raise ArtifactError(f"cannot read {path}: {error.strerror}") from error
        if (text := _as_text(content)) is None:
            return self.read(content, now=now, may_read=may_read)
        return self._of_text(text, now, may_read)

    def of_picture(
        self,
        picture: Path,
        *,
        now: PipelineConfig | None = None,
        may_read: int | None = MOST_READ,
        is_ours: bool = False,
    ) -> ReadSettings:
        """Return the settings of a picture's file; those of a sidecar beside it win.

        `is_ours` says that a file of that name beside it can be nothing but its sidecar.

        Raises:
            ArtifactError: there is no such file, it carries no settings, or its sidecar is broken.
        """
        sidecar = picture.with_suffix(".json")
        if sidecar.exists():
            try:
                return self._again(Sidecar.read(sidecar).config, may_read)
            except ArtifactError:
                if is_ours:
                    raise
        if not picture.exists():
            raise ArtifactError(f"there is no file {picture}")
        text = formats.read_infotext(picture)
        try:
            parsed = infotext.read(text)
        except ConfigError as error:
            raise ArtifactError(f"{picture}: {error}") from error
        return self.fit(parsed, now, may_read)

    def fit(
        self, parsed: infotext.Parsed, now: PipelineConfig | None, may_read: int | None
    ) -> ReadSettings:
        """Return what was read as it can be used here."""
        return restore(parsed, self._registry, self._pictures, now=now, may_read=may_read)

    def _of_text(self, text: str, now: PipelineConfig | None, may_read: int | None) -> ReadSettings:
        whole = parse_object(text) or {}
        own = _config_in(whole)
        if isinstance(own, ResolvedConfig):
            return self._again(own, may_read)
        if own is not None:
            return ReadSettings(own, tuple(words_of(own, {*whole})))
        return self.fit(infotext.read(text), now, may_read)

    def _again(self, config: ResolvedConfig, may_read: int | None) -> ReadSettings:
        if self._registry is None:
            return ReadSettings(config, ("all settings",))
        return found_again(config, self._registry, may_read)


def _path_in(text: str) -> Path | None:
    """The file that a text names; None for a text that is one of settings."""
    if not text.strip() or "\n" in text or len(text) > _LONGEST_PATH:
        return None
    path = Path(text)
    try:
        if path.is_file() or ({"/", "\\"} & set(text) and path.exists()):  # a folder is refused
            return path
    except (OSError, ValueError):  # no name that a file can have
        return None
    is_named = path.suffix.lower() in {*PICTURES, *_OTHERS} and not {",", ":"} & set(path.name)
    return path if is_named else None


def _as_text(content: bytes) -> str | None:
    """A file's content as text; None for what is none, such as a picture of another ending."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return decode_utf16(content)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def _config_in(whole: JSON) -> PipelineConfig | None:
    """The settings in a sidecar's text, or in a request of ours; None for another's JSON."""
    inner: Any = whole.get("config")
    if isinstance(inner, dict) and "record" in whole:
        return ResolvedConfig.parse(inner)
    is_request = bool(whole) and whole.keys() <= PipelineConfig.model_fields.keys()
    return PipelineConfig.parse(whole) if is_request else None
