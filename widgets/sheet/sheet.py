"""The sheet: many settings in one widget, each a label, a control and what is said about it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anywidget
import ipywidgets as ipw
import traitlets

from medialab.errors import MediaLabError
from widgets.messages import text_of
from widgets.sheet.description import checked_fields
from widgets.sheet.values import from_page, to_page
from widgets.uploads import Uploads
from widgets.words import checked_words

OnChange = Callable[[str, Any], object]
OnAction = Callable[[str, str, Any], object]
OnUpload = Callable[[str, str, bytes], object]


@dataclass(frozen=True)
class Thumbnail:
    """What a picture's slot shows.

    Attributes:
        image: the content of a small JPEG or PNG.
        about: its size and what was done to it, in words.
        prepared: such a picture of what a model will get of it, as a ControlNet does; or b"".
    """

    image: bytes
    about: str = ""
    prepared: bytes = b""


OnThumbnail = Callable[[str, str], Thumbnail]


class Sheet(anywidget.AnyWidget):
    """Many settings: their descriptions, their values, and what is said about them.

    `fields` describes the settings, each a `Field`, in order. `values` has the value of each by
    name; None for one that is inherited or automatic. `inherited` has what is in force meanwhile,
    a value or a text, or a dict of `value` and `note` ("as the picture"); it is shown greyed.

    `groups` are the headings, each a dict of `name` and `title`; one with `folded`, true or false,
    can be folded away, and begins so or open. `messages` are shown beside fields by name: each a
    dict of `text` and perhaps `action` (a button, a dict of `name` and `label`) and `level` ("note"
    for what is no fault). `disabled` has the reason why a field cannot be set, by name.

    `words` are what prompts offer while a person types, see `checked_words`; `tokens` has a short
    text for each prompt, such as "23 / 75 tokens".

    All traits are replaced, never changed in place. Callbacks report a person's actions alone, and
    are called in the order they were registered.
    """

    _esm = Path(__file__).with_suffix(".bundle.js")
    _css = Path(__file__).with_suffix(".css")

    fields = traitlets.List(traitlets.Dict()).tag(sync=True)
    values = traitlets.Dict().tag(sync=True, to_json=lambda values, _: to_page(values))
    inherited = traitlets.Dict().tag(sync=True, to_json=lambda values, _: to_page(values))
    groups = traitlets.List(traitlets.Dict()).tag(sync=True)
    messages = traitlets.Dict().tag(sync=True)
    disabled = traitlets.Dict().tag(sync=True)
    words = traitlets.List(traitlets.Dict()).tag(sync=True)
    tokens = traitlets.Dict().tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        self._changed = ipw.CallbackDispatcher()
        self._acted = ipw.CallbackDispatcher()
        self._uploaded: list[OnUpload] = []
        self._thumbnail_of: OnThumbnail | None = None
        self._uploads = Uploads()
        self._wrong: dict[str, str] = {}
        self._is_moving = False
        super().__init__(**traits)
        self.add_class("mls-sheet-widget")
        self.on_msg(self._hear)

    @property
    def wrong(self) -> Mapping[str, str]:
        """What a person has typed that is no value at all, by field; `values` is as before."""
        return self._wrong

    @property
    def is_moving(self) -> bool:
        """Whether the change just told comes from a slider or key that is still held."""
        return self._is_moving

    def set(self, changes: Mapping[str, Any]) -> None:
        """Set some values; the others stay, and no callback is called."""
        self.values = {**self.values, **changes}

    def on_change(self, callback: OnChange, remove: bool = False) -> None:
        """Call `callback` with name and value of each setting that a person changes.

        `values` has the new value already. `remove` stops the calls.
        """
        self._changed.register_callback(callback, remove=remove)

    def on_action(self, callback: OnAction, remove: bool = False) -> None:
        """Call `callback` with field, action and detail of each button that is pressed.

        `remove` stops the calls.
        """
        self._acted.register_callback(callback, remove=remove)

    def on_upload(self, callback: OnUpload) -> None:
        """Call `callback` with field, file name and content of each file that a person gives.

        The field of a unit is named by its path, such as "control.0.image". A MediaLabError of
        the callback is shown beside the field.
        """
        self._uploaded.append(callback)

    def on_thumbnail(self, callback: OnThumbnail) -> None:
        """Call `callback` with field and value of each picture that is shown, for its thumbnail.

        A MediaLabError of the callback is shown in the picture's place.
        """
        self._thumbnail_of = callback

    def send_thumbnail(self, field: str, value: str, thumbnail: Thumbnail) -> None:
        """Show a thumbnail that was not asked for, such as one whose prepared form is new."""
        content = {"kind": "thumbnail", "field": field, "value": value, "about": thumbnail.about}
        self.send(content, [thumbnail.image, thumbnail.prepared])

    def say(self, field: str, text: str, action: Mapping[str, str] | None = None) -> None:
        """Show a message beside a field, perhaps with a button; other messages stay."""
        self.messages = {**self.messages, field: {"text": text, "action": action}}

    def reveal(self, name: str) -> None:
        """Have a field seen: its group is opened, and it gets the focus."""
        self.send({"kind": "reveal", "name": name})

    def bring_into_view(self, name: str) -> None:
        """Have a field seen with its message; the focus stays where it is."""
        self.send({"kind": "view", "name": name})

    @traitlets.validate("fields")
    def _fields_can_be_drawn(self, proposal: traitlets.Bunch) -> list[dict[str, Any]]:
        return checked_fields(proposal["value"])

    @traitlets.validate("words")
    def _words_can_be_offered(self, proposal: traitlets.Bunch) -> list[Mapping[str, str]]:
        return checked_words(proposal["value"])

    def _hear(self, _widget: object, content: dict[str, Any], buffers: list[Any]) -> None:
        match content["kind"]:
            case "change":
                self._hear_change(content)
            case "wrong":
                self._hear_wrong(content)
            case "act":
                self._acted(content["field"], content["action"], content["detail"])
            case "thumbnail":
                self._hear_thumbnail(content["field"], content["value"])
            case "part":
                self._hear_part(content, bytes(buffers[0]))
            case "abort":
                self._uploads.forget(content["upload"])

    def _hear_change(self, content: Mapping[str, Any]) -> None:
        name = content["name"]
        field = self._field(name)
        try:
            if field is not None:
                self._is_moving = bool(content["moving"])
                value = from_page(field, content["value"])
                self.set({name: value})
                self._changed(name, value)
        finally:
            self._is_moving = False
            # Until then the page shows what the person set, whatever Python says meanwhile.
            self.send({"kind": "taken", "name": name, "serial": content["serial"]})

    def _hear_wrong(self, content: Mapping[str, Any]) -> None:
        self._wrong.pop(content["name"], None)
        if content["text"] is not None:
            self._wrong[content["name"]] = str(content["text"])

    def _hear_thumbnail(self, field: str, value: str) -> None:
        if self._thumbnail_of is None:
            return
        try:
            thumbnail = self._thumbnail_of(field, value)
        except MediaLabError as error:
            thumbnail = Thumbnail(b"", text_of(error))
        self.send_thumbnail(field, value, thumbnail)

    def _hear_part(self, content: Mapping[str, Any], part: bytes) -> None:
        field, arrived = content["purpose"], None
        try:
            upload = self._uploads.take(content, part)
            if upload.is_complete:
                for callback in self._uploaded:
                    callback(field, upload.name, bytes(upload.content))
            arrived = len(upload.content)
        except MediaLabError as error:
            self.say(field, text_of(error))
        finally:
            self.send({"kind": "part", "upload": content["upload"], "arrived": arrived})

    def _field(self, name: str) -> dict[str, Any] | None:
        return next((field for field in self.fields if field["name"] == name), None)
