"""The models of a folder as one request sees them: looked up by name, each kind listed once."""

from collections.abc import Callable, Sequence
from pathlib import Path

from medialab.errors import ModelNotFoundError, ModelRefusedError
from medialab.listing.models import (
    FOLDER_OF_KIND,
    ModelInfo,
    is_plain_name,
    name_with_folders,
    plain_text,
)
from medialab.process.installation import how_to_get_checkpoint


class Snapshot:
    """The model listing of one request.

    It lives no longer than that: a file that changes is seen by the next request. Safe to use from
    one thread at a time.

    Args:
        folder: the models folder.
        scan: lists the models of a kind.
        recall: gives a usable model by name and kind without a scan, or None where it cannot.
        sha256: tells what a model's files hold.
    """

    def __init__(
        self,
        folder: Path,
        scan: Callable[[str], Sequence[ModelInfo]],
        recall: Callable[[str, str], ModelInfo | None],
        sha256: Callable[[ModelInfo], str],
    ) -> None:
        self.folder = folder
        self._scan, self._recall, self._sha256 = scan, recall, sha256
        self._listed: dict[str, Sequence[ModelInfo]] = {}
        self._found: dict[tuple[str, str], ModelInfo] = {}

    def models(self, kind: str) -> Sequence[ModelInfo]:
        """Return every model of a kind, refused files with the reason."""
        if kind not in self._listed:
            self._listed[kind] = self._scan(kind)
        return self._listed[kind]

    def find(self, name: str, kind: str) -> ModelInfo:
        """Return the model of that name, or of that way from the kind's folder: "styles/ink".

        An embedding may also be found by its token.

        Raises:
            ModelNotFoundError: there is none; the message lists those there are.
            ModelRefusedError: it is there, but is a pickle, broken, or one of two of that name,
                which are told apart by their ways.
        """
        if (kind, name) not in self._found:
            found = None if kind in self._listed else self._recall(name, kind)
            self._found[kind, name] = found or self._among(name, kind)
        return self._found[kind, name]

    def find_same(self, name: str, kind: str, sha256: str | None) -> ModelInfo:
        """Return the model of that name that holds just that; else what `find` gives.

        Embeddings for several families may be called by one token.
        Raises: as `find`.
        """
        info = self.find(name, kind)
        if kind != "embedding" or info.name == plain_text(name) or self._sha256(info) == sha256:
            return info
        others = (one for one in self.models(kind) if one.refused is None)
        same = (one for one in others if plain_text(name) in one.aliases)
        return next((one for one in same if self._sha256(one) == sha256), info)

    def _among(self, name: str, kind: str) -> ModelInfo:
        infos = self.models(kind)
        usable = [info for info in infos if info.refused is None]
        known = [info.name for info in usable]
        folder = f"models/{FOLDER_OF_KIND[kind]}"
        asked = plain_text(name)
        if found := next((info for info in usable if info.name == asked), None):
            return found
        top = self.folder.resolve() / FOLDER_OF_KIND[kind]
        if found := next((info for info in usable if name_with_folders(info, top) == asked), None):
            return found
        if found := next((info for info in usable if asked in info.aliases), None):
            return found
        if not is_plain_name(name):
            message = (
                f"{kind} {name!r} reads like a path; give the name alone of a model in {folder}: "
                f"{', '.join(known) or 'none'}"
            )
            raise ModelNotFoundError(message)
        if several := [one for one in known if one.rpartition("/")[2] == asked]:
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
