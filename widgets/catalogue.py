"""The names that the form offers: models on the disk, styles, and completions for prompts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from medialab import Workbench
from medialab.errors import ConfigError
from medialab.listing.all_notes import AllNotes
from medialab.loading.registry import ModelInfo
from medialab.prompts import Styles, WildcardFiles

STYLE = "style"
MOST_WORDS = 3  # trained words of a LoRA that are offered; kohya counts hundreds
Word = Mapping[str, str]


@dataclass(frozen=True)
class AvailableNames:
    """The names of one kind: those that can be used, and refused files with the reason."""

    names: Sequence[str] = ()
    refused: Mapping[str, str] = field(default_factory=dict)


class Catalogue:
    """The content of the models folder; `refresh` reads it again and calls the listeners."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench
        self._tell: list[Callable[[], object]] = []
        self.infos: Sequence[ModelInfo] = ()
        self._offers: dict[str, AvailableNames] = {}
        self.trigger_words: dict[str, Sequence[str]] = {}
        self._notes = AllNotes()
        self._weights: dict[str, float] = {}  # those that are noted
        self.words: list[dict[str, str]] = []

    def of(self, kind: str) -> AvailableNames:
        """Return the names of this kind."""
        return self._offers.get(kind, AvailableNames())

    @property
    def first_checkpoint(self) -> str:
        """The checkpoint to begin with: a person's default, else the first; "" if there is none."""
        names = self.of("checkpoint").names
        default = self._bench.default_checkpoint
        return default if default in names else next(iter(names), "")

    def lora(self, name: str) -> dict[str, Any]:
        """Return a LoRA's settings to begin with: its name, and its preferred weight if noted."""
        known = self._weights.get(name)
        return {"name": name} if known is None else {"name": name, "weight": known}

    def tag(self, name: str) -> str:
        """Return the tag by which a prompt uses a LoRA, with its preferred weight, or 1."""
        return f"<lora:{name}:{self._weights.get(name, 1.0):g}>"

    def on_refresh(self, tell: Callable[[], object]) -> None:
        """Call `tell` now, and after each `refresh`."""
        self._tell.append(tell)
        tell()

    def refresh(self) -> None:
        """Read the models folder again; new models are hashed, if that is chosen."""
        self.infos = self._bench.models()
        kinds = {info.kind for info in self.infos} | set(self._offers)
        self._offers = {kind: _offer(kind, self.infos) for kind in kinds}
        self._offers[STYLE] = self._styles()
        loras = [info for info in self.infos if info.kind == "lora" and info.refused is None]
        self.trigger_words, self._weights = {}, {}
        notes = self._notes.read(loras)
        for info in loras:
            noted = notes[info.path]
            self.trigger_words[info.name] = noted.trained_words[:MOST_WORDS]
            if noted.preferred_weight is not None:
                self._weights[info.name] = noted.preferred_weight
        self.words = list(self._words())
        self._bench.registry.hashing.start_if_chosen()
        for tell in self._tell:
            tell()

    def _words(self) -> Sequence[dict[str, str]]:
        """Return the completions: LoRA tags, wildcards, inversions, trigger words."""
        found = [
            {"label": name, "insert": self.tag(name), "kind": "lora"}
            for name in self.of("lora").names
        ]
        found += [
            {"label": name, "insert": f"__{name}__", "kind": "wildcard"}
            for name in self._wildcards()
        ]
        found += [
            {"label": name, "insert": name, "kind": "embedding"}
            for name in self.of("embedding").names
        ]
        words = dict.fromkeys(word for words in self.trigger_words.values() for word in words)
        return found + [{"label": word, "insert": word, "kind": "word"} for word in words]

    def _styles(self) -> AvailableNames:
        """Return the styles by name; a broken file is refused without affecting other kinds."""
        path = self._bench.registry.folder / "styles.csv"
        try:
            return AvailableNames(tuple(Styles.load(path).known))
        except ConfigError as error:
            return AvailableNames(refused={path.name: str(error)})

    def _wildcards(self) -> list[str]:
        return list(WildcardFiles(self._bench.registry.folder / "wildcards").names)


def _offer(kind: str, infos: Sequence[ModelInfo]) -> AvailableNames:
    own = [info for info in infos if info.kind == kind]
    return AvailableNames(
        tuple(info.name for info in own if info.refused is None),
        {info.path.name: info.refused for info in own if info.refused is not None},
    )
