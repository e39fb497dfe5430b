"""The finish stage sharpens, or leaves every byte alone."""

import numpy as np
import pytest
from PIL import Image

from medialab.stage import Frame
from medialab.stages.finish import FinishConfig, FinishStage


@pytest.fixture
def soft_edge():
    """A picture that goes from dark to light over eight pixels."""
    ramp = np.clip((np.arange(64) - 28) * 16 + 64, 64, 192).astype(np.uint8)
    return Image.fromarray(np.repeat(np.tile(ramp, (64, 1))[:, :, None], 3, axis=2))


def test_without_sharpening_the_frame_goes_through_untouched(context, soft_edge):
    frame = Frame(image=soft_edge)
    assert FinishStage().run(frame, FinishConfig(), context()) is frame


def test_sharpening_makes_the_edge_steeper_and_leaves_flat_areas_alone(context, soft_edge):
    def steepness(image):
        return int(np.abs(np.diff(np.asarray(image.convert("L")).astype(int), axis=1)).max())

    results = [
        FinishStage().run(Frame(image=soft_edge), FinishConfig(sharpen=amount), context()).image
        for amount in (0.5, 1.0, 2.0)
    ]
    steep = [steepness(image) for image in (soft_edge, *results)]
    assert steep == sorted(set(steep))
    flat = np.asarray(results[-1])[:, :20]
    assert (flat == np.asarray(soft_edge)[:, :20]).all()


def test_colours_go_back_to_what_stage_3_drew(context, soft_edge):
    reddened = Image.fromarray((np.asarray(soft_edge) * [1.0, 0.7, 0.7]).astype(np.uint8))
    frame = Frame(image=reddened, base=soft_edge)

    def distance(strength):
        frame_after = FinishStage().run(frame, FinishConfig(colour_match=strength), context())
        return np.abs(np.asarray(frame_after.image).astype(int) - np.asarray(soft_edge)).mean()

    distances = [distance(strength) for strength in (0.0, 0.5, 1.0)]
    assert distances == sorted(set(distances), reverse=True)
    assert distances[-1] < 3
    applied = FinishStage().run(frame, FinishConfig(colour_match=1.0), context()).applied
    assert applied["finish"] == {"colour_match": 1.0}


def test_colours_are_balanced_before_edges_are_sharpened(context, soft_edge):
    settings = FinishConfig(colour_balance=1.0, sharpen=1.0)
    done = FinishStage().run(Frame(image=soft_edge), settings, context())
    alone = FinishStage().run(Frame(image=soft_edge), FinishConfig(colour_balance=1.0), context())
    assert np.asarray(alone.image).min() == 0
    assert np.asarray(alone.image).max() == 255
    after = FinishStage().run(Frame(image=alone.image), FinishConfig(sharpen=1.0), context())
    assert done.image.tobytes() == after.image.tobytes()
    assert done.applied["finish"] == {"colour_balance": 1.0, "sharpen": 1.0}


def test_the_base_is_what_stage_3_drew_whatever_came_after(bench):
    """Were it the last picture, there would be nothing to match."""
    from medialab import PipelineConfig

    refiner = {"enabled": True, "scale": 1.5, "prompt": "blue", "denoising_strength": 1.0}
    config = PipelineConfig(prompt="red", steps=2, width=64, height=64, seed=1, refiner=refiner)
    plain = bench.execute(config)
    before = {one["name"]: one["cached"] for one in plain.record["stages"]}
    matched = bench.execute(config.changed(colour_match=1.0))
    after = {one["name"]: one["cached"] for one in matched.record["stages"]}
    assert not any(before.values())
    assert after == {"prompt": True, "txt2img": True, "refiner": True, "finish": False}
    assert matched.image.tobytes() != plain.image.tobytes()


def test_a_fitted_start_picture_comes_back_in_its_own_size(bench):
    from medialab import PipelineConfig

    photo = bench.keep(Image.effect_noise((400, 301), 40).convert("RGB"))
    config = PipelineConfig(mode="img2img", image=photo, seed=1, steps=2, fit="model")
    run = bench.execute(config, save=False)
    assert (run.config.width, run.config.height) == (144, 112)
    assert run.image.size == (400, 301)
    told = {one["name"]: one["applied"] for one in run.record["stages"]}
    assert told["finish"]["enlarged"] == [400, 301]
    # The border that is painted grows in proportion.
    border = {"left": 16, "right": 0, "denoising_strength": 0.0}
    wider = bench.execute(config.changed(mode="outpaint", outpaint=border), save=False)
    assert wider.image.size == (round(160 / 144 * 400), 301)


def test_a_part_drawn_at_the_models_size_leaves_every_byte_outside(bench):
    from medialab import PipelineConfig

    photo = Image.effect_noise((400, 300), 40).convert("RGB")
    mask = Image.new("L", photo.size, 0)
    mask.paste(255, (0, 0, 200, 300))
    config = PipelineConfig(
        mode="inpaint",
        image=bench.keep(photo),
        seed=1,
        steps=2,
        inpaint={"mask": bench.keep(mask), "mask_blur": 0, "at_model_size": True},
    )
    image = bench.execute(config, save=False).image
    right = (208, 0, 400, 300)
    assert image.size == photo.size
    assert image.crop(right).tobytes() == photo.crop(right).tobytes()
    assert image.tobytes() != photo.tobytes()
