"""What the drawer of a model says of it, and the buttons that it has."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from medialab import Workbench
from medialab.artifacts import Query
from medialab.errors import ArtifactError
from medialab.families.base import UNKNOWN
from medialab.families.variants import NAMES_OF_VARIANTS
from medialab.listing.info import kind_in_words
from medialab.listing.notes import Notes, read_notes
from medialab.loading.registry import ModelInfo
from widgets.catalogue import Catalogue
from widgets.models_shelf import Action, Details

# Where a model is chosen that the drawer has no button for.
_HINTS = {
    "controlnet": "Chosen under ControlNet, or in the settings of a stage, under Model.",
    "detector": "Chosen in the settings of Face, Hand or Body, under Find.",
    "text encoder": "Chosen by itself where it is the only one that fits, else under Model.",
    "upscaler": "Chosen in the settings of Hires fix or Upscaler, under Size.",
}
_USE = {"checkpoint": "Use this checkpoint", "vae": "Use this VAE", "lora": "Add this LoRA"}
_HASH_DIGITS = 10  # as CivitAI and A1111 write a SHA-256


class ModelDetails:
    """Makes the content of the drawer.

    Args:
        bench: the workbench whose models and pictures are meant.
        catalogue: the names that the form offers.
    """

    def __init__(self, bench: Workbench, catalogue: Catalogue) -> None:
        self._bench, self._catalogue = bench, catalogue

    def of(self, identity: str, info: ModelInfo, known_tags: Sequence[str]) -> Details:
        """Return the content of a model's drawer.

        Args:
            identity: its path, as a person knows it.
            info: the model.
            known_tags: tags to suggest.
        """
        notes = read_notes(info.path)
        sha256 = self._bench.registry.known_sha256(info)
        return Details(
            facts=(*_facts(identity, info, notes, sha256), *self._equals(info, sha256)),
            actions=() if info.refused else tuple(self._actions(info)),
            words=words_of(self._catalogue, info),
            about=notes.description,
            notes=notes.notes,
            weight=_weight(info, notes),
            known_tags=tuple(known_tags),
            changes=tuple(self._changes(info, has_hash=sha256 is not None)),
            fixed=_fixed(info),
            hint=_hint(info),
        )

    def _equals(self, info: ModelInfo, sha256: str | None) -> list[tuple[str, str]]:
        """Return which other models have the same content, as far as hashes are known.

        Cost: a stat for each model of the same size; the folders are not read again.
        """
        if sha256 is None:
            return []
        names = [
            one.name
            for one in self._catalogue.infos
            if (one.kind, one.size_bytes) == (info.kind, info.size_bytes)
            and one.path != info.path
            and self._bench.registry.known_sha256(one) == sha256
        ]
        return [("Same content", ", ".join(names))] if names else []

    def _actions(self, info: ModelInfo) -> list[Action]:
        actions = [Action("use", _USE[info.kind])] if info.kind in _USE else []
        if (text := self._text_for_prompt(info)) is not None:
            actions.append(Action("insert", "Add to prompt", text))
        if count := self._pictures_with(info):
            plural = "" if count == 1 else "s"
            actions.append(Action("pictures", f"Used in {count:,} picture{plural}"))
        return actions

    def _changes(self, info: ModelInfo, *, has_hash: bool) -> list[Action]:
        changes = []
        if info.kind == "checkpoint" and not info.refused:
            if info.name != self._bench.default_checkpoint:
                changes.append(Action("default", "Begin with it"))
            changes += [
                Action("edition", f"It is “{one}”", one)
                for one in info.editions
                if one != info.edition
            ]
        if not has_hash and not info.refused:
            changes.append(Action("hash", "Compute its hashes"))
            changes.append(Action("hash_all", "Compute all models' hashes"))
        if not info.program:
            stem = info.path.name if info.path.is_dir() else info.path.stem
            changes += [Action("rename", "Rename…", stem), Action("bin", "Move to the bin")]
        return changes

    def _text_for_prompt(self, info: ModelInfo) -> str | None:
        """Return what a prompt uses a model by: a LoRA's tag, an embedding's name, or None."""
        if info.kind == "lora":
            return self._catalogue.tag(info.name)
        return info.name if info.kind == "embedding" else None

    def _pictures_with(self, info: ModelInfo) -> int:
        """Return how many pictures were made with a model; 0 if that is not known."""
        if (query := query_for(info)) is None:
            return 0
        try:
            return self._bench.artifacts.count(query)
        except ArtifactError:  # another process has locked the index
            return 0


def words_of(catalogue: Catalogue, info: ModelInfo) -> tuple[str, ...]:
    """Return the trigger words of a LoRA that can be used; none of others."""
    if info.kind != "lora" or info.refused is not None:
        return ()
    return tuple(catalogue.trigger_words.get(info.name, ()))


def query_for(info: ModelInfo) -> Query | None:
    """Return the query for the pictures made with a checkpoint or a LoRA; None for others."""
    if info.kind == "checkpoint":
        return Query(checkpoint=info.name)
    return Query(lora=info.name) if info.kind == "lora" else None


def kind_title(kind: str) -> str:
    """Return a kind of model as a label begins with it: "Checkpoint", "LoRA"."""
    words = kind_in_words(kind)
    return words[:1].upper() + words[1:]


def predicts(info: ModelInfo) -> list[str]:
    """Return a checkpoint's prediction type if known, and whether it has zero terminal SNR."""
    kind = info.prediction_type.replace("v_prediction", "v-prediction").replace("_", " ")
    return [*filter(None, [kind, "zero terminal SNR" if info.zero_terminal_snr else ""])]


def changed_at(path: Path) -> float:
    """Return when a file or folder changed; 0 if that cannot be read."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0


def size_text(size: int) -> str:
    """Return a number of bytes as text, such as "1.9 GB"; 1 kB is 1000 bytes."""
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit in {"B", "kB"} else f"{size:.1f} {unit}"
        size = size / 1000  # type: ignore[assignment]
    return f"{size:.1f} GB"


def _facts(
    identity: str, info: ModelInfo, notes: Notes, sha256: str | None
) -> list[tuple[str, str]]:
    changed = datetime.fromtimestamp(changed_at(info.path)).astimezone()
    facts = [
        ("File", identity),
        ("Size", size_text(info.size_bytes)),
        ("Format", info.format if info.format != UNKNOWN else ""),
        ("Made for", NAMES_OF_VARIANTS.get(info.variant, "") if info.variant else ""),
        ("Edition", info.edition),
        ("Predicts", ", ".join(predicts(info))),
        ("Also called", ", ".join(info.aliases)),
        ("Negative", notes.negative_text),
        ("SHA-256", sha256[:_HASH_DIGITS] if sha256 else ""),
        ("Changed", f"{changed:%d %B %Y, %H:%M}".lstrip("0")),
        ("Not read", "; ".join(notes.faults)),
    ]
    return [(label, value) for label, value in facts if value]


def _weight(info: ModelInfo, notes: Notes) -> str | None:
    if info.kind != "lora" or info.refused or info.program:
        return None
    return "" if notes.preferred_weight is None else f"{notes.preferred_weight:g}"


def _hint(info: ModelInfo) -> str:
    if info.refused:
        return info.refused
    if info.editions and not info.edition:
        known = " or ".join(f"“{one}”" for one in info.editions)
        return (
            f"Its file does not tell whether it is {known}: say it below, for the right defaults."
        )
    return _HINTS.get(info.kind, "")


def _fixed(info: ModelInfo) -> str:
    if info.program:
        return f"It lies in a folder of {info.program}, in which nothing is changed."
    return ""
