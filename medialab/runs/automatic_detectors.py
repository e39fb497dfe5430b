"""The detectors of a request's detailers: chosen when it is resolved, checked before it runs.

"automatic" is replaced by the names of the detectors that are there and know the part, so that the
sidecar names them and the cache's key includes their hashes.
"""

from collections.abc import Iterator, Sequence
from typing import TypeVar

from medialab.config.pipeline import PipelineConfig
from medialab.config.resolved import ResolvedConfig
from medialab.errors import ConfigError, MissingLibraryError, ModelNotFoundError, shown
from medialab.families import RUNNING
from medialab.listing.info import ModelInfo
from medialab.listing.snapshot import Snapshot
from medialab.loading.detectors import automatic_chain, backend_of, why_absent
from medialab.stages.detailer.settings import AUTOMATIC, CENTRE, WORDS, DetailerConfig
from medialab.vision.roles import Finder, Refiner

ConfigT = TypeVar("ConfigT", bound=PipelineConfig)


def with_detectors(config: ConfigT, infos: Sequence[ModelInfo], family: str) -> ConfigT:
    """Return the request with detectors by name in place of "automatic".

    Args:
        config: the request. If it is resolved, only detectors whose hashes it names are chosen.
        infos: the detectors that are there.
        family: the name of the family that draws; any other if nothing is drawn.

    Raises:
        ModelNotFoundError: none of them knows the part, and the fallback is not the centre.
    """
    if isinstance(config, ResolvedConfig):
        infos = [info for info in infos if config.sha256_of("detector", info.name)]
    changes = {}
    for name, part in _detecting(config):
        if AUTOMATIC not in part.chain:
            continue
        words = part.words or WORDS.get(name, (name,))
        own = RUNNING[family].detectors if family in RUNNING else ()
        found = automatic_chain(infos, words, own)
        chain = [one for asked in part.chain for one in (found if asked == AUTOMATIC else [asked])]
        if not chain and part.fallback != CENTRE:
            message = (
                f"no detector in models/detectors knows {' or '.join(map(shown, words))}, which "
                f"{name} looks for; put one there, or fetch those for photos (medialab fetch "
                f"photos), or set {name}.fallback to 'centre', or {name}.mask to a mask"
            )
            if refused := [info.refused for info in infos if info.refused is not None]:
                message = f"{message}. One is there but not opened: {refused[0]}"
            raise ModelNotFoundError(message)
        detector = ", ".join(dict.fromkeys(chain)) or CENTRE
        changes[name] = part.model_copy(update={"detector": detector})
    return config.model_copy(update=changes) if changes else config


def check_detectors(config: PipelineConfig, listing: Snapshot) -> None:
    """Refuse a detailer's models that cannot detect or refine, before anything is loaded.

    Raises:
        MissingLibraryError: the only detector that is named needs a library that is not installed.
        ModelRefusedError: it is of a kind that nothing here opens.
        ConfigError: the model given as detector, or as mask refiner, is made for another task.
    """
    for name, part in _detecting(config):
        if len(part.chain) == 1 and part.chain[0] not in {AUTOMATIC, CENTRE}:
            info = listing.find(part.chain[0], "detector")
            if (reason := why_absent(info)) is not None:
                raise MissingLibraryError(f"{name}.detector={info.name!r}: {reason}")
            if (backend := backend_of(info)).role is not Finder:
                message = (
                    f"{name}.detector={info.name!r} is a model for {backend.title}, which finds no "
                    "parts; choose one that does, or 'automatic'"
                )
                raise ConfigError(message)
    for name, part in config:
        if isinstance(part, DetailerConfig) and part.enabled and part.mask_refiner:
            info = listing.find(part.mask_refiner, "detector")
            if backend_of(info).role is not Refiner:
                message = (
                    f"{name}.mask_refiner={info.name!r} is a model for {backend_of(info).title}; "
                    "choose a SAM model in models/detectors, or leave it empty"
                )
                raise ConfigError(message)


def _detecting(config: PipelineConfig) -> Iterator[tuple[str, DetailerConfig]]:
    """Yield the enabled detailers that use a detector."""
    for name, part in config:
        if isinstance(part, DetailerConfig) and part.enabled and part.detects:
            yield name, part
