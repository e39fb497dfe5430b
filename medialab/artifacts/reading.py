"""Settings from anywhere: a picture's sidecar, the text in its file, or a pasted text."""

from pathlib import Path
from typing import Any

from medialab.artifacts import formats
from medialab.artifacts.days import PICTURES
from medialab.artifacts.embedded import damage_in, read_embedded
from medialab.artifacts.sidecar import Sidecar
from medialab.config.pipeline import PipelineConfig
from medialab.config.resolved import ResolvedConfig
from medialab.errors import ArtifactError, ConfigError, shown
from medialab.files.regular import read_regular
from medialab.infotext import text as infotext
from medialab.infotext.foreign_json import JSON, parse_object
from medialab.infotext.model_matches import MOST_READ
from medialab.infotext.mojibake import decode_utf16
from medialab.infotext.restored import ReadSettings, describe, restore, with_current_names
from medialab.loading.registry import ModelRegistry
from medialab.pictures.store import PictureStore

_MOST_BYTES = 64 * 2**20  # limit for a file that may be text or a picture
_OTHERS = (".txt", ".json", ".jpeg", ".avif")  # further extensions of files to read from
_LONGEST_PATH = 4096  # characters


class SettingsReader:
    """Reads settings and matches them to the models and pictures available here.

    Without a registry, model names are used as written.
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
        """Return the settings in a text, or in a file given by its path or its content.

        Args:
            source: A text, a path, or the bytes of a picture.
            now: The settings in use, for values that the source leaves open; None for defaults.
            may_read: The most bytes of model files to hash in search of a hash; None for no limit.

        Raises:
            ArtifactError: there is no such file, or it contains no settings.
            PictureError: the bytes are not a readable picture.
            ConfigError: the text is too long to be settings.
        """
        if isinstance(source, bytes):
            parsed = read_embedded(source)
            if parsed is None:
                raise ArtifactError(f"this picture contains no settings{damage_in(source)}")
            return self.fit(parsed, now, may_read)
        if not isinstance(source, str | Path):
            message = f"{shown(source)} is no text, no path and no file's bytes; give one of these"
            raise ArtifactError(message)
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
        """Return the settings of a picture, from its sidecar or else from its infotext.

        Args:
            picture: Path of the picture.
            now: As in `read`.
            may_read: As in `read`.
            is_ours: Whether a `.json` file of the same name must be its sidecar; otherwise one that
                cannot be read as a sidecar is ignored.

        Raises:
            ArtifactError: there is no such file, it has no settings, or its sidecar is damaged.
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
            parsed = infotext.read(text, picture.name)
        except ConfigError as error:
            raise ArtifactError(f"{picture}: {error}") from error
        return self.fit(parsed, now, may_read)

    def fit(
        self, parsed: infotext.Parsed, now: PipelineConfig | None, may_read: int | None
    ) -> ReadSettings:
        """Return parsed settings, matched to the models and pictures available here."""
        return restore(parsed, self._registry, self._pictures, now=now, may_read=may_read)

    def _of_text(self, text: str, now: PipelineConfig | None, may_read: int | None) -> ReadSettings:
        whole = parse_object(text) or {}
        own = _config_in(whole)
        if isinstance(own, ResolvedConfig):
            return self._again(own, may_read)
        if own is not None:
            return ReadSettings(own, tuple(describe(own, {*whole})))
        return self.fit(infotext.read(text), now, may_read)

    def _again(self, config: ResolvedConfig, may_read: int | None) -> ReadSettings:
        if self._registry is None:
            return ReadSettings(config, ("all settings",))
        return with_current_names(config, self._registry, may_read)


def _path_in(text: str) -> Path | None:
    """Return the path that a text names; None if the text itself holds settings."""
    if not text.strip() or "\n" in text or len(text) > _LONGEST_PATH:
        return None
    path = Path(text)
    try:
        # A folder is taken for a path, too, and refused when it is read.
        if path.is_file() or ({"/", "\\"} & set(text) and path.exists()):
            return path
    except (OSError, ValueError):  # not a valid file name
        return None
    is_named = path.suffix.lower() in {*PICTURES, *_OTHERS} and not {",", ":"} & set(path.name)
    return path if is_named else None


def _as_text(content: bytes) -> str | None:
    """Return a file's content as text; None if it is not text, such as a misnamed picture."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return decode_utf16(content)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def _config_in(whole: JSON) -> PipelineConfig | None:
    """Return the settings in a sidecar or a request of ours; None for any other JSON.

    Raises:
        ConfigError: they are ours but invalid.
    """
    inner: Any = whole.get("config")
    if isinstance(inner, dict) and "record" in whole:
        return ResolvedConfig.parse(inner)
    is_request = bool(whole) and whole.keys() <= PipelineConfig.model_fields.keys()
    return PipelineConfig.parse(whole) if is_request else None
