"""Why two pictures differ: what they were made with, compared, the most telling first."""

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Any, Final

from medialab.artifacts.differences import differences, settings_in
from medialab.artifacts.said import sentence_of
from medialab.artifacts.why import Made, Reason, Why
from medialab.config.pipeline import PipelineConfig
from medialab.config.resolved import ResolvedConfig
from medialab.listing.info import kind_in_words
from medialab.stages import STAGES

# The most telling first: what changes the whole picture, then its parts, then its last bits.
_FIRST: Final = (
    "interrupted",
    "mode",
    "image",
    "prompt",
    "seed",
    "checkpoint",
    "models",
    "width",
    "height",
    "loras",
    "text_encoder",
    "vae",
    "control",
    "styles",
    "variation_strength",
    "variation_seed",
    "negative_prompt",
    "sampler",
    "schedule",
    "steps",
    "guidance_scale",
)
_LAST: Final = (
    "edited",
    "stage",
    "device",
    "dtype",
    "processor",
    "versions",
    "threads",
    "together",
)
_LIBRARIES: Final = ("torch", "diffusers", "media-lab-studio", "transformers")
# Settings of a file's name change no pixel.
_NOT_OF_PICTURE: Final = frozenset({"file_name"})
_ENVIRONMENT: Final = {"device": "device", "dtype": "precision", "processor": "processor"}
_STAGES: Final = {stage.name: stage for stage in STAGES}


def why(one: Made, other: Made) -> Why:
    """Compare how two pictures were made."""
    found = [
        *_interrupted(one, other),
        *_settings(one, other),
        *_models(one, other),
        *_files(one, other),
        *_stages(one, other),
        *_environment(one, other),
    ]
    found.sort(key=_rank)
    unknown = _unknown(one, other)
    first, are_equal = _results(one, other)
    return Why(
        (one.name, other.name),
        tuple(found),
        tuple(_same(one, other, found, unknown)),
        unknown,
        first,
        are_equal,
    )


def _rank(reason: Reason) -> tuple[int, int]:
    """Return where a reason stands among others."""
    name = {"model": "models", "stage": "stage", "version": "versions", "file": "edited"}.get(
        reason.kind, reason.name
    )
    if name in _FIRST:
        return _FIRST.index(name), 0
    if name in _LAST:
        within = _LIBRARIES.index(reason.name) if reason.name in _LIBRARIES else len(_LIBRARIES)
        return len(_FIRST) + 3 + _LAST.index(name), within
    stage, dot, own = name.partition(".")
    order = list(_STAGES).index(stage) if stage in _STAGES else 0
    if dot and own in {"enabled", "detections", "mask"}:
        return len(_FIRST), order
    return len(_FIRST) + (1 if dot else 2), order


def _interrupted(one: Made, other: Made) -> Iterator[Reason]:
    first, second = (made.record.get("interrupted") for made in (one, other))
    if first != second:
        which = one.name if first else other.name
        said = f"{which} was cancelled before it was finished."
        yield Reason("interrupted", "interrupted", first, second, said)


def _settings(one: Made, other: Made) -> Iterator[Reason]:
    for name, first, second in differences(one.config, other.config):
        if name in _NOT_OF_PICTURE or _is_same_file(one, other, name):
            continue
        stage = name.rpartition(".")[0]
        run = not stage or (one.config.runs(stage) and other.config.runs(stage))
        if not run and not name.endswith(".enabled"):
            continue  # that the stage does not run says it all
        effective = _in_force(one.config, name), _in_force(other.config, name)
        if (first is not None and second is not None) or effective[0] != effective[1]:
            mine = effective[0] if first is None else first
            theirs = effective[1] if second is None else second
            said = sentence_of(name, mine, theirs, one.name, other.name)
            yield Reason("setting", name, mine, theirs, said)


def _in_force(config: PipelineConfig, name: str) -> Any:
    """Return a setting's value; where a stage leaves it unset, the inherited one."""
    stage, _, own = name.rpartition(".")
    if not stage:
        return getattr(config, own, None)
    if not config.runs(stage):
        return None
    return getattr(config.settings_for(stage, _STAGES[stage].settings), own, None)


def _is_same_file(one: Made, other: Made, name: str) -> bool:
    """Return whether a setting names the same checkpoint by two names."""
    hashes = [getattr(made.config, "checkpoint_sha256", None) for made in (one, other)]
    return name == "checkpoint" and hashes[0] is not None and hashes[0] == hashes[1]


def _hashes_of(made: Made) -> dict[str, str]:
    if not isinstance(made.config, ResolvedConfig):
        return {}
    own = made.config
    base = {f"checkpoint/{own.checkpoint}": own.checkpoint_sha256} if own.checkpoint_sha256 else {}
    return {**base, **own.models_sha256}


def _models(one: Made, other: Made) -> Iterator[Reason]:
    first, second = _hashes_of(one), _hashes_of(other)
    for name in first.keys() & second.keys():
        if first[name] != second[name]:
            kind, _, bare = name.partition("/")
            said = (
                f"The {kind_in_words(kind)} {bare} is another file: "
                f"{first[name][:10]} for {one.name}, "
                f"{second[name][:10]} for {other.name}."
            )
            yield Reason("model", name, first[name], second[name], said)


def _files(one: Made, other: Made) -> Iterator[Reason]:
    for made in (one, other):
        if made.sha256 and made.saved_sha256 and made.sha256 != made.saved_sha256:
            said = f"The file of {made.name} was changed after it was saved."
            yield Reason("file", made.name, one.sha256, other.sha256, said)


def _versions_of_stages(made: Made) -> dict[str, Any]:
    return {stage["name"]: stage.get("version") for stage in made.record.get("stages", ())}


def _stages(one: Made, other: Made) -> Iterator[Reason]:
    first, second = _versions_of_stages(one), _versions_of_stages(other)
    for name in first:
        if name in second and first[name] != second[name]:
            title = _STAGES[name].title if name in _STAGES else name
            said = (
                f"The stage {title} draws otherwise in another version of the studio "
                f"({first[name]} for {one.name}, {second[name]} for {other.name})."
            )
            yield Reason("stage", name, first[name], second[name], said)


def _environment(one: Made, other: Made) -> Iterator[Reason]:
    facts = one.record, other.record
    for name, word in _ENVIRONMENT.items():
        first, second = (record.get(name) for record in facts)
        if first is not None and second is not None and first != second:
            said = f"The {word} is {first} for {one.name}, {second} for {other.name}."
            yield Reason("device", name, first, second, said)
    mine, theirs = _threads_of(one), _threads_of(other)
    if mine and theirs and mine != theirs:
        said = (
            f"{one.name} was computed with {mine} CPU threads, {other.name} with {theirs}, "
            "which changes the last bits of numbers."
        )
        yield Reason("device", "threads", mine, theirs, said)
    here, there = _together_of(one), _together_of(other)
    if here != there:
        said = (
            f"{here} at once for {one.name}, {there} for {other.name}: pictures were denoised "
            "together, which changes the last bits of numbers."
        )
        yield Reason("device", "together", here, there, said)
    first, second = (record.get("versions", {}) for record in facts)
    if first and second:
        for name in {**first, **second}:
            if first.get(name) != second.get(name):
                shown = [versions.get(name, "not installed") for versions in (first, second)]
                said = f"{name} is {shown[0]} for {one.name}, {shown[1]} for {other.name}."
                yield Reason("version", name, first.get(name), second.get(name), said)


def _threads_of(made: Made) -> int | None:
    found = getattr(made.config, "threads", None) or made.record.get("threads")
    return found if isinstance(found, int) else None


def _together_of(made: Made) -> int:
    """Return how many pictures were denoised at once with one, this one included."""
    together = getattr(made.config, "together", None)
    return together.pictures if together else 1


def _results(one: Made, other: Made) -> tuple[str, bool | None]:
    """Return the title of the first stage whose pictures differ, and whether the last are equal."""
    first, second = (
        [
            (stage["name"], stage["result"])
            for stage in made.record.get("stages", ())
            if "result" in stage
        ]
        for made in (one, other)
    )
    if not first or not second:
        same_file = bool(one.sha256) and one.sha256 == other.sha256
        return "", True if same_file else None
    for mine, theirs in zip_longest(first, second):
        if mine != theirs:
            name = (mine or theirs or ("", ""))[0]
            is_last = first[-1][1] == second[-1][1]
            return (_STAGES[name].title if name in _STAGES else name), is_last
    return "", True


def _unknown(one: Made, other: Made) -> tuple[str, ...]:
    found = []
    if not (_hashes_of(one) and _hashes_of(other)):
        found.append("the models' files")
    for name, word in _ENVIRONMENT.items():
        if not (one.record.get(name) and other.record.get(name)):
            found.append(word)
    if None in (_threads_of(one), _threads_of(other)):
        found.append("threads")
    if not (one.record.get("versions") and other.record.get("versions")):
        found.append("versions")
    return tuple(found)


def _same(one: Made, other: Made, found: Sequence[Reason], unknown: Sequence[str]) -> Iterator[str]:
    """Yield what was compared and is equal: the foremost settings, models and the machine."""
    differing = {reason.name for reason in found}
    settings = settings_in(one.config).keys() & settings_in(other.config).keys()
    for name in _FIRST:
        if name in settings and name not in differing:
            value = getattr(one.config, name)
            if value not in (None, "", (), []):
                yield name.replace("_", " ")
    kinds = {reason.kind for reason in found}
    if "the models' files" not in unknown and "model" not in kinds:
        yield "the models' files"
    for name, word in {**_ENVIRONMENT, "threads": "threads"}.items():
        if word not in unknown and name not in differing:
            yield word
    if "versions" not in unknown and "version" not in kinds:
        yield "versions"
