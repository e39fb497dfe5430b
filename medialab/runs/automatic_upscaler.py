"""The upscaler of a request, chosen when it is resolved: one made for what the picture is.

"automatic" is replaced by a name, so that the sidecar tells which was used and the cache's key
includes its hash.
"""

from typing import TypeVar

from medialab.config.pipeline import PipelineConfig
from medialab.config.resolved import ResolvedConfig
from medialab.errors import MissingLibraryError
from medialab.families import RUNNING
from medialab.listing.snapshot import Snapshot
from medialab.process.libraries import check_installed
from medialab.settings.choices import AUTOMATIC_UPSCALER, PIXEL_UPSCALERS

ConfigT = TypeVar("ConfigT", bound=PipelineConfig)

# Made for photos, the best first, by the names under which they are published.
OF_PHOTOS = ("RealESRGAN_x4plus",)


def with_upscaler(config: ConfigT, listing: Snapshot, family: str) -> ConfigT:
    """Return the request with an upscaler by name in place of "automatic".

    For a picture that a family with upscalers of its own draws it is one of these; any other counts
    as a photo, also one that nothing draws. Where none fits, it is Lanczos.

    Args:
        config: The request. If it is resolved, only an upscaler whose hash it names is chosen.
        listing: The models that are there.
        family: The name of the family of the checkpoint; of no consequence if nothing is drawn.
    """
    if config.upscaler.upscaler != AUTOMATIC_UPSCALER:
        return config
    infos = listing.models("upscaler") if _can_load() else ()
    usable = {info.name for info in infos if info.refused is None}
    if isinstance(config, ResolvedConfig):
        usable = {name for name in usable if config.sha256_of("upscaler", name)}
    draws = RUNNING.get(family) if config.is_drawn else None
    own = (draws and draws.upscalers) or OF_PHOTOS
    name = next((one for one in own if one in usable), PIXEL_UPSCALERS[0])
    chosen = config.upscaler.model_copy(update={"upscaler": name})
    return config.model_copy(update={"upscaler": chosen})


def _can_load() -> bool:
    """Return whether the library is installed that opens upscaler models."""
    try:
        check_installed("spandrel")
    except MissingLibraryError:
        return False
    return True
