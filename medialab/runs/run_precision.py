"""The precision that a run's models compute in: as asked for, or as suits model and machine."""

from functools import partial

from medialab.config.pipeline import PipelineConfig
from medialab.config.resolved import ResolvedConfig
from medialab.files.machine_facts import MachineFacts
from medialab.listing.info import ModelInfo
from medialab.loading.memory_needs import numbers_in
from medialab.process.precisions import (
    AUTOMATIC,
    can_compute,
    chosen,
    of_device,
    refuse_impossible,
)
from medialab.process.trials import bfloat16_gain, name_of_trial


def precision_for(
    config: PipelineConfig, checkpoint: ModelInfo | None, device: str, facts: MachineFacts
) -> str:
    """Return the precision of a request's models, one for all of its stages.

    A picture that is made again computes as it did, or, where this device cannot, as that does;
    unless another one was asked for since.

    Cost: where a large model on a CPU may choose bfloat16, the first time on a machine imports
    torch and tries it for some 50 ms.

    Args:
        config: As asked for, or resolved; older resolved ones do not have it.
        checkpoint: The main one, whose size decides if the request leaves it open; None if there
            is none, and nothing is drawn.
        device: The torch device.
        facts: What was measured on this machine.

    Raises:
        ConfigError: the device cannot compute in the precision that was asked for.
    """
    if isinstance(config, ResolvedConfig) and _computes_as_told(config):
        told = config.dtype
        return told if told and can_compute(told, device) else of_device(device)
    gain = partial(facts.measured, name_of_trial(), bfloat16_gain)
    return chosen(config.precision, device, numbers_in(checkpoint) if checkpoint else 0, gain)


def check_precision(config: PipelineConfig, device: str) -> None:
    """Refuse a request whose precision the device cannot compute in.

    Raises:
        ConfigError: as said; of a picture that is made again only if another one was asked for.
    """
    if not (isinstance(config, ResolvedConfig) and _computes_as_told(config)):
        refuse_impossible(config.precision, device)


def _computes_as_told(config: ResolvedConfig) -> bool:
    """Return whether nobody has asked for another precision than the one that it was made in."""
    return config.precision in (AUTOMATIC, config.dtype)
