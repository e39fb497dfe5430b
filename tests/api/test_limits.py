"""What is over a server's limits is refused by the setting to change."""

import pytest

from medialab import PipelineConfig
from medialab.api.limits import Limits
from medialab.batch.sweep import Sweep
from medialab.errors import ConfigError
from medialab.stage import StageSize


@pytest.mark.parametrize(
    ("limits", "settings", "field"),
    [
        ({"most_steps": 10}, {"steps": 11}, "steps"),
        ({"most_steps": 20}, {"refiner": {"steps": 21}}, "refiner.steps"),
        ({"most_steps": 20}, {"face": {"steps": 21}}, "face.steps"),
        ({"most_pictures": 2}, {"batch_size": 3}, "batch_size"),
        ({"most_pixels": 64 * 64}, {"width": 128, "height": 64}, "width"),
    ],
)
def test_a_request_over_the_limits_is_refused(limits, settings, field):
    with pytest.raises(ConfigError, match="more than this server makes") as raised:
        Limits(**limits).check(PipelineConfig(**settings))
    assert raised.value.setting == field


def test_what_is_just_within_the_limits_is_not():
    limits = Limits(most_steps=10, most_pictures=2, most_pixels=64 * 64, most_rows=3)
    config = PipelineConfig(steps=10, batch_size=2, width=64, height=64)
    limits.check(config)
    limits.check_sizes([StageSize("txt2img", (64, 64), draws=True, setting="width")])
    limits.check_batch(Sweep(PipelineConfig(), {"seed": "1-3"}))


def test_a_picture_that_a_stage_makes_too_large_is_refused_by_that_stage():
    sizes = [
        StageSize("txt2img", (64, 64), draws=True, setting="width"),
        StageSize("upscaler", (128, 128), draws=False, setting="upscaler.scale"),
    ]
    with pytest.raises(ConfigError, match="16,384 pixels") as raised:
        Limits(most_pixels=128 * 128 - 1).check_sizes(sizes)
    assert raised.value.setting == "upscaler.scale"


def test_a_batch_of_too_many_pictures_is_refused():
    with pytest.raises(ConfigError, match="1,001 pictures"):
        Limits().check_batch(Sweep(PipelineConfig(), {"seed": "1-1001"}))
