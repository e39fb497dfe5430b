"""What a request needs that is not here, and where each usually comes from; nothing is asked."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import overload

from medialab.config.pipeline import PipelineConfig
from medialab.config.resolved import ResolvedConfig
from medialab.errors import MissingLibraryError, ModelNotFoundError, ModelRefusedError
from medialab.families import RUNNING
from medialab.families.starters import Starter, starter_of, starters
from medialab.families.vaes import is_made_for, reads
from medialab.listing.info import FOLDER_OF_KIND, ModelInfo, kind_in_words
from medialab.listing.snapshot import Snapshot
from medialab.loading.detectors import automatic_chain, why_absent
from medialab.process.libraries import check_installed
from medialab.remote.packages.pins import PHOTOS
from medialab.runs.automatic_upscaler import OF_PHOTOS, with_upscaler
from medialab.runs.plan import StageRequest, stages_of
from medialab.settings.choices import AUTOMATIC_UPSCALER, PIXEL_UPSCALERS
from medialab.settings.fields import names_in_list
from medialab.stages.detailer.settings import AUTOMATIC, CENTRE, WORDS, DetailerConfig

LIBRARY, _UPSCALERS = "library", "spandrel"
_FETCH = "medialab fetch {0}, or bench.download({0!r})"


@dataclass(frozen=True)
class Need:
    """One thing that a request needs and that is not here.

    Attributes:
        kind: The kind of model, or "library".
        name: Its name in the settings; "" if any that fits will do.
        used_by: The stages or settings that need it.
        why: What is wrong, in a sentence without a full stop.
        starters: The usual models of that name, or of that kind for the checkpoint's family.
        bundle: The name of a bundle that has it, for `bench.download`; "" for none.
        is_optional: Whether the request can be made without it, less well.
    """

    kind: str
    name: str
    used_by: tuple[str, ...]
    why: str
    starters: tuple[Starter, ...] = ()
    bundle: str = ""
    is_optional: bool = False

    def __str__(self) -> str:
        """Return it in lines: what, why, and where it comes from."""
        named = f" {self.name!r}" if self.name else ""
        head = f"{kind_in_words(self.kind)}{named} for {', '.join(self.used_by)}: {self.why}"
        ways = [f"from {one}" for one in self.starters]
        if self.bundle:
            ways.append(_FETCH.format(self.bundle))
        if not ways and self.kind != LIBRARY:
            ways.append(f"put its file in models/{FOLDER_OF_KIND[self.kind]}")
        return "\n    ".join([head, *ways])


class Missing(Sequence[Need]):
    """What a request needs that is not here; empty, and false, if it needs nothing more.

    Args:
        needs: What it needs, what it cannot be made without first.
    """

    def __init__(self, needs: Sequence[Need]) -> None:
        self._needs = tuple(sorted(needs, key=lambda one: one.is_optional))

    @overload
    def __getitem__(self, place: int) -> Need: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Need]: ...
    def __getitem__(self, place: int | slice) -> Need | Sequence[Need]:
        return self._needs[place]

    def __len__(self) -> int:
        return len(self._needs)

    @property
    def hinders(self) -> bool:
        """Whether the request cannot be made as things are."""
        return any(not one.is_optional for one in self)

    def __repr__(self) -> str:
        if not self:
            return "nothing is missing"
        return "\n".join(
            f"- {'better with: ' if one.is_optional else ''}{one}" for one in self._needs
        )


def missing(config: PipelineConfig, listing: Snapshot) -> Missing:
    """Return what a request needs that is not here.

    Reads headers alone. Nothing is loaded, and no network is asked. Names that a wildcard draws are
    not known before.

    Args:
        config: The request.
        listing: The models that are here.
    """
    base = _checkpoint(config, listing)
    family = base.family if base and config.is_drawn else ""  # what nothing draws is of none
    needs: dict[tuple[str, str], Need] = {}
    for one in (
        *_named(config, listing, family),
        *_parts(config, base, listing),
        *_detectors(config, listing, family),
        *_upscaler(config, listing, family),
    ):
        before = needs.get((one.kind, one.name))
        used_by = (*before.used_by, *one.used_by) if before else one.used_by
        needs[one.kind, one.name] = Need(
            **{**one.__dict__, "used_by": tuple(dict.fromkeys(used_by))}
        )
    return Missing([*needs.values()])


def _checkpoint(config: PipelineConfig, listing: Snapshot) -> ModelInfo | None:
    try:
        return listing.find(config.checkpoint, "checkpoint")
    except (ModelNotFoundError, ModelRefusedError):
        return None


def _named(config: PipelineConfig, listing: Snapshot, family: str) -> Iterator[Need]:
    """Yield the models that settings name and that are not here, or cannot be used."""
    stages = stages_of(config)
    if config.is_drawn:
        drawing = next(iter(config.drawing_parts()), config.mode)
        yield from _absent("checkpoint", config.checkpoint, drawing, listing, family)
    for one in stages:
        for kind, name in one.models:
            optional = kind == "detector" and _is_one_of_several(one)
            for need in _absent(kind, name, one.name, listing, family):
                yield Need(**{**need.__dict__, "is_optional": optional})
        yield from _libraries(one, listing)


def _is_one_of_several(one: StageRequest) -> bool:
    return isinstance(one.settings, DetailerConfig) and len(one.settings.chain) > 1


def _absent(kind: str, name: str, used_by: str, listing: Snapshot, family: str) -> Iterator[Need]:
    try:
        listing.find(name, kind)
    except ModelRefusedError as error:
        yield Need(kind, name, (used_by,), error.message)
    except ModelNotFoundError:
        known = starter_of(name, kind)
        usual = () if kind == "checkpoint" or not family else tuple(starters(kind, family))
        bundled = {model.name.rpartition(".")[0] for model in PHOTOS.models if model.kind == kind}
        bundle = PHOTOS.name if name in bundled else ""
        found = (known,) if known else () if bundle else usual
        why = f"it is not in models/{FOLDER_OF_KIND[kind]}"
        yield Need(kind, name, (used_by,), why, found, bundle)


def _libraries(one: StageRequest, listing: Snapshot) -> Iterator[Need]:
    """Yield the libraries that a stage's models need and that are not installed."""
    for kind, name in one.models:
        why, library = None, ""
        if kind == "upscaler":
            try:
                check_installed(_UPSCALERS)
            except MissingLibraryError as error:
                why, library = str(error), _UPSCALERS
        elif kind == "detector":
            with suppress(ModelNotFoundError, ModelRefusedError):  # told already
                why = why_absent(listing.find(name, kind))
        if why:
            yield Need(LIBRARY, library, (one.name,), why.rstrip("."))


def _parts(config: PipelineConfig, base: ModelInfo | None, listing: Snapshot) -> Iterator[Need]:
    """Yield the text encoders and the VAE that a checkpoint's file lacks, and that nothing fits."""
    if base is None or not config.is_drawn or isinstance(config, ResolvedConfig):
        return
    own = RUNNING[base.family]
    there = [one for one in listing.models("text encoder") if one.refused is None]
    named = names_in_list(config.text_encoder)
    for component in () if named else base.lacks_encoders:
        wanted = own.opening.encoder_files[component]
        if not any(wanted.fits(one.family, one.variant) for one in there):
            part = (wanted.family, wanted.width)
            usual = [one for one in starters("text encoder", base.family) if one.part == part]
            yield Need(
                "text encoder",
                "",
                (base.name,),
                f"its file lacks {wanted}, and none is in models/text_encoders",
                tuple(usual),
            )
    if base.lacks_vae and not config.vae:
        vaes = [one for one in listing.models("vae") if one.refused is None]
        fitting = [one for one in vaes if reads(own, one.variant)]
        if all(is_made_for(own, one.name) is False for one in fitting):
            why = "its file lacks a VAE, and none for it is in models/vae"
            yield Need("vae", "", (base.name,), why, tuple(starters("vae", base.family)))


def _detectors(config: PipelineConfig, listing: Snapshot, family: str) -> Iterator[Need]:
    """Yield what "automatic" would detect a part with, where none is made for such pictures."""
    others = {name for one in RUNNING.values() if one.name != family for name in one.detectors}
    own = RUNNING[family].detectors if family in RUNNING else ()
    for name, part in config:
        if not (isinstance(part, DetailerConfig) and part.enabled and part.detects):
            continue
        if AUTOMATIC not in part.chain:
            continue
        words = part.words or WORDS.get(name, (name,))
        chain = automatic_chain(listing.models("detector"), words, own)
        if fitting := [one for one in chain if one not in others]:
            absent = [why_absent(listing.find(one, "detector")) for one in fitting]
            if (why := absent[0]) and all(absent):
                optional = part.fallback == CENTRE
                yield Need(LIBRARY, "", (name,), why.rstrip("."), is_optional=optional)
            continue
        what = " or ".join(map(repr, words))
        why = f"none that is here detects {what}"
        if chain:
            why = f"those that detect {what} here ({', '.join(chain)}) are made for other pictures"
        optional = bool(chain) or part.fallback == CENTRE
        yield Need("detector", "", (name,), why, (), PHOTOS.name, optional)


def _upscaler(config: PipelineConfig, listing: Snapshot, family: str) -> Iterator[Need]:
    """Yield the upscaler that "automatic" would take, where it has to do without."""
    part = config.upscaler
    if not part.enabled or part.upscaler != AUTOMATIC_UPSCALER:
        return
    if with_upscaler(config, listing, family).upscaler.upscaler != PIXEL_UPSCALERS[0]:
        return
    draws = RUNNING.get(family) if config.is_drawn else None
    if draws is not None and draws.upscalers:
        yield Need(
            "upscaler", draws.upscalers[0], ("upscaler",), "it is not here", is_optional=True
        )
        return
    why = f"none for photos is here, so {PIXEL_UPSCALERS[0]} is taken"
    yield Need("upscaler", OF_PHOTOS[0], ("upscaler",), why, (), PHOTOS.name, is_optional=True)
