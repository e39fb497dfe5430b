"""The left column: the settings of a request, as plain values behind a few sheets."""

import re
import threading
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

import ipywidgets as ipw

from medialab import PipelineConfig, Workbench
from medialab.errors import MediaLabError, PictureError
from widgets.catalogue import Catalogue
from widgets.form_fields import GROUPS, FormFields
from widgets.form_inherited import FormInherited
from widgets.form_limits import FormLimits
from widgets.form_messages import (
    FormMessages,
    Message,
    about,
    message_of,
    tag_at_fault,
    without_tag,
)
from widgets.form_notes import limit_notes, notes_of
from widgets.form_pictures import FormPictures
from widgets.form_shapes import SIDES
from widgets.form_sheet import FormState, draw_sheet
from widgets.form_stages import FormStages
from widgets.form_values import FROM_NOISE, FormValues
from widgets.guard import Show, guarded
from widgets.lora_fields import with_lora
from widgets.model_defaults import ModelDefaults
from widgets.set_aside import SetAsideLine
from widgets.sheet import Sheet

Paste = Callable[[str], bool]
# The action of a field's button that varies it.
_SWEEP = "sweep"


class Pressed(NamedTuple):
    """A button that was pressed: its field, such as "face.loras", and what it says besides."""

    field: str
    detail: Any = None


class Form(ipw.VBox):
    """The settings of a request: the start picture, the prompt, the picture's and each stage's.

    Code reads and sets them by name: `form.value("steps")`, `form.set({"face.enabled": True})`.

    Args:
        catalogue: the names that menus offer.
        bench: the workbench, whose store has the pictures.
        defaults: the settings that checkpoints begin with.
        show_error: shows an error of a callback.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        bench: Workbench,
        defaults: ModelDefaults,
        show_error: Show,
    ) -> None:
        self._catalogue, self._bench, self._defaults = catalogue, bench, defaults
        self._show_error = show_error
        self._values = FormValues(defaults.picture)
        self._limits = FormLimits(self._values, defaults)
        self._inherited = FormInherited(self._values, defaults)
        self._fields = FormFields(self._values, catalogue, self._limits)
        self._messages = FormMessages(self._values.read)
        self.pictures = FormPictures(bench, self._values, self.set)
        self._state = FormState(
            self._values, self._fields, self._inherited, self._limits, self._messages
        )
        self._listeners: list[Callable[[], object]] = []
        self._acts: dict[tuple[str, str], Callable[[Pressed], object]] = {}
        self._next_steps: dict[str, tuple[str, Callable[[], object]]] = {}
        self._takes_paste: Paste = lambda _: False
        self._sweep: Callable[[str], object] = lambda _: None
        self._muted = 0
        self._drawing = threading.Lock()  # the worker draws, too, after each picture
        self._start: tuple[str, tuple[int, int] | None] = ("", None)
        self.set_aside = SetAsideLine(show_error)
        self.start = self._sheet("start")
        self.basics = self._sheet("basics")
        self.stages = FormStages(self._state, self._sheet, show_error)
        super().__init__(
            [self.set_aside, self.start, self.basics, self.stages.list, self.stages.place]
        )
        self.add_class("mls-form")
        self.stages.list.on_change(guarded(self._took, show_error))
        self.stages.list.on_add(guarded(self.add_stage, show_error))
        self.stages.list.on_open(guarded(self._open_from_list, show_error))
        self.stages.place.on_close(guarded(lambda: self.open_sheet(""), show_error))
        self.offer_action("loras", "insert", lambda at: self.add_to_prompt(at.detail))
        self.offer_action("loras", "also", self._use_elsewhere)
        catalogue.on_refresh(guarded(self._refreshed, show_error))

    # --- values -----------------------------------------------------------------------------------
    def value(self, name: str) -> Any:
        """Return a value by its name: `steps` of the whole picture, `face.steps` of a stage.

        Raises:
            KeyError: there is none.
        """
        return self._values.value(name)

    def in_force(self, name: str) -> Any:
        """Return a value of the whole picture; where it is left open, that of the checkpoint."""
        return self._values.in_force(name)

    @property
    def mode(self) -> str:
        """The mode of the request: text to image while there is no start picture."""
        return self._values.mode

    def read(self) -> dict[str, Any]:
        """Return all settings as `PipelineConfig.parse` takes them."""
        return self._values.read()

    def set(self, changes: Mapping[str, Any]) -> None:
        """Set some values; listeners are called once if any is another now.

        Raises:
            KeyError: there is no value of such a name; none is set.
        """
        self._change(changes)

    def show(self, config: PipelineConfig) -> None:
        """Set every value from a config; listeners are called once."""
        self._muted += 1
        try:
            self._values.show(config)
            self._messages.clear()
            self.stages.forget()
            self._draw()
        finally:
            self._muted -= 1
        self._tell()

    def on_change(self, listener: Callable[[], object]) -> None:
        """Call `listener` after each change of a value."""
        self._listeners.append(listener)

    def on_paste(self, take: Paste) -> None:
        """Call `take` with each new prompt; where it returns True, the prompt stays as it was."""
        self._takes_paste = take

    def add_lora(self, lora: Mapping[str, Any], field: str = "loras") -> None:
        """Add a LoRA to the whole picture's, or a stage's, unless it is there.

        Without a weight it gets the one that is noted for it.
        """
        whole = {**self._catalogue.lora(lora["name"]), **lora}
        self.set({field: with_lora(self._values.value(field), whole)})

    def add_to_prompt(self, text: str) -> None:
        """Add a word or a tag to the end of the prompt, unless it stands there as a whole."""
        prompt = str(self._values.value("prompt")).strip()
        if not _stands_in(prompt, text):
            self.set({"prompt": f"{prompt}, {text}" if prompt else text})

    def _use_elsewhere(self, pressed: Pressed) -> None:
        """Add a LoRA to another list, with the weight that it has in its own."""
        name, place = pressed.detail["name"], pressed.detail["to"]
        own = self._values.value(pressed.field) or ()
        for lora in own:
            if lora["name"] == name:
                self.add_lora(lora, place)

    # --- what belongs to a picture ----------------------------------------------------------------
    def free(self, masks: Collection[str]) -> None:
        """Remove the link of these masks to a picture."""
        self._values.free(masks)

    def painted(
        self, mask: str, made: str | None = None, changes: Mapping[str, Any] | None = None
    ) -> None:
        """Use a mask that a person has painted on the start picture.

        Args:
            mask: the stored mask's name.
            made: the start picture's identity if it was generated; see
                `medialab.runs.belongings`.
            changes: values to set at once with it, such as another start picture.
        """
        changes = dict(changes or {})
        self._values.painted(mask, made, changes.get("image"))
        self.set(changes | {"inpaint.mask": mask})

    # --- the seed ---------------------------------------------------------------------------------
    @property
    def last_seed(self) -> int | None:
        """The seed of the last finished picture; None before the first."""
        return self._inherited.last_seed

    def remember_seed(self, seed: int) -> None:
        """Store the seed of a finished picture, and offer to hold it."""
        self._inherited.last_seed = seed
        self._draw()

    def hold_seed(self) -> None:
        """Make a random seed that of the last picture, if there is one."""
        if self._values.value("seed") is None and self.last_seed is not None:
            self.set({"seed": self.last_seed})

    # --- stages and sheets ------------------------------------------------------------------------
    def add_stage(self, name: str) -> None:
        """Switch a stage on; one without a switch gets a first unit, and shows its sheet."""
        switch = f"{name}.enabled"
        self.stages.keep(name)
        if switch in self._values:
            self.set({switch: True})
        else:
            fields, _ = self._fields.of(name)
            blanks = {one["name"]: dict(one["blank"]) for one in fields if "blank" in one}
            for field, blank in blanks.items():
                if blank.get("model") and not self.value(field):  # there is one to begin with
                    self.set({field: [blank]})
            self.open_sheet(name)

    def open_sheet(self, name: str) -> None:
        """Show the sheet of a stage in the column's place; "" closes it."""
        self.stages.open(name)
        (self.add_class if name else self.remove_class)("mls-form-opened")
        self._draw()

    def _open_from_list(self, name: str) -> None:
        """Show the sheet of a stage; where something in it is wrong, at that."""
        self.open_sheet(name)
        wrong = [field for field in self._messages.fields if self.stages.part_of(field) == name]
        if name and wrong and self.stages.place.sheet is not None:
            self.stages.place.sheet.bring_into_view(min(wrong))

    def reveal(self, name: str) -> None:
        """Have the field of a value seen: its sheet is opened, and it gets the focus."""
        part = self.stages.part_of(name)
        self.open_sheet(part)
        sheet = self.stages.place.sheet if part else self._sheet_with(name)
        if sheet is not None:
            sheet.reveal(name)

    def on_sweep(self, sweep: Callable[[str], object]) -> None:
        """Call `sweep` with the name of a setting that a person wants to vary."""
        self._sweep = sweep

    def offer_action(self, field: str, action: str, act: Callable[[Pressed], object]) -> None:
        """Call `act` when a button of a field is pressed.

        Args:
            field: the field's name without its stage, such as "image".
            action: the button's name.
            act: what it does.
        """
        self._acts[field, action] = act

    # --- messages ---------------------------------------------------------------------------------
    def say(self, field: str, message: Message | None) -> None:
        """Say something beside a field until it is changed; None takes that back."""
        self._messages.say(field, message)
        self._draw()

    def tell(self, error: BaseException) -> bool:
        """Show an error beside the field that it is about; return False if it is about none."""
        if self._messages.has_faults_of(error):
            self._bring_into_view(min(self._messages.fields))
            return True
        is_start = self.mode != FROM_NOISE
        field = about(error, is_start=is_start)
        if not isinstance(error, MediaLabError) or not self._has(field):
            return False
        if field == "loras" and not self._lists_missing_lora():
            field = "prompt"  # a tag there names it
        is_choice = field not in {"loras", "prompt", "styles", "control"}
        use = (lambda choice: self.set({field: choice})) if is_choice else None
        message = message_of(error, use)
        prompt = str(self._values.value("prompt") or "")
        if field == "prompt" and (tag := tag_at_fault(error, prompt)):
            rest = {"prompt": without_tag(prompt, tag)}
            message = message._replace(label="Remove the tag", act=lambda: self.set(rest))
        button = self._next_steps.get(field)
        if message.act is None and button is not None:
            message = message._replace(label=button[0], act=button[1])
        self.say(field, message)
        self._bring_into_view(field)
        return True

    def offer_next_step(self, field: str, label: str, act: Callable[[], object]) -> None:
        """Have errors about a field come with a button, such as "Paint a mask"."""
        self._next_steps[field] = label, act

    def _bring_into_view(self, field: str) -> None:
        """Have a message seen: beside its field, or in the row of the stage that has it."""
        part = self.stages.part_of(field)
        if self.stages.opened not in {"", part}:
            self.open_sheet("")
        sheet = self.stages.place.sheet if part == self.stages.opened else self.stages.list
        if not part:
            sheet = self._sheet_with(field)
        if sheet is not None:
            sheet.bring_into_view(part if sheet is self.stages.list else field)

    def _lists_missing_lora(self) -> bool:
        known = {info.name for info in self._catalogue.infos if info.kind == "lora"}
        return any(lora["name"] not in known for lora in self._values.value("loras") or ())

    def _has(self, field: str) -> bool:
        return field in self._values or field == "mode"

    def said(self, field: str) -> str:
        """Return what is said beside a field, or an empty text."""
        message = self._messages.of(field)
        return message.text if message else ""

    def close(self) -> None:
        """Close the form with all of its sheets, those that are not shown too."""
        self.stages.close()
        super().close()

    # --- drawing ----------------------------------------------------------------------------------
    def show_tokens(self, tokens: Mapping[str, str]) -> None:
        """Show the number of tokens beside each prompt."""
        self.basics.tokens = dict(tokens)

    def _sheet(self, name: str) -> Sheet:
        sheet = Sheet(words=self._catalogue.words)
        sheet.add_class(f"mls-form-{name}")
        sheet.on_change(guarded(self._took, self._show_error))
        sheet.on_action(guarded(self._act, self._show_error))
        self.pictures.attach(sheet)
        return sheet

    def _sheet_with(self, name: str) -> Sheet | None:
        for sheet in (self.start, self.basics):
            if any(field["name"] == name for field in sheet.fields):
                return sheet
        return None

    def _refreshed(self) -> None:
        """Take the models that are there now; a checkpoint that is gone gives way to another."""
        self._defaults.forget()
        for sheet in (self.start, self.basics):
            sheet.words = self._catalogue.words
        self.stages.offer_words(self._catalogue.words)
        names = self._catalogue.of("checkpoint").names
        chosen = self._values.value("checkpoint")
        if names and chosen not in names:
            self._change({"checkpoint": self._catalogue.first_checkpoint})
        else:
            self._draw()

    def _took(self, name: str, value: Any) -> None:
        """Take a person's change of a field."""
        if name in SIDES:
            sides = value or {}
            width, height = SIDES[name]
            self._change({width: sides.get("width"), height: sides.get("height")})
        else:
            self._change({name: value})

    def _act(self, field: str, action: str, detail: Any) -> None:
        """Do what a button of a field says."""
        if self._messages.press(field, action):
            self._draw()
            return
        if action == _SWEEP:
            self._sweep(f"{field}{detail or ''}")
            return
        act = self._acts.get((field.rpartition(".")[2], action))
        if act is not None:
            act(Pressed(field, detail))

    def _change(self, changes: Mapping[str, Any]) -> None:
        prompt = changes.get("prompt")
        if prompt is not None and not self._muted and self._takes_paste(prompt):
            changes = {name: value for name, value in changes.items() if name != "prompt"}
        changed = self._values.set(changes)
        if changed & {"sampler", "checkpoint"}:
            self._fit_schedule()
        self._messages.changed(changed)
        self._draw()
        if changed:
            self._tell()

    def _fit_schedule(self) -> None:
        """Make a schedule that the sampler lacks with the checkpoint automatic."""
        can = self._limits.schedules()
        if self._values.in_force("schedule") not in {*can, None}:
            self._values.set({"schedule": "automatic"})

    def _tell(self) -> None:
        if not self._muted:
            for listener in self._listeners:
                listener()

    def _start_size(self) -> tuple[int, int] | None:
        """Return the start picture's size in pixels; read once for each picture."""
        name = self._values.value("image")
        if name is None:
            return None
        if self._start[0] != name:
            found = None
            with suppress(PictureError):  # a missing picture is reported when it is used
                found = self._bench.pictures.size(name)
            self._start = name, found
        return self._start[1]

    def _draw(self) -> None:
        """Show values, fields and messages as they are now; on any thread."""
        with self._drawing:
            self._draw_sheets()
        if (opened := self.stages.place.sheet) is not None:
            self.pictures.refresh(opened)

    def _draw_sheets(self) -> None:
        checkpoint = str(self._values.value("checkpoint") or "")
        native = self._fields.native = self._defaults.native_size(checkpoint)
        notes = notes_of(self._values, native, self._start_size(), self.set)
        notes |= limit_notes(self._values, self._limits, self.set)
        self._messages.note(notes)
        sizes = self._fields.sizes()
        draw_sheet(self.start, self._state, self._fields.start(), derived=sizes)
        basics = self._fields.basics()
        draw_sheet(self.basics, self._state, basics, groups=GROUPS, derived=sizes)
        self.stages.draw()


def _stands_in(prompt: str, text: str) -> bool:
    """Return whether a word or a tag stands in a prompt, and not only as a part of another word."""
    begins = r"(?<!\w)" if text[:1].isalnum() else ""
    ends = r"(?!\w)" if text[-1:].isalnum() else ""
    return re.search(f"{begins}{re.escape(text)}{ends}", prompt) is not None
