"""The names that the form offers: models on the disk, styles, and completions for prompts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from medialab import Workbench
from medialab.errors import ConfigError
from medialab.loading.registry import ModelInfo
from medialab.lora import trigger_words
from medialab.prompts import Styles, WildcardFiles

STYLE = "style"
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
        self.words: list[dict[str, str]] = []

    def of(self, kind: str) -> AvailableNames:
        """Return the names of this kind."""
        return self._offers.get(kind, AvailableNames())

    def on_refresh(self, tell: Callable[[], object]) -> None:
        """Call `tell` now, and after each `refresh`."""
        self._tell.append(tell)
        tell()

    def refresh(self) -> None:
        """Read the models folder again."""
        self.infos = self._bench.models()
        kinds = {info.kind for info in self.infos} | set(self._offers)
        self._offers = {kind: _offer(kind, self.infos) for kind in kinds}
        self._offers[STYLE] = self._styles()
        loras = [info for info in self.infos if info.kind == "lora" and info.refused is None]
        self.trigger_words = {info.name: trigger_words(info.path) for info in loras}
        self.words = list(self._words())
        for tell in self._tell:
            tell()

    def _words(self) -> Sequence[dict[str, str]]:
        """Return the completions: LoRA tags, wildcards, inversions, trigger words."""
        found = [
            {"label": name, "insert": f"<lora:{name}:1>", "kind": "lora"}
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
