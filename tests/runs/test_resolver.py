"""A request is checked and completed by what is here, and nothing is loaded."""

import pytest
from PIL import Image

from medialab import PipelineConfig
from medialab.errors import ModelRefusedError
from medialab.settings.fields import RANDOM_SEED

ASKED = PipelineConfig(prompt="a red ball", steps=2, width=64, height=64, seed=7)


@pytest.fixture
def resolver(bench):
    return bench._resolver


def test_a_seed_is_drawn_once_and_a_given_one_stays(resolver):
    drawn = {resolver.resolve(ASKED.changed(seed=RANDOM_SEED)).seed for _ in range(3)}
    assert len(drawn) > 1
    assert all(0 <= seed < 2**32 for seed in drawn)
    assert resolver.resolve(ASKED).seed == 7
    assert resolver.resolve(ASKED).variation_seed == ASKED.variation_seed
    varied = ASKED.changed(variation_strength=0.5, variation_seed=RANDOM_SEED)
    assert resolver.resolve(varied).variation_seed != RANDOM_SEED


def test_a_size_is_as_set_else_the_given_pictures_else_the_checkpoints(resolver):
    def size(**settings):
        config = resolver.resolve(ASKED.changed(**settings))
        return config.width, config.height

    assert size() == (64, 64)
    assert size(width=None, height=None) == (128, 128)
    assert size(width=None, height=96) == (128, 96)
    assert size(width=96, height=None) == (96, 128)
    image = resolver.pictures.keep(Image.new("RGB", (72, 80), "green"))
    given = {"image": image, "mode": "img2img"}
    assert size(**given, width=None, height=None) == (72, 80)
    assert size(image=image, width=None, height=None) == (128, 128)


def test_a_large_start_picture_is_fitted_where_the_whole_of_it_is_drawn(resolver):
    image = resolver.pictures.keep(Image.new("RGB", (4000, 3000), "green"))

    def size(**settings):
        changes = {"image": image, "width": None, "height": None, "fit": "model"} | settings
        config = resolver.resolve(ASKED.changed(**changes))
        return config.width, config.height

    assert size(mode="img2img") == (144, 112)
    assert size(mode="img2img", width=256, height=192) == (256, 192)
    assert size(mode="enhance") == (4000, 3000)
    config = resolver.resolve(
        ASKED.changed(image=image, width=None, height=None, fit="model", mode="instruct")
    )
    # Another picture is fitted anew.
    changed = resolver.changed(config, {"image": resolver.pictures.keep(Image.new("RGB", (9, 9)))})
    assert (changed.width, changed.height) == (None, None)


def test_a_resolved_request_whose_checkpoint_was_replaced_is_refused(resolver):
    config = resolver.resolve(ASKED)
    assert resolver.resolve(config) == config
    replaced = config.model_copy(update={"checkpoint_sha256": "0" * 64})
    with pytest.raises(ModelRefusedError, match="is another file now"):
        resolver.resolve(replaced)


def test_the_memory_of_a_request_is_that_of_its_resolved_form(resolver):
    plan = resolver.memory_plan(ASKED)
    assert [one.stage for one in plan.stages] == ["prompt", "txt2img", "finish"][: len(plan.stages)]
    assert plan.fits
    assert resolver.memory_plan(resolver.resolve(ASKED)).stages == plan.stages
