"""What a request sets in vain with its checkpoints, known before anything is loaded."""

from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

from medialab.config.pipeline import PipelineConfig
from medialab.errors import ModelNotFoundError, ModelRefusedError
from medialab.families import RUNNING
from medialab.families.guidance import INTERVAL_UNREAD, NEGATIVE_UNREAD, UNGUIDED
from medialab.listing.info import ModelInfo
from medialab.listing.snapshot import Snapshot
from medialab.loading.defaults import defaults_of
from medialab.settings.choices import USUAL_DISTILLED
from medialab.settings.sampling import DISTILLED
from medialab.settings.steps import Guided


class _Pass(NamedTuple):
    """One denoising: its stage, and its settings with inherited ones."""

    stage: str
    checkpoint: str
    negative_prompt: str
    guidance_scale: float
    distilled: float
    own_distilled: bool
    guided: Guided


def without_effect(config: PipelineConfig, listing: Snapshot) -> list[str]:
    """Return a sentence for each setting that no denoising of the request reads.

    The same is in the record of a picture that is made so.

    Args:
        config: The request.
        listing: The models as the request sees them.
    """
    found = []
    for one in _passes(config):
        info: ModelInfo | None = None
        with suppress(ModelNotFoundError, ModelRefusedError):
            info = listing.find(one.checkpoint, "checkpoint")
        found += [f"{one.stage}: {why}" for why in _unread(one, info)]
    return found


def _unread(one: _Pass, info: ModelInfo | None) -> Iterator[str]:
    """Yield what a denoising is asked for in vain; without its checkpoint, as far as it shows."""
    own = RUNNING.get(info.family) if info is not None else None
    is_file = info is not None and info.path.is_file()
    edition = info.edition if info is not None else ""
    is_guided = own is None or own.guidance_of(edition, is_file=is_file) != "none"
    if one.guidance_scale > 1 and not is_guided:
        yield UNGUIDED
    if one.negative_prompt.strip() and (one.guidance_scale <= 1 or not is_guided):
        yield NEGATIVE_UNREAD
    if not one.guided.is_whole and (one.guidance_scale <= 1 or not is_guided):
        yield INTERVAL_UNREAD
    if info is not None and one.own_distilled and one.distilled != USUAL_DISTILLED:
        with suppress(ModelRefusedError):
            if DISTILLED not in defaults_of(info):
                yield (
                    f"distilled_guidance_scale has no effect: checkpoint {info.name!r}, of family "
                    f"{info.family}, is told no guidance"
                )


def _passes(config: PipelineConfig) -> Iterator[_Pass]:
    """Yield the denoisings that a request asks for."""
    if config.starts_from_noise:
        yield _Pass(
            config.mode,
            config.checkpoint,
            config.negative_prompt,
            config.guidance_scale,
            config.distilled_guidance_scale,
            own_distilled=True,
            guided=Guided(config.guidance_start, config.guidance_end),
        )
    for name, part in config.drawing_parts().items():
        one = part.filled(vars(config)).sampling()
        # What it inherits is told of the picture itself, if that is drawn from noise.
        own = part.distilled_guidance_scale is not None or not config.starts_from_noise
        yield _Pass(
            name,
            one.checkpoint,
            one.negative_prompt,
            one.guidance_scale,
            one.distilled_guidance_scale,
            own_distilled=own,
            guided=Guided(one.guidance_start, one.guidance_end),
        )
