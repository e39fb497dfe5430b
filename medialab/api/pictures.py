"""The service's pictures: found, given in each form, stored, told of in plain values."""

import base64
from collections.abc import Mapping
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from medialab.api.messages import decoded, refused
from medialab.api.requests import PictureRequest, PicturesQuery
from medialab.artifacts import Artifact
from medialab.artifacts.formats import MEDIA_TYPES
from medialab.artifacts.sidecar import Sidecar
from medialab.artifacts.table import query_of
from medialab.config.pipeline import PipelineConfig
from medialab.errors import ArtifactError, ConfigError, PictureError
from medialab.files.regular import read_regular
from medialab.workbench import Workbench

_MOST_BYTES = 512 * 2**20  # limit for a picture in outputs/
# A broken file, or a picture that a format does not take: WebP has at most 16,383 pixels a side.
_UNFIT = (OSError, SyntaxError, ValueError, Image.DecompressionBombError)


class OfPictures:
    """Pictures in the outputs folder, and those that clients give."""

    bench: Workbench

    def find(self, query: PicturesQuery) -> dict[str, Any]:
        """Return a page of the pictures that a search finds, and how many there are.

        Raises:
            ConfigError: a condition is not possible.
        """
        conditions = {
            name: value
            for name in ("tag", "lora", "model", "seed", "stars", "order")
            if (value := getattr(query, name)) is not None
        }
        days = {
            name: value.isoformat()
            for name in ("since", "until")
            if (value := getattr(query, name)) is not None
        }
        try:
            found = query_of(query.text, **conditions, **days)
        except ArtifactError as error:
            raise ConfigError(error.message).about(error.setting, error.choices) from error
        pictures = self.bench.artifacts.find(found, limit=query.limit, offset=query.offset)
        return {
            "pictures": [self._listed(one) for one in pictures],
            "count": self.bench.artifacts.count(found),
        }

    def picture(self, name: str, form: str = "file") -> tuple[bytes, str]:
        """Return a saved picture in a form, and its media type.

        Args:
            name: Its path in the outputs folder.
            form: "file", "png", "webp", "thumbnail" or "sidecar".

        Raises:
            RefusedError: there is no such picture in the outputs folder (404), whatever there is
                elsewhere.
        """
        path = self._path(name)
        content = None
        with suppress(OSError):
            if path is not None:
                content = self._in_form(path, form)
        if path is None or content is None:
            raise refused(404, f"no picture {name!r} in outputs/", field="name")
        return content

    def settings(self, name: str) -> PipelineConfig:
        """Return the settings that a saved picture was made with, as `ArtifactManager.load`.

        Raises:
            RefusedError: there is no such picture in the outputs folder (404).
            ArtifactError: it holds no settings.
        """
        path = self._path(name)
        if path is None or not path.is_file():
            raise refused(404, f"no picture {name!r} in outputs/", field="name")
        return self.bench.artifacts.load(path)

    def store(self, content: bytes) -> dict[str, Any]:
        """Store a picture, and return its name for settings, and what was converted.

        Raises:
            PictureError: it is not a picture, or is broken or far too large.
        """
        name = self._store(content, "image")
        return {"picture": name, "told": list(self.bench.pictures.changes(name))}

    def store_given(self, request: PictureRequest) -> dict[str, Any]:
        """Store the picture of a request, as `store`."""
        return self.store(decoded(request.image))

    def _store(self, content: bytes, setting: str) -> str:
        try:
            return self.bench.keep(content)
        except PictureError as error:
            raise error.about(setting) from None

    def _path(self, name: str) -> Path | None:
        """Return the path of a picture in the outputs folder; None if it is none, or outside."""
        folder = self.bench.artifacts.folder
        # Too long, a NUL, a loop of links.
        with suppress(OSError, ValueError, RuntimeError):
            full = (folder / name).resolve()
            if full.is_relative_to(folder) and full.suffix.lower() in MEDIA_TYPES:
                return full
        return None

    def _content(self, name: str) -> bytes | None:
        """Return a picture of the outputs folder; None whatever is wrong, to tell nothing."""
        path = self._path(name)
        with suppress(OSError):
            return None if path is None else read_regular(path, _MOST_BYTES)
        return None

    def _in_form(self, path: Path, form: str) -> tuple[bytes, str]:
        content = read_regular(path, _MOST_BYTES)
        kind = MEDIA_TYPES[path.suffix.lower()]
        if form == "file" or kind == f"image/{form}":
            return content, kind
        if form == "sidecar":
            return Sidecar.read(path.with_suffix(".json")).encode(), "application/json"
        if form == "thumbnail":
            return self.bench.artifacts.thumbnail(path), "image/webp"
        buffer = BytesIO()
        try:
            with Image.open(BytesIO(content)) as picture:
                picture.save(buffer, form.upper(), **({"lossless": True} if form == "webp" else {}))
        except _UNFIT as error:
            message = f"{path.name} cannot be written as {form}; ask for form=file"
            raise refused(422, message, field="form") from error
        return buffer.getvalue(), f"image/{form}"

    def _made(
        self, facts: Mapping[str, Any], record: Mapping[str, Any], *, png: bool, brief: bool
    ) -> dict[str, Any]:
        """Return a picture that a job made; `png` is None once its file is gone."""
        path = Path(facts["path"])
        file = path.relative_to(self.bench.artifacts.folder).as_posix()
        content = self._content(file) if png else None
        return {
            **{name: facts[name] for name in ("seed", "prompt", "width", "height")},
            "file": file,
            "url": f"pictures/{file}",
            "record": {} if brief else record,
            "png": None if content is None else base64.b64encode(content).decode(),
        }

    def _listed(self, artifact: Artifact) -> dict[str, Any]:
        name = artifact.path.relative_to(self.bench.artifacts.folder).as_posix()
        return {
            "name": name,
            "url": f"pictures/{name}",
            "created": artifact.created,
            "prompt": artifact.prompt,
            "model": artifact.checkpoint,
            "seed": artifact.seed,
            "width": artifact.width,
            "height": artifact.height,
            "tags": list(artifact.tags),
            "stars": artifact.stars,
        }
