"""The stages in the form: a row for each that is on, and a sheet for the one that is opened."""

from collections.abc import Callable, Mapping
from typing import Any

from medialab.stages import MODES, STAGES, TITLES
from widgets.arrangement import MORE
from widgets.arrangement import STAGES as ARRANGED
from widgets.form_shapes import OF_STAGES, WHOLE
from widgets.form_sheet import FormState, StageSheet, draw_sheet
from widgets.form_values import FROM_NOISE
from widgets.guard import Show
from widgets.sheet import Sheet
from widgets.stage_list import StageList

PART_TITLES = {**TITLES, WHOLE: "Whole picture"}
_HELP = {
    "control": "Follow the outlines, depth or pose of a picture",
    "refiner": "Enlarge, and draw again with more detail",
    "body": "Draw each body again, larger",
    "face": "Draw each face again, larger",
    "hand": "Draw each hand again, larger",
    "upscaler": "Enlarge the finished picture",
}
# A stage's own settings that its row tells in a word; of a list, for one and for many.
_TOLD = (
    ("detections", "1 edited box", "{} edited boxes"),
    ("mask", "its own mask", ""),
    ("checkpoint", "{}", ""),
    ("loras", "1 LoRA", "{} LoRAs"),
    ("control", "1 ControlNet", "{} ControlNets"),
    ("prompt", "its own prompt", ""),
)


class FormStages:
    """The list of stages, and the place for the sheet of one of them.

    Args:
        state: the form's values, fields and messages.
        make_sheet: makes a sheet that the form listens to.
        show_error: shows an error of a callback.
    """

    def __init__(
        self, state: FormState, make_sheet: Callable[[str], Sheet], show_error: Show
    ) -> None:
        self._state, self._make = state, make_sheet
        # Stages whose rows stay though they are off: they were on, or have been asked for.
        self._kept: set[str] = set()
        self._sheets: dict[str, Sheet] = {}
        self.opened = ""
        self.list = StageList()
        self.place = StageSheet(show_error)

    def keep(self, name: str) -> None:
        """Keep the row of a stage while it is off."""
        self._kept.add(name)

    def forget(self) -> None:
        """Keep only the rows of stages that are on: the form shows another config."""
        self._kept.clear()

    def open(self, name: str) -> None:
        """Show the sheet of a stage, made when it is first opened; "" for none."""
        if name and name not in self._sheets:
            self._sheets[name] = self._make(name)
        self.opened = name
        self.place.show_sheet(self._title(name) if name else "", self._sheets.get(name))

    def part_of(self, name: str) -> str:
        """Return the sheet in which a value stands; "" for those always in sight."""
        stage = name.rpartition(".")[0]
        if stage in OF_STAGES:
            return stage
        for part, arrangement in {WHOLE: MORE, **ARRANGED}.items():
            if part not in OF_STAGES and name in arrangement.names():
                return part
        return ""

    def offer_words(self, words: list[dict[str, str]]) -> None:
        """Offer words in the prompts of all sheets."""
        for sheet in self._sheets.values():
            sheet.words = words

    def close(self) -> None:
        """Close all sheets, those that are not shown too."""
        for sheet in self._sheets.values():
            sheet.layout.close()
            sheet.close()

    def draw(self) -> None:
        """Show rows and the opened sheet as they are now."""
        names = self._names()
        fields, rows = [], []
        for name in names:
            rows.append(self._row(name))
            fields += self._fields(name)
        off = [name for name in ("control", *OF_STAGES) if self._is_offered(name, names)]
        ordered = [stage.name for stage in STAGES if stage.name in off]
        draw_sheet(self.list, self._state, fields)
        with self.list.hold_sync():
            self.list.rows = rows
            self.list.more = [
                {"name": name, "title": PART_TITLES[name], "help": _HELP.get(name, "")}
                for name in ordered
            ]
            self.list.opened = self.opened
        if self.opened:
            fields, groups = self._state.fields.of(self.opened)
            draw_sheet(self._sheets[self.opened], self._state, fields, groups=groups)

    def _names(self) -> list[str]:
        """Return the stages that have a row, in their order."""
        values = self._state.values
        found = [WHOLE]
        for stage in STAGES:
            name = stage.name
            if name not in ARRANGED and name not in OF_STAGES:
                continue
            if name in MODES:
                if name == values.mode != FROM_NOISE:
                    found.append(name)
            elif self._is_on(name):
                self._kept.add(name)
                found.append(name)
            elif name in self._kept:
                found.append(name)
        return found

    def _is_on(self, name: str) -> bool:
        values = self._state.values
        if name == "control":
            return bool(values.value("control"))
        return bool(values.value(_switch(name))) if _switch(name) in values else True

    def _is_offered(self, name: str, shown: list[str]) -> bool:
        return name not in shown and name not in MODES and self._state.limits.has(name)

    def _row(self, name: str) -> dict[str, Any]:
        main = self._main(name)
        return {
            "name": name,
            "title": self._title(name),
            "switch": _switch(name) if _switch(name) in self._state.values else "",
            "main": main["name"] if main else "",
            "note": self._note(name),
            "message": self._message(name, main),
        }

    def _title(self, name: str) -> str:
        """Return a row's title: the rest of the picture's settings are those of its first stage."""
        if name == WHOLE and self._state.values.mode == FROM_NOISE:
            return PART_TITLES[FROM_NOISE]
        return PART_TITLES[name]

    def _main(self, name: str) -> Mapping[str, Any] | None:
        return None if name == WHOLE else self._state.fields.main(name)

    def _fields(self, name: str) -> list[dict[str, Any]]:
        """Return the fields of a stage's row: its switch and its slider."""
        found: list[dict[str, Any]] = []
        if (switch := _switch(name)) in self._state.values:
            found.append({"name": switch, "label": PART_TITLES[name], "kind": "tick"})
        main = self._main(name)
        return [*found, {**main, "group": ""}] if main else found

    def _note(self, name: str) -> str:
        values = self._state.values
        if name == "control":
            models = [str(unit.get("model") or "?") for unit in values.value("control")]
            return ", ".join(models)
        main = self._main(name)
        # A stage without a switch is known by no one slider: its row tells which it has.
        is_told = main is not None and name not in MODES and _switch(name) not in values
        told = [str(main["label"])] if main and is_told else []
        for setting, one, many in _TOLD if name in OF_STAGES else ():
            if (name, setting) == ("inpaint", "mask"):  # it has no other
                continue
            value = values.value(f"{name}.{setting}") if f"{name}.{setting}" in values else None
            if value:
                count = len(value) if isinstance(value, list) else 1
                told.append(one.format(value) if count == 1 else many.format(count))
        return " · ".join(told)

    def _message(self, name: str, main: Mapping[str, Any] | None) -> str:
        """Return what is wrong in a stage's sheet, but for what stands beside its slider."""
        seen = {main["name"]} if main else set()
        wrong = [field for field in self._state.messages.fields if self.part_of(field) == name]
        texts = [
            message.text
            for field in sorted(wrong)
            if field not in seen and (message := self._state.messages.of(field))
        ]
        return texts[0] if texts else ""


def _switch(name: str) -> str:
    return f"{name}.enabled"
