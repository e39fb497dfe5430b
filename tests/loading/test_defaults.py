"""The settings to begin with are the family's, at the size that the checkpoint was trained at."""

from dataclasses import asdict
from pathlib import Path

import pytest

from medialab.errors import ModelRefusedError
from medialab.families import RUNNING
from medialab.listing.info import ModelInfo
from medialab.loading.defaults import defaults_of


def info(family, **facts):
    return ModelInfo("a", "checkpoint", family, "original", Path("/nowhere"), 0, **facts)


@pytest.mark.parametrize(
    ("family", "prediction", "side"),
    [("sd15", "epsilon", 512), ("sdxl", "epsilon", 1024), ("sd2", "v_prediction", 768)],
)
def test_a_checkpoint_begins_as_its_family_does_at_its_own_size(family, prediction, side):
    settings = defaults_of(info(family, prediction_type=prediction))
    own = asdict(RUNNING[family].defaults)
    assert settings == own | {"width": side, "height": side}
    assert settings["steps"] == own["steps"] > 0


def test_a_checkpoint_of_no_known_size_has_no_settings_to_begin_with():
    with pytest.raises(ModelRefusedError, match="set width and height"):
        defaults_of(info("unknown"))
