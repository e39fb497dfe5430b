"""Matches settings that were read to this machine: what is set, what is left out, and why.

Models are chosen by their hashes first; a file with the same name but different content is never
used instead. Nothing is left out without a reason.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from medialab.config.pipeline import PipelineConfig
from medialab.config.resolved import ResolvedConfig
from medialab.errors import MediaLabError
from medialab.infotext.hashes import HASH_ITEMS
from medialab.infotext.interpretation import Parsed
from medialab.infotext.items import GRAPH
from medialab.infotext.model_matches import Matcher
from medialab.infotext.programs.comfyui import COMFYUI
from medialab.infotext.reader import OURS
from medialab.infotext.renamed_models import renamed
from medialab.infotext.restored_models import MissingModel, ModelChooser
from medialab.loading.registry import ModelRegistry
from medialab.pictures.store import PictureStore
from medialab.pixels.geometry import LEAST_DRAWN, MOST_DRAWN
from medialab.settings.fields import SwitchedConfig
from medialab.settings.sampling import SamplingConfig

# Items about how a file was made that are not needed to make it again.
_NO_SETTINGS = {
    *("Version", "User", "Time taken", "Created Date"),
    *("Batch size", "Batch pos"),  # the seed is the picture's own
    # SD.Next's: what ran, and what other items say too.
    *("App", "Backend", "Parser", "Pipeline", "Operations", "Hires size", "Hires force"),
    # CivitAI's generator: its own form, and what other items say too.
    *("Civitai metadata", "process", "workflow", "quantity", "aspectRatio", "priority"),
    *("baseModel", "disablePoi", "experimental", "outputFormat", "remixOfId"),
}
# Values that always apply here.
_AS_HERE = {
    *(("RNG", "CPU"), ("Tiling", "False"), ("Batch", "1x1"), ("draft", "False"), ("nsfw", "False")),
    *(("Beta schedule alpha", "0.6"), ("Beta schedule beta", "0.6")),
}
# Why well-known items are not settings here.
_WHY = {
    "Raw prompt": "it is the prompt without the words of styles",
    "Raw negative prompt": "it is the negative prompt without the words of styles",
    "RNG": "noise is always made on the CPU here",
    "Noise Schedule": "the checkpoint's file decides this here",
    "ENSD": "noise depends on the seed alone here",
    "Template": "it is the text before wildcards were drawn; the prompt has the result",
    "Negative Template": "it is the text before wildcards were drawn; the negative prompt has the "
    "result",
    "Text below": "it is below the settings",
    "Hypernet": "hypernetworks are not supported here",
    "Face restoration": "face restoration is not available; the face detailer repaints faces",
    "Text encoder": "a checkpoint's own text encoder is used here, or the only one that fits",
    "Used embeddings": "they are those named in the prompt",
}
_SHOWN = 120  # characters of a value that a message repeats
_FAR = 20_000  # pixels; a longer side is not a size but an accident
_SIZE = re.compile(r"(\d{1,9})x(\d{1,9})")

# Descriptions of settings for the user; others are described by their names.
_DESCRIPTIONS: Mapping[str, Callable[[Any], str]] = {
    "prompt": lambda _: "prompt",
    "negative_prompt": lambda _: "negative prompt",
    "seed": lambda value: f"seed {value}",
    "steps": lambda value: f"{value} steps",
    "guidance_scale": lambda value: f"guidance {value:g}",
    "distilled_guidance_scale": lambda value: f"distilled guidance {value:g}",
    "guidance_start": lambda value: f"guidance from {value:.0%} of the steps",
    "guidance_end": lambda value: f"guidance up to {value:.0%} of the steps",
    "sampler": lambda value: f"sampler {value}",
    "schedule": lambda value: f"schedule {value}",
    "checkpoint": lambda value: f"checkpoint {value}",
    "vae": lambda value: f"VAE {value}",
    "clip_skip": lambda value: f"clip skip {value}",
    "width": lambda sides: "size " + "×".join(str(side or "any") for side in sides),
    "refiner": lambda _: "hires fix",
    "handover_checkpoint": lambda value: f"second checkpoint {value}",
    "loras": lambda value: f"{len(value)} LoRA{'s' if len(value) > 1 else ''}",
    "control": lambda value: f"{len(value)} ControlNet{'s' if len(value) > 1 else ''}",
    "body": lambda _: "body detailer",
    "face": lambda _: "face detailer",
    "hand": lambda _: "hand detailer",
}


# Values that are not worth describing, and a setting that is described together with another.
_NOTHING = ("", None, (), "automatic")
_DESCRIBED_WITH_WIDTH = "height"


@dataclass(frozen=True)
class ReadSettings:
    """Settings that were read, matched to this machine.

    Attributes:
        config: The settings; those that were not read have their defaults.
        set: A description of each setting that was set.
        left_out: What was not set, and the reason.
        notes: What was changed, in words for the user.
        program: The program that wrote them.
        missing: The models that are not here, as `bench.remote("civitai")` can be asked for them.
    """

    config: PipelineConfig
    set: tuple[str, ...]
    left_out: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    program: str = OURS
    missing: tuple[MissingModel, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether everything was set unchanged."""
        return not self.left_out and not self.notes

    @property
    def lost(self) -> str:
        """What was left out or changed, in sentences; empty if nothing was."""
        sentences = [_sentence(note) for note in self.notes]
        if self.left_out:
            listed = "; ".join(f"{name}: {why}" for name, why in self.left_out.items())
            sentences.append(f"Not set: {listed}.")
        return " ".join(sentences)

    @property
    def summary(self) -> str:
        """Everything in sentences for the user."""
        whose = "" if self.program == OURS else f" from {self.program}"
        done = f"Set{whose}: {', '.join(self.set)}." if self.set else "Nothing is set."
        return f"{done} {self.lost}".strip()


def restore(
    parsed: Parsed,
    registry: ModelRegistry | None,
    pictures: PictureStore | None,
    *,
    now: PipelineConfig | None = None,
    may_read: int | None = None,
) -> ReadSettings:
    """Match the settings of a text to this machine.

    Args:
        parsed: The content of the text.
        registry: The models; None leaves their names as written.
        pictures: The stored pictures; None leaves their names unchecked.
        now: The settings in use, whose checkpoint stays if the text's is not here.
        may_read: The most bytes of models to hash for comparison; None for no limit.
    """
    return _Restoring(parsed, registry, pictures, now or PipelineConfig(), may_read).run()


def with_current_names(
    config: ResolvedConfig, registry: ModelRegistry, may_read: int | None = None
) -> ReadSettings:
    """Return a resolved request with the current names of its models, found by their hashes.

    A model that is not here keeps its name and is listed in `left_out`.

    Args:
        config: The request.
        registry: The models.
        may_read: The most bytes of models to hash for comparison; None for no limit.
    """
    matcher, notes, left_out = Matcher(registry, may_read), list[str](), dict[str, str]()
    missing: list[MissingModel] = []
    names: dict[str, dict[str, str | None]] = {}
    hashes = config.models_sha256
    if config.checkpoint_sha256:
        hashes = {f"checkpoint/{config.checkpoint}": config.checkpoint_sha256, **hashes}
    for key, sha256 in hashes.items():
        kind, _, name = key.partition("/")
        match = matcher.match(kind, name, sha256)
        if match.found is not None and match.found.name != name:
            notes.append(f"{kind} {name!r} is here as {match.found.name!r}: the same content")
            names.setdefault(kind, {})[name] = match.found.name
        elif match.found is None and not match.unread:
            what = "another file has its name" if match.named else "no file here has its content"
            left_out[f"{kind} {name}"] = f"{what} (hash {sha256[:10]})"
            missing.append(MissingModel(kind, name, sha256))
    for kind, others in names.items():
        config = renamed(config, kind, others)
    return ReadSettings(config, ("all settings",), left_out, tuple(notes), missing=tuple(missing))


class _Restoring:
    """The work of `restore` on one text: each step sets settings, or notes why it cannot."""

    def __init__(
        self,
        parsed: Parsed,
        registry: ModelRegistry | None,
        pictures: PictureStore | None,
        now: PipelineConfig,
        may_read: int | None,
    ) -> None:
        self._parsed, self._registry, self._pictures = parsed, registry, pictures
        self._now, self._may_read = now, may_read
        self._notes = list(parsed.notes)
        self._left_out: dict[str, str] = {}
        self._settings = dict(parsed.settings)
        self._missing: tuple[MissingModel, ...] = ()

    def run(self) -> ReadSettings:
        self._explain_rest()
        self._adjust_size()
        read = set(self._settings)
        if self._registry is None:
            config = PipelineConfig.parse(self._settings)
        else:
            matcher = Matcher(self._registry, self._may_read)
            models = ModelChooser(self._parsed.hashes, matcher, self._parsed.civitai)
            config = models.chosen(self._settings, self._now.checkpoint)
            read = read - {"checkpoint"} | ({"checkpoint"} if models.has_checkpoint else set())
            self._notes += models.notes
            self._left_out |= models.left_out
            self._missing = tuple(dict.fromkeys(models.missing))
        if config.image is not None and not self._has_picture(config.image):
            self._left_out["image"] = "the start picture is not here; choose it again"
            config = config.changed(mode="txt2img", image=None)
        if not all(map(self._has_picture, config.instruct.references)):
            self._left_out["references"] = "reference pictures are not here; choose them again"
            bare = config.instruct.model_copy(update={"references": ()})
            config = config.changed(instruct=bare.model_dump())
        words = tuple(describe(config, read))
        notes, program = tuple(self._notes), self._parsed.program
        return ReadSettings(config, words, self._left_out, notes, program, self._missing)

    def _explain_rest(self) -> None:
        for name, value in self._parsed.rest.items():
            if name == GRAPH:
                self._left_out["workflow"] = _of_graph(self._parsed.program, value)
            elif value and not (
                name in _NO_SETTINGS or name in HASH_ITEMS or (name, value) in _AS_HERE
            ):
                why = self._parsed.why.get(name) or _WHY.get(name)
                shown = value if len(value) <= _SHOWN else f"{value[:_SHOWN]}…"
                self._left_out[name] = why or f"{shown!r} is not a known setting"

    def _adjust_size(self) -> None:
        """Set a size that cannot be drawn to the nearest one that can.

        A given picture may have any size, and keeps it.
        """
        asked = _SIZE.fullmatch(self._parsed.rest.get("Size", ""))
        if asked is None:
            return
        sides = {"width": int(asked[1]), "height": int(asked[2])}
        if not all(0 < side <= _FAR for side in sides.values()):
            return
        nearest = {name: min(max(side, LEAST_DRAWN), MOST_DRAWN) for name, side in sides.items()}
        possible = (size for size in (sides, nearest) if self._takes(size))
        if (found := next(possible, None)) is None:
            return
        self._settings |= found
        del self._left_out["Size"]
        if found == sides:
            return
        shown = [f"{size['width']}×{size['height']}" for size in (sides, nearest)]
        self._notes.append(f"size {shown[0]} cannot be drawn; {shown[1]} is the nearest that can")

    def _takes(self, size: Mapping[str, int]) -> bool:
        """Return whether a request with the settings may have this size."""
        try:
            PipelineConfig.parse({**self._settings, **size})
        except MediaLabError:
            return False
        return True

    def _has_picture(self, name: str) -> bool:
        if self._pictures is None:
            return True
        try:
            self._pictures.load(name)
        except MediaLabError:
            return False
        return True


def describe(config: PipelineConfig, names: set[str]) -> Iterator[str]:
    """Yield a description of each of the named settings, except those at a usual value."""
    default = PipelineConfig()
    for name in dict.fromkeys((*_DESCRIPTIONS, *PipelineConfig.model_fields)):
        value = (config.width, config.height) if name == "width" else getattr(config, name)
        is_usual = isinstance(value, SamplingConfig) and value == getattr(default, name)
        is_read = name in names and name != _DESCRIBED_WITH_WIDTH
        if is_read and not is_usual and value not in _NOTHING:
            shown = _DESCRIPTIONS.get(name)
            is_off = isinstance(value, SwitchedConfig) and not value.enabled
            words = shown(value) if shown else name.replace("_", " ")
            yield f"{words} (switched off)" if is_off else words


def _sentence(note: str) -> str:
    return f"{note[:1].upper()}{note[1:]}."


def _of_graph(program: str, value: str) -> str:
    if program in {COMFYUI.name, "CivitAI"}:
        return f"made by {program}: {value}"
    return f"{value} of {program}, which is not known here"
