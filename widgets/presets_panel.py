"""The presets of a person, used on the form and saved from it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from medialab import PipelineConfig
from medialab.artifacts.differences import Difference
from medialab.errors import ConfigError, MediaLabError
from medialab.presets import Presets
from widgets.guard import Show, guarded
from widgets.messages import text_of
from widgets.model_defaults import ModelDefaults
from widgets.picture_facts import rows_of, switched_off
from widgets.preset_menu import PARTS, Changes, PresetMenu
from widgets.undo import UndoBar


class PresetsPanel:
    """The menu of presets over a form.

    Args:
        presets: the presets.
        defaults: what is known of checkpoints.
        read: returns the form's settings.
        show: sets the form.
        undo: keeps a preset that is used as one step.
        show_error: shows an error that is no preset's.
    """

    def __init__(
        self,
        presets: Presets,
        defaults: ModelDefaults,
        read: Callable[[], PipelineConfig],
        show: Callable[[PipelineConfig], object],
        undo: UndoBar,
        show_error: Show,
    ) -> None:
        self._presets, self._defaults = presets, defaults
        self._read, self._show = read, show
        self._undo, self._show_error = undo, show_error
        self.menu = PresetMenu(self._changes)
        self.menu.on_act(guarded(self.act, self._tell_error))
        self.menu.on_import(guarded(self.take, self._tell_error))
        self.refresh()

    def refresh(self) -> None:
        """List the presets again."""
        self.menu.presets = [
            {
                "name": name,
                "description": preset.description,
                "shipped": self._presets.is_shipped(name),
            }
            for name, preset in self._presets.items()
        ]

    def use(self, name: str) -> None:
        """Set the form's settings that a preset has; one step of the undo buttons.

        Raises:
            ConfigError: there is no such preset, or it does not go with the form's settings.
        """
        preset = self._known(name)
        now = self._read()
        count = len(_seen(preset.changes(now)))
        self._undo.part()
        self._show(preset.applied(now))
        self._undo.part()
        settings = "1 setting" if count == 1 else f"{count} settings"
        self.menu.tell(f"{preset.name} is used: {settings} changed." if count else "Nothing to do.")

    def act(self, action: str, details: Mapping[str, Any]) -> None:
        """Do what a person asks for.

        Raises:
            ConfigError: it is not possible; nothing is changed.
        """
        name = str(details["name"])
        if action == "use":
            self.use(name)
        elif action == "share":
            self.menu.give(f"{name}.json", self._presets.share(name).decode())
        else:
            if action == "save":
                parts = [part for part in details.get("parts", ()) if part in PARTS]
                replace = bool(details.get("replace"))
                self._presets.save(name, self._read(), include=parts, replace=replace)
                told = f"{name} is saved."
            elif action == "rename":
                told = f"It is now called {self._presets.rename(name, str(details['to'])).name}."
            else:
                self._presets.delete(name)
                told = f"{name} is deleted."
            self.refresh()
            self.menu.tell(told)

    def take(self, file_name: str, content: bytes, replace: bool) -> None:
        """Import the presets in a file that a person has chosen.

        Raises:
            ConfigError: it holds none; nothing is changed.
        """
        found = self._presets.read_file(content, file_name)
        taken = [one.name for one in found if self._is_own(one.name)]
        if taken and not replace:
            names = ", ".join(taken[:3]) + (f" and {len(taken) - 3} more" if taken[3:] else "")
            are, them = ("is", "it") if len(taken) == 1 else ("are", "them")
            self.menu.ask_to_replace(f"{names} {are} there already. Replace {them}?")
            return
        self._presets.import_file(content, file_name, replace=True)
        self.refresh()
        names = ", ".join(one.name for one in found[:3])
        self.menu.tell(
            f"Imported: {names}" + (f" and {len(found) - 3} more." if found[3:] else ".")
        )

    def _is_own(self, name: str) -> bool:
        return name in self._presets and not self._presets.is_shipped(name)

    def _known(self, name: str) -> Any:
        try:
            return self._presets[name]
        except KeyError as error:
            raise ConfigError(str(error)) from error

    def _changes(self, name: str) -> Changes:
        try:
            preset, now = self._known(name), self._read()
            found, then = _seen(preset.changes(now)), preset.applied(now)
        except MediaLabError as error:
            self.menu.tell(text_of(error), is_error=True)
            return Changes([])
        reasons = [self._why_not(one, then) for one in found]
        return Changes(
            [(row.label, row.value, row.other) for row in rows_of(found)],
            list(dict.fromkeys(why for why in reasons if why)),  # one reason may be of several
            bool(reasons) and all(reasons),
        )

    def _why_not(self, change: Difference, then: PipelineConfig) -> str:
        """Return why a checkpoint cannot use a setting that a preset would set; "" if it can."""
        stage, _, setting = change.name.rpartition(".")
        is_mode = change.name == "mode"
        own = getattr(then, then.mode if is_mode else stage, None)
        checkpoint = getattr(own, "checkpoint", None) or then.checkpoint
        if is_mode:
            return self._defaults.why_not_in(then.mode, checkpoint)
        is_default = not stage and change.other == PipelineConfig.model_fields[setting].default
        if is_default or not change.other:
            return ""
        return self._defaults.limits(checkpoint).get(setting, "")

    def _tell_error(self, error: BaseException, trace: str) -> None:
        """Show a preset's error below the list, any other on the canvas."""
        if isinstance(error, MediaLabError):
            self.menu.tell(text_of(error), is_error=True)
        else:
            self._show_error(error, trace)


def _seen(found: Sequence[Difference]) -> list[Difference]:
    """Return the changes without those of stages that are switched off: they are not used then."""
    off = switched_off((one.name, one.other) for one in found)
    return [
        one
        for one in found
        if one.name.rpartition(".")[0] not in off or one.name.endswith(".enabled")
    ]
