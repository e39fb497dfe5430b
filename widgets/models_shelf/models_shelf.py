"""The models in the models folder as cards with a picture, and as a picker of one."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass, fields, replace
from operator import attrgetter
from pathlib import Path
from typing import Any

import anywidget
import ipywidgets as ipw
import traitlets

from medialab.errors import MediaLabError

ALL = ""  # of the filters: every kind, every family
SORTS = ("name", "newest", "largest", "used", "starred")
# What a person does with one model; those of `OF_BIN` with one in the bin, or with "" for all.
_ACTIONS = frozenset(
    {"use", "insert", "pictures", "star", "tag", "untag", "notes", "weight"}
    | {"rename", "bin", "hash", "default", "edition"}
)
OF_BIN = frozenset({"restore", "remove", "empty"})
# What is done to all models, whichever is open.
OF_ALL = frozenset({"hash_all", "stop_hashing"})
# Pixels of a preview's longer side: in a card, and in the drawer.
CARD_SIDE, DRAWER_SIDE = 112, 512
# Seconds after which an answer is sent with the previews ready so far, to keep the kernel
# responsive; the browser asks again for the rest.
_ANSWER_WITHIN = 0.03


@dataclass(frozen=True)
class Card:
    """One model of the shelf.

    Attributes:
        id: Its path in the models folder.
        name: Its name in settings.
        kind: The kind of model.
        family: Its family, or "unknown".
        size: Its size in words.
        bytes: Its size.
        changed: When its file changed, in seconds since 1970.
        preview: The version of its preview picture; "" if it has none.
        words: Further words by which a search finds it.
        tags: A person's own.
        starred: Whether a person gave it a star.
        used: In how many saved pictures it was used.
        refused: Why it cannot be used; "" if it can.
        unfit: Why it cannot be picked now; "" if it can.
    """

    id: str
    name: str
    kind: str
    family: str
    size: str = ""
    bytes: int = 0
    changed: float = 0
    preview: str = ""
    words: str = ""
    tags: tuple[str, ...] = ()
    starred: bool = False
    used: int = 0
    refused: str = ""
    unfit: str = ""


@dataclass(frozen=True)
class Action:
    """A button of the drawer: `name` is what is done, such as "use", `label` its words."""

    name: str
    label: str
    text: str = ""


@dataclass(frozen=True)
class Details:
    """The content of a model's drawer.

    Attributes:
        facts: Labels and values of a table.
        actions: The buttons; the first is the primary one.
        words: Trigger words; a click inserts one.
        about: What others say of it, plain text.
        notes: A person's own, plain text.
        weight: The weight that it is added with; None where it has none, "" for the usual.
        known_tags: Tags to suggest.
        changes: The buttons that change its file.
        fixed: Why it cannot be changed, such as that it is another program's; "" if it can.
        hint: Where a model without a button is chosen.
    """

    facts: tuple[tuple[str, str], ...] = ()
    actions: tuple[Action, ...] = ()
    words: tuple[str, ...] = ()
    about: str = ""
    notes: str = ""
    weight: str | None = None
    known_tags: tuple[str, ...] = ()
    changes: tuple[Action, ...] = ()
    fixed: str = ""
    hint: str = ""


@dataclass(frozen=True)
class Binned:
    """A model in the bin: its `id`, its `name`, and what it is in words."""

    id: str
    name: str
    about: str


# A card's fields in order; `dataclasses.astuple` takes a second for ten thousand cards.
_row = attrgetter(*(field.name for field in fields(Card)))


class ModelsShelf(anywidget.AnyWidget):
    """Cards with search, filters and sort; a card opens a drawer with all that is known of it.

    The cards stay in Python, and the browser asks for them. `search`, `kind`, `family` and `sort`
    (one of `SORTS`) are what a person chose, `opened` the id of the card in the drawer or "",
    `picking` the title of the choice that is asked for, or "".

    Args:
        preview: returns the content of a preview's file for a card's id and the pixels of its
            longer side.
        details: returns the drawer's content for a card's id.
    """

    _esm = Path(__file__).with_suffix(".bundle.js")
    _css = Path(__file__).with_suffix(".css")

    # Increased whenever the browser's copies may be out of date.
    generation = traitlets.Int(0).tag(sync=True)
    search = traitlets.Unicode("").tag(sync=True)
    kind = traitlets.Unicode(ALL).tag(sync=True)
    family = traitlets.Unicode(ALL).tag(sync=True)
    sort = traitlets.Enum(SORTS, "name").tag(sync=True)
    opened = traitlets.Unicode("").tag(sync=True)
    picking = traitlets.Unicode("").tag(sync=True)
    binned = traitlets.List(traitlets.List()).tag(sync=True)  # rows of `Binned`
    # How far the hashing of all models is: text, bytes done, bytes in all; [] while none runs.
    hashing: Any = traitlets.List().tag(sync=True)
    can_find = traitlets.Bool(False).tag(sync=True)  # whether there is a search for more
    # What would be fetched for photos, in a sentence; "" if nothing of it is missing.
    photos = traitlets.Unicode("").tag(sync=True)
    # What was just done, and what takes it back: [text, action, id]; [] for nothing.
    told = traitlets.List(traitlets.Unicode()).tag(sync=True)

    def __init__(
        self,
        preview: Callable[[str, int], bytes],
        details: Callable[[str], Details],
        **traits: Any,
    ) -> None:
        super().__init__(**traits)
        self._preview, self._details = preview, details
        self._cards: dict[str, Card] = {}
        self._unfit: Mapping[str, str] = {}
        self._wanted = ALL  # the kind of the choice that is asked for
        self._act = ipw.CallbackDispatcher()
        self._refresh = ipw.CallbackDispatcher()
        self._picked = ipw.CallbackDispatcher()
        self._find = ipw.CallbackDispatcher()
        self._photos = ipw.CallbackDispatcher()
        self.on_msg(self._heard)

    @property
    def cards(self) -> Sequence[Card]:
        """The cards, refused ones too."""
        return tuple(self._cards.values())

    def on_act(self, callback: Callable[[str, str, str], object], remove: bool = False) -> None:
        """Call `callback` with an action's name, a card's id and a text; `remove` stops that."""
        self._act.register_callback(callback, remove=remove)

    def on_refresh(self, callback: Callable[[], object], remove: bool = False) -> None:
        """Call `callback` when a person wants the folder to be read again."""
        self._refresh.register_callback(callback, remove=remove)

    def on_find(self, callback: Callable[[], object], remove: bool = False) -> None:
        """Call `callback` when a person wants to look for models that are not here."""
        self._find.register_callback(callback, remove=remove)

    def on_photos(self, callback: Callable[[], object], remove: bool = False) -> None:
        """Call `callback` when a person wants the models for photos; `remove` stops that."""
        self._photos.register_callback(callback, remove=remove)

    def on_picked(self, callback: Callable[[str], object], remove: bool = False) -> None:
        """Call `callback` with the id of the picked card, or "" if a person chose none."""
        self._picked.register_callback(callback, remove=remove)

    def show(self, cards: Sequence[Card]) -> None:
        """Show these cards; a drawer whose model is gone is closed."""
        self._cards = {card.id: card for card in cards}
        with self.hold_sync():
            if self.opened not in self._cards:
                self.opened = ""
            self.generation += 1

    def show_bin(self, binned: Sequence[Binned]) -> None:
        """Show these models in the bin."""
        self.binned = [list(astuple(one)) for one in binned]

    def tell(self, text: str, action: str = "", identity: str = "") -> None:
        """Say what was done.

        Args:
            text: A sentence; "" for none.
            action: The action that takes it back, "restore"; "" for none.
            identity: The id of what that action is done to.
        """
        self.told = [text, action, identity] if text else []

    def pick(self, kind: str, title: str, unfit: Mapping[str, str]) -> None:
        """Ask for one model; `on_picked` reports the answer.

        Args:
            kind: the kind of model; the cards of others are not shown.
            title: the question, such as "Add a LoRA to Face".
            unfit: why a card cannot be picked, by its id.
        """
        self._unfit, self._wanted = unfit, kind
        with self.hold_sync():
            self.opened, self.search, self.family = "", "", ALL
            self.kind, self.picking = kind, title
            self.generation += 1

    def stop_picking(self) -> None:
        """Take the question back, and show every kind again."""
        self._unfit, self._wanted = {}, ALL
        with self.hold_sync():
            self.picking, self.kind, self.search = "", ALL, ""
            self.generation += 1

    def _heard(self, _widget: object, content: dict[str, Any], _buffers: object) -> None:
        kind, identity = content.get("kind"), content.get("id", "")
        if kind == "cards":
            rows = [_row(self._with_unfit(card)) for card in self._cards.values()]
            self.send({"kind": "cards", "generation": self.generation, "rows": rows})
        elif kind == "previews":
            self._send_previews(content["ids"])
        elif kind == "refresh":
            self._refresh()
        elif kind == "find":
            self._find()
        elif kind == "photos":
            self._photos()
        elif kind == "picked" and self.picking:
            self._answer(identity)
        elif kind == "act" and content["action"] in OF_BIN | OF_ALL:
            self._act(content["action"], identity, "")
        elif identity in self._cards:
            if kind == "details":
                self._send_details(identity)
            elif kind == "act" and content["action"] in _ACTIONS:
                self._act(content["action"], identity, str(content.get("text", "")))

    def _with_unfit(self, card: Card) -> Card:
        return replace(card, unfit=self._unfit[card.id]) if card.id in self._unfit else card

    def _answer(self, identity: str) -> None:
        card = self._cards.get(identity)
        fits = card is not None and not card.refused and card.kind == self._wanted
        if identity and (not fits or identity in self._unfit):
            return
        self.stop_picking()
        self._picked(identity)

    def _send_previews(self, ids: Sequence[str]) -> None:
        """Send as many previews as there is time for, at least one."""
        end = time.monotonic() + _ANSWER_WITHIN
        found, missing, pictures = list[str](), list[str](), list[bytes]()
        for identity in filter(self._cards.__contains__, ids):
            try:
                pictures.append(self._preview(identity, CARD_SIDE))
                found.append(identity)
            except (MediaLabError, OSError):  # shown as a card without one
                missing.append(identity)
            if time.monotonic() > end:
                break
        self.send({"kind": "previews", "ids": found, "missing": missing}, pictures)

    def _send_details(self, identity: str) -> None:
        pictures = []
        if self._cards[identity].preview:
            try:
                pictures = [self._preview(identity, DRAWER_SIDE)]
            except (MediaLabError, OSError):  # removed or damaged since
                pictures = []
        content = {"kind": "details", "id": identity, **asdict(self._details(identity))}
        self.send(content, pictures)
