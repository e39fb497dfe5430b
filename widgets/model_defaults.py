"""What a form knows of a checkpoint before it is loaded; of a missing one it knows nothing."""

from collections.abc import Mapping, Sequence
from typing import Any

from medialab import Workbench
from medialab.errors import ModelNotFoundError, ModelRefusedError
from medialab.listing.limits import limits_of
from medialab.listing.runnable import unread_when_editing, why_not_after, why_not_in
from medialab.loading.defaults import defaults_of, detailer_defaults_of, samplers_of
from medialab.loading.registry import ModelInfo
from medialab.settings.sampling import DISTILLED


class ModelDefaults:
    """The settings to begin with for each checkpoint; `forget` when the models folder changed."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench
        self._pictures: dict[str, Mapping[str, Any]] = {}
        self._detailers: dict[str, Mapping[str, Any]] = {}
        self._samplers: dict[str, Mapping[str, Sequence[str]]] = {}
        self._infos: dict[str, ModelInfo | None] = {}

    def forget(self) -> None:
        """Read them again when they are asked for next."""
        self._pictures, self._detailers, self._samplers = {}, {}, {}
        self._infos = {}

    def picture(self, checkpoint: str) -> Mapping[str, Any]:
        """Return steps, guidance_scale, sampler, schedule, width and height; {} if unknown."""
        self._read(checkpoint)
        return self._pictures[checkpoint]

    def detailer(self, checkpoint: str) -> Mapping[str, Any]:
        """Return the settings in force where a detailer leaves them unset; {} if unknown."""
        self._read(checkpoint)
        return self._detailers[checkpoint]

    def samplers(self, checkpoint: str) -> Mapping[str, Sequence[str]]:
        """Return the samplers that run the checkpoint, with their schedules; {} if unknown."""
        self._read(checkpoint)
        return self._samplers[checkpoint]

    def editing(self, checkpoint: str) -> Mapping[str, str]:
        """Return why the checkpoint does not read settings of editing by instruction, by setting.

        They are `references` and `image_guidance_scale`; {} if it reads both.
        """
        info = self._found(checkpoint)
        return {} if info is None else unread_when_editing(info)

    def limits(self, checkpoint: str) -> Mapping[str, str]:
        """Return why settings have no use with the checkpoint, by setting; {} if it is unknown."""
        info = self._found(checkpoint)
        return {} if info is None else limits_of(info)

    def why_not_in(self, stage: str, checkpoint: str) -> str:
        """Return why a stage cannot use the checkpoint; "" if it can, or is unknown."""
        info = self._found(checkpoint)
        if info is None:
            return ""
        why = why_not_in(stage, info.family, info.variant, info.edition)
        return f"{info.name} {why}." if why else ""

    def why_not_after(self, first: str, other: str) -> str:
        """Return why a checkpoint cannot finish what another began; "" if it can, or is unknown."""
        infos = self._found(first), self._found(other)
        if infos[0] is None or infos[1] is None:
            return ""
        return why_not_after(infos[0], infos[1]) or ""

    def is_untold(self, checkpoint: str) -> bool:
        """Return whether the checkpoint is told no guidance; False if its settings are unknown."""
        begun = self.picture(checkpoint)
        return bool(begun) and DISTILLED not in begun

    def native_size(self, checkpoint: str) -> int | None:
        """Return the side in pixels that the checkpoint was trained at, or None."""
        return self.picture(checkpoint).get("width")

    def _found(self, checkpoint: str) -> ModelInfo | None:
        """Return a checkpoint as it is listed; None for a missing or a refused one."""
        if checkpoint not in self._infos:
            try:
                info: ModelInfo = self._bench.registry.find(checkpoint, "checkpoint")
                self._infos[checkpoint] = None if info.refused else info
            except (ModelNotFoundError, ModelRefusedError):
                self._infos[checkpoint] = None
        return self._infos[checkpoint]

    def _read(self, checkpoint: str) -> None:
        if checkpoint in self._pictures:
            return
        self._samplers[checkpoint] = {}
        # A missing or refused checkpoint is reported when a picture is requested.
        try:
            info: ModelInfo = self._bench.registry.find(checkpoint, "checkpoint")
            self._samplers[checkpoint] = samplers_of(info)
            self._pictures[checkpoint] = defaults_of(info)
            self._detailers[checkpoint] = detailer_defaults_of(info)
        except (ModelNotFoundError, ModelRefusedError, KeyError):
            self._pictures[checkpoint] = self._detailers[checkpoint] = {}
