"""Settings to begin with for a checkpoint, and its samplers, known before it is loaded."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from medialab.errors import ConfigError
from medialab.families import RUNNING
from medialab.listing.info import ModelInfo
from medialab.loading.native_sizes import native_size


def defaults_of(info: ModelInfo) -> dict[str, Any]:
    """Return a checkpoint's settings to begin with: its edition's, and the size of its training.

    Raises:
        ModelRefusedError: the size is not known.
    """
    side = native_size(info)
    family = RUNNING[info.family]
    own = family.edition_defaults.get(info.edition or info.variant, family.defaults)
    told = {name: value for name, value in asdict(own).items() if value is not None}
    return {**told, "width": side, "height": side}


def samplers_of(info: ModelInfo) -> dict[str, Sequence[str]]:
    """Return the samplers that run a checkpoint, each with the schedules that it has there.

    Those of its family that fit its training, by the check that each run is put to; all of them if
    its training is not known.
    """
    schedulers = RUNNING[info.family].schedulers
    menu = schedulers.menu()
    if not info.prediction_type:
        return dict(menu)
    found = {}
    for sampler, schedules in menu.items():
        with suppress(ConfigError):
            schedulers.check(
                sampler,
                schedules[0],
                info.prediction_type,
                zero_terminal_snr=info.zero_terminal_snr,
            )
            found[sampler] = schedules
    return found


def detailer_defaults_of(info: ModelInfo) -> dict[str, Any]:
    """Return the settings of a detailer that are in force where they are left unset.

    Raises:
        ModelRefusedError: the size of the checkpoint's training is not known.
    """
    side, habits = native_size(info), RUNNING[info.family].habits
    return {
        "denoising_strength": habits.strength,
        "crop_factor": habits.crop_factor,
        "guide_size": side,
        "max_size": habits.largest(side),
    }
