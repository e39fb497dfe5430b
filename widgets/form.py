"""The left column: an input for every setting of a request, made from the config model."""

from collections.abc import Callable, Collection, Mapping
from html import escape
from typing import Any

import ipywidgets as ipw

from medialab import PipelineConfig
from medialab.pictures.store import PictureStore
from medialab.settings.fields import StageConfig
from medialab.settings.samplers import SAMPLERS, SCHEDULES
from medialab.stages import MODES, STAGES
from medialab.stages.prompt import PromptConfig
from medialab.stages.txt2img import Txt2ImgConfig
from widgets.catalogue import Catalogue
from widgets.collapsible import Collapsible
from widgets.fields import Fields, set_value
from widgets.guard import Show, guarded
from widgets.input_context import InputContext
from widgets.seed import SeedInput
from widgets.set_aside import SetAsideLine
from widgets.shapes import Shape, shapes_of
from widgets.size import SizeInput
from widgets.source import SourcePanel
from widgets.stage_card import StageCard

GENERATE, ENHANCE, BATCH = "generate", "enhance", "batch"
# The settings of each section, in order; the others are placed by the stage that they belong to.
_TEXTS = ("prompt", "negative_prompt")
_MODEL = ("checkpoint", "vae")
_SAMPLING = ("steps", "guidance_scale", "sampler", "schedule", "batch_size")
_LORAS = ("loras",)
_APART = ("width", "height", "seed", "mode", "image", "made_for")
_ROWS = {"prompt": 4, "negative_prompt": 2}
_PLACEHOLDERS = {
    "prompt": "a smiling person with red hair, blue shirt",
    "negative_prompt": "what should not be in the picture",
}


class Form(ipw.VBox):
    """Inputs for all settings; `task` is `GENERATE`, `ENHANCE` or `BATCH`.

    Args:
        catalogue: the names that menus offer.
        pictures: the store of start pictures.
        shown: stores the picture on the canvas and returns its name.
        mask: stores the painted mask and returns its name.
        refresh: a button to stand beside the checkpoint.
        show_error: shows an error of a callback.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        pictures: PictureStore,
        shown: Callable[[], str],
        mask: Callable[[], str],
        refresh: ipw.Widget,
        show_error: Show,
    ) -> None:
        self.task = GENERATE
        self._listeners: list[Callable[[], object]] = []
        self._muted = 0
        # For each mask of the config that was shown: the picture it was painted on.
        self._made_for: dict[str, str] = {}
        # For each mask painted since: its start picture, and the identity of the generated picture.
        self._painted_on: dict[str, str] = {}
        self._painted_for: dict[str, str] = {}
        self._catalogue = catalogue
        self.context = InputContext(
            catalogue, show_error, self._insert, shown, mask, self._base, pictures.changes
        )
        self._shapes = dict(shapes_of(PipelineConfig))
        self.cards = {
            name: StageCard(name, _titles().get(name, shape.label), shape.kind, self.context)
            for name, shape in self._shapes.items()
            if _is_stage(shape)
        }
        self.source = SourcePanel(pictures, self.context)
        self.size = SizeInput(show_error)
        self.seed = SeedInput(self.context, show_error)
        self.set_aside = SetAsideLine(show_error)
        self._refused = ipw.HTML()
        self._refused.add_class("mls-refused")
        self._sections = self._make_sections()
        self._texts = self._sections["texts"]
        for name in _TEXTS:
            self[name].rows = _ROWS[name]
            self[name].placeholder = _PLACEHOLDERS[name]
        super().__init__(self._arranged(refresh))
        self.add_class("mls-form")
        show_only_in(self["prompt"], GENERATE, ENHANCE)
        self["sampler"].observe(guarded(lambda _: self._offer_schedules(), show_error), "value")
        self.source.mode.observe(guarded(lambda _: self._show_mode(), show_error), "value")
        catalogue.on_refresh(self._show_refused)
        self._offer_schedules()
        self._show_mode()
        self._listen()

    def __getitem__(self, name: str) -> ipw.DOMWidget:
        """Return the input of a setting of the whole picture; raise KeyError for any other."""
        if name == "seed":
            return self.seed.number
        for fields in self._sections.values():
            if name in fields.inputs:
                return fields.inputs[name]
        raise KeyError(name)

    @property
    def refused(self) -> str:
        """The checkpoints that cannot be used and why, as HTML; empty if all can."""
        return str(self._refused.value)

    def read(self) -> dict[str, Any]:
        """Return all settings; those without a value are omitted, so have their default."""
        values: dict[str, Any] = {"seed": self.seed.number.value}
        for fields in self._sections.values():
            values |= fields.read()
        values |= {name: card.read() for name, card in self.cards.items()}
        values |= self.source.read() if self.task == ENHANCE else self.size.read()
        values["made_for"] = dict(self._made_for)
        values["made_for"] |= self._painted_on if self.task == ENHANCE else self._painted_for
        return {name: value for name, value in values.items() if value is not None}

    def show(self, config: PipelineConfig) -> None:
        """Set every input from a config; listeners are called once."""
        settings = dict(config)
        self._muted += 1
        try:
            for name in ("checkpoint", "sampler"):  # first, since other inputs depend on them
                set_value(self[name], settings[name])
            for fields in self._sections.values():
                fields.show(settings)
            self.seed.number.value = settings["seed"]
            for name, card in self.cards.items():
                card.show(dict(settings[name]))
            self.source.show(settings)
            (self.size if config.mode == "txt2img" else self.source.size).show(config)
            self._made_for = dict(config.made_for)
            self._painted_on, self._painted_for = {}, {}
        finally:
            self._muted -= 1
        self._changed()

    @property
    def is_showing(self) -> bool:
        """Whether the program is setting the inputs just now, not a person."""
        return self._muted > 0

    def set(self, changes: Mapping[tuple[str, str], Any]) -> None:
        """Set single settings; listeners are called once.

        Args:
            changes: values by stage ("" for the whole picture) and setting; None removes the
                input of an optional setting.
        """
        self._muted += 1
        try:
            for (stage, name), value in changes.items():
                if stage:
                    self.cards[stage].fields.set(name, value)
                elif name == "image":
                    self.source.image = value
                else:
                    set_value(self[name], value)
        finally:
            self._muted -= 1
        self._changed()

    def free(self, masks: Collection[str]) -> None:
        """Remove the link of these masks to a picture."""
        for bound in (self._made_for, self._painted_on, self._painted_for):
            for mask in masks:
                bound.pop(mask, None)

    def painted(self, mask: str, made: str | None = None) -> None:
        """Use a mask that a person has painted on the start picture.

        Args:
            mask: the stored mask's name.
            made: the start picture's identity if it was generated; see
                `medialab.runs.belongings`.
        """
        if self.source.image is not None:
            self._painted_on[mask] = self.source.image
        if made is not None:
            self._painted_for[mask] = made
        self.cards["inpaint"].fields.set("mask", mask)

    def on_change(self, listener: Callable[[], object]) -> None:
        """Call `listener` after each change of a setting."""
        self._listeners.append(listener)

    def _make_sections(self) -> dict[str, Fields]:
        """Return the inputs of all top-level settings, by section."""
        flat = {
            name: shape
            for name, shape in self._shapes.items()
            if name not in _APART and not _is_stage(shape)
        }
        placed = {"texts": _TEXTS, "model": _MODEL, "sampling": _SAMPLING, "loras": _LORAS}
        sections = {
            section: Fields([flat.pop(name) for name in names], self.context)
            for section, names in placed.items()
        }
        for name in self.source.fields.read():
            flat.pop(name, None)
        advanced = [
            flat.pop(name)
            for name in (*PromptConfig.model_fields, *Txt2ImgConfig.model_fields)
            if name in flat
        ]
        sections["advanced"] = Fields(advanced, self.context)
        for stage in STAGES:  # such as Control and Finish
            own = [flat.pop(name) for name in stage.settings.model_fields if name in flat]
            if own:
                sections[stage.name] = Fields(own, self.context)
        return sections

    def _arranged(self, refresh: ipw.Widget) -> list[ipw.Widget]:
        sections = self._sections
        model = ipw.HBox([self["checkpoint"], refresh])
        model.add_class("mls-checkpoint-row")
        show_only_in(self.size, GENERATE)
        show_only_in(self.source, ENHANCE)
        for name, card in self.cards.items():
            if name in MODES:
                show_only_in(card, ENHANCE)
        flat = {
            name: Collapsible(_titles()[name], [fields], name=name)
            for name, fields in sections.items()
            if name in _titles()
        }
        cards = self.cards | flat
        ordered = [cards.pop(stage.name) for stage in STAGES if stage.name in cards]
        for card in ordered:
            card.add_class("mls-card")
        heading = ipw.HTML('<h3 class="mls-heading">Stages</h3>')
        return [
            self.set_aside,
            self.source,
            sections["texts"],
            Collapsible(
                "Model and size",
                [model, self._refused, self["vae"], self.size],
                name="model",
                opened=True,
            ),
            Collapsible(
                "Sampling", [sections["sampling"], self.seed], name="sampling", opened=True
            ),
            Collapsible("LoRAs", [sections["loras"]], name="loras-section"),
            Collapsible("Advanced", [sections["advanced"]], name="advanced"),
            heading,
            *ordered,
            *cards.values(),
        ]

    def _listen(self) -> None:
        parts: list[Fields | StageCard | SourcePanel] = [*self._sections.values()]
        for part in [*parts, *self.cards.values(), self.source]:
            part.on_change(self._changed)
        self.seed.number.observe(lambda _: self._changed(), "value")
        self.size.observe(lambda _: self._changed(), "value")

    def _changed(self) -> None:
        if not self._muted:
            for listener in self._listeners:
                listener()

    def _base(self, name: str) -> Any:
        """Return the whole picture's value of a setting, or None; overrides start from it."""
        for fields in self._sections.values() if hasattr(self, "_sections") else ():
            if name in fields.inputs:
                return fields.inputs[name].value
        return None

    def _insert(self, word: str) -> None:
        """Add a trigger word to the end of the prompt, unless it is there."""
        prompt = self["prompt"].value.strip()
        if word not in prompt:
            self["prompt"].value = f"{prompt}, {word}" if prompt else word

    def _show_mode(self) -> None:
        """Show the stage 3 card of the selected mode, and hide the others."""
        for name, card in self.cards.items():
            if name in MODES:
                chosen = name == self.source.mode.value
                card.layout.display = None if chosen else "none"
                card.opened = card.opened or chosen

    def _show_refused(self) -> None:
        refused = self._catalogue.of("checkpoint").refused
        lines = [f"<li><b>{escape(name)}</b>: {escape(why)}</li>" for name, why in refused.items()]
        count = f"{len(lines)} model{'s' if len(lines) > 1 else ''} not usable"
        listed = f"<details><summary>{count}</summary><ul>{''.join(lines)}</ul></details>"
        self._refused.value = listed if lines else ""
        self._refused.layout.display = None if lines else "none"

    def _offer_schedules(self) -> None:
        """Offer the schedules that the sampler supports; select "automatic" if needed."""
        menu = self["schedule"]
        can = SAMPLERS[self["sampler"].value].schedules
        chosen = menu.value
        menu.options = [name for name in SCHEDULES if name == "automatic" or name in can]
        menu.value = chosen if chosen in menu.options else "automatic"


def _titles() -> dict[str, str]:
    return {stage.name: stage.title for stage in STAGES}


def _is_stage(shape: Shape) -> bool:
    return isinstance(shape.kind, type) and issubclass(shape.kind, StageConfig) and not shape.many


def show_only_in(part: ipw.DOMWidget, *tasks: str) -> None:
    """Show a part only in these tasks; the style sheet hides it in the others."""
    for task in (GENERATE, ENHANCE, BATCH):
        if task not in tasks:
            part.add_class(f"mls-not-{task}")
