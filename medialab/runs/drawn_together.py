"""How many pictures of a batch are denoised at once: as asked for, or as suits model and machine.

On a CPU two pictures at once are rarely faster: its cores are busy with one. Where nobody has
asked, the first batch of a large model there measures it, with steps that it makes anyway: the
first picture is drawn alone, the next ones in pairs.
"""

from collections.abc import Callable
from typing import Final

from medialab.config.pipeline import MOST_TOGETHER, PipelineConfig
from medialab.config.resolved import ResolvedConfig, Together
from medialab.listing.info import ModelInfo
from medialab.loading.memory_needs import numbers_in
from medialab.process.precisions import LARGE
from medialab.process.threads import processor
from medialab.process.versions import all_versions

# How many times faster a picture of a pair has to be than one alone: less is what measuring on a
# machine with other work may be off.
LEAST_GAIN: Final = 1.1
PAIR: Final = 2  # pictures
# A batch that measures has a picture alone and a pair; and steps, of which the first one counts
# for nothing, since it prepares kernels.
_LEAST_PICTURES, _LEAST_STEPS = 3, 4
_SIDES = 256  # pixels a side within which a gain is the same


def together_for(
    config: ResolvedConfig,
    checkpoint: ModelInfo | None,
    device: str,
    known: Callable[[], float | None],
    fits: Callable[[int], bool],
) -> Together | None:
    """Return how the pictures of a new request are denoised at once; None for one by one.

    Args:
        config: Resolved but for this.
        checkpoint: The main one; None if there is none.
        device: The torch device.
        known: Returns the gain that was measured on this machine, or None.
        fits: Returns whether so many pictures at once fit into memory.
    """
    if not config.may_draw_together or checkpoint is None:
        return None
    pictures = config.draw_together
    if pictures is not None:
        pictures = min(pictures, config.batch_size)
    elif device.startswith("cuda"):
        most = min(MOST_TOGETHER, config.batch_size)
        pictures = next((count for count in range(most, 1, -1) if fits(count)), 1)
    elif numbers_in(checkpoint) < LARGE or not fits(PAIR):
        pictures = 1
    elif (gain := known()) is not None:
        pictures = PAIR if gain >= LEAST_GAIN else 1
    elif config.batch_size >= _LEAST_PICTURES and config.steps >= _LEAST_STEPS:
        return Together(pictures=PAIR, place=PAIR)
    else:
        pictures = 1
    return Together(pictures=pictures) if pictures > 1 else None


def still_together(config: ResolvedConfig) -> Together | None:
    """Return how the pictures of a resolved request are denoised at once; None for one by one.

    It is as they were resolved, as far as settings that were changed since leave that possible. A
    single picture keeps its place, at which it is made again.

    Args:
        config: Resolved, and perhaps changed.
    """
    asked = config.draw_together
    if not config.shares_steps or asked == 1:
        return None
    if asked is None:
        return config.together
    if config.batch_size > 1:
        return Together(pictures=min(asked, config.batch_size))
    is_kept = config.together is not None and config.together.pictures <= asked
    return config.together if is_kept else None


def pictures_at_once(config: PipelineConfig) -> int:
    """Return how many pictures are denoised at once, as far as that is known."""
    if isinstance(config, ResolvedConfig):
        return config.together.pictures if config.together else 1
    return min(config.draw_together or 1, config.batch_size) if config.may_draw_together else 1


def name_of_gain(config: ResolvedConfig, family: str, device: str) -> str:
    """Return the name of the fact how much faster pairs are, with all that decides it."""
    side = round((config.width * config.height) ** 0.5 / _SIDES) * _SIDES
    rows = "guided" if config.guidance_scale > 1 else "unguided"
    return (
        f"gain of pairs: {processor(device)}, torch {all_versions()['torch']}, {config.threads} "
        f"threads, {family}, {side} px, {config.dtype}, {config.weight_dtype} weights, {rows}, "
        f"{config.mode}"
    )


def measures_pairs(config: ResolvedConfig) -> bool:
    """Return whether the pictures of a request are drawn so as to measure the gain of pairs.

    The first is then drawn alone and the next two at once, which texts of several lengths prevent.
    """
    together = config.together
    if together is None or together.place != PAIR:
        return False
    return together.sizes(config.batch_size)[:PAIR] == (1, PAIR)
