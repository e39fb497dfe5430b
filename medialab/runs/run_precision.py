"""The precision that a run's models compute in: as asked for, or as suits model and machine."""

from medialab.config.pipeline import PipelineConfig
from medialab.config.resolved import ResolvedConfig
from medialab.listing.info import ModelInfo
from medialab.loading.memory_needs import numbers_in
from medialab.process.precisions import can_compute, chosen, of_device


def precision_for(config: PipelineConfig, checkpoint: ModelInfo | None, device: str) -> str:
    """Return the precision of a request's models, one for all of its stages.

    A picture that is made again computes as it did, unless this device cannot.

    Args:
        config: As asked for, or resolved; older resolved ones do not have it.
        checkpoint: The main one, whose size decides if the request leaves it open; None if there
            is none, and nothing is drawn.
        device: The torch device.

    Raises:
        ConfigError: the device cannot compute in the precision that was asked for.
    """
    if isinstance(config, ResolvedConfig):
        told = config.dtype
        return told if told and can_compute(told, device) else of_device(device)
    return chosen(config.precision, device, numbers_in(checkpoint) if checkpoint else 0)
