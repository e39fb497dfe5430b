"""The models that one request sees: found by name, each kind listed at most once."""

from collections.abc import Callable, Sequence
from pathlib import Path

from medialab.errors import ModelNotFoundError, ModelRefusedError, shown
from medialab.listing.info import FOLDER_OF_KIND, ModelInfo, plain_text
from medialab.listing.naming import is_plain_name
from medialab.process.installation import how_to_get_checkpoint


class Snapshot:
    """The model listing of one request; the next request makes its own, and so sees changed files.

    Not thread-safe.

    Args:
        folder: The studio's own models folder, for messages.
        scan: Lists the models of a kind.
        recall: Returns a usable model by name and kind without a scan, or None if it cannot.
        sha256: Returns the SHA-256 of a model's content.
    """

    def __init__(
        self,
        folder: Path,
        scan: Callable[[str], Sequence[ModelInfo]],
        recall: Callable[[str, str], ModelInfo | None],
        sha256: Callable[[ModelInfo], str],
    ) -> None:
        self.folder = folder
        self._scan, self._recall, self.sha256 = scan, recall, sha256
        self._listed: dict[str, Sequence[ModelInfo]] = {}
        self._found: dict[tuple[str, str], ModelInfo] = {}

    def models(self, kind: str) -> Sequence[ModelInfo]:
        """Return every model of a kind, refused ones with the reason."""
        if kind not in self._listed:
            self._listed[kind] = self._scan(kind)
        return self._listed[kind]

    def find(self, name: str, kind: str) -> ModelInfo:
        """Return a usable model.

        Args:
            name: Its name, with or without folders ("styles/ink"); a textual inversion's token.
            kind: The kind of model.

        Raises:
            ModelNotFoundError: there is none; the message lists the existing ones.
            ModelRefusedError: it cannot be used, or several have that name and differ only in their
                folders.
        """
        if not isinstance(name, str):
            raise ModelNotFoundError(f"{shown(name)} is no name of a model; a name is text")
        if (kind, name) not in self._found:
            found = None if kind in self._listed else self._recall(name, kind)
            self._found[kind, name] = found or self._among(name, kind)
        return self._found[kind, name]

    def find_same(self, name: str, kind: str, sha256: str | None) -> ModelInfo:
        """Return the model of that name with that content, or else the one that `find` returns.

        Textual inversions for several families may have the same token.

        Args:
            name: As for `find`.
            kind: As for `find`.
            sha256: The SHA-256 of its content; None if unknown.

        Raises:
            ModelNotFoundError: as `find`.
            ModelRefusedError: as `find`.
        """
        info = self.find(name, kind)
        if kind != "embedding" or info.name == plain_text(name) or self.sha256(info) == sha256:
            return info
        others = (one for one in self.models(kind) if one.refused is None)
        same = (one for one in others if plain_text(name) in one.aliases)
        return next((one for one in same if self.sha256(one) == sha256), info)

    def _among(self, name: str, kind: str) -> ModelInfo:
        infos = self.models(kind)
        usable = [info for info in infos if info.refused is None]
        known = [info.name for info in usable]
        folder = f"models/{FOLDER_OF_KIND[kind]}"
        asked = plain_text(name)
        if found := next((info for info in usable if info.name == asked), None):
            return found
        if found := next((info for info in usable if info.full_name == asked), None):
            return found
        if found := next((info for info in usable if asked in info.aliases), None):
            return found
        if not all(map(is_plain_name, name.split("/"))):
            message = (
                f"{kind} {name!r} reads like a path; give only the name of a model in {folder}: "
                f"{', '.join(known) or 'none'}"
            )
            raise ModelNotFoundError(message)
        several = [one for one in known if one.rpartition("/")[2] == asked]
        if len(several) > 1:
            message = (
                f"{len(several)} models are called {name!r} ({', '.join(several)}); "
                "give one of these names, or rename one"
            )
            raise ModelRefusedError(message).about(kind, several)
        for info in infos:
            if info.refused and asked in {info.name, plain_text(info.path.stem)}:
                raise ModelRefusedError(f"{kind} {name!r} is not opened: {info.refused}")
        error = ModelNotFoundError.among(name, kind, folder, known)
        if kind == "checkpoint" and (
            more := how_to_get_checkpoint(name, self.folder, known=bool(known))
        ):
            raise ModelNotFoundError(f"{error} {more}").about(kind, error.choices)
        raise error
