"""A part of a picture is repainted, and without anything to repaint the picture stays."""

import numpy as np
import pytest
from PIL import Image

from medialab import PipelineConfig
from medialab.pixels.geometry import MOST_DRAWN, Box
from medialab.pixels.masks import blurred
from medialab.stage import Frame
from medialab.stages.inpaint import InpaintConfig, InpaintStage, _enlarged
from tests.stages.conftest import MASK, PICTURE, PICTURES


class Pictures:
    """The pictures of a request; a stage that opens a model of it fails."""

    def picture(self, name, use):
        assert use == "mask"
        return Image.new("L", (64, 64), 0) if name == PICTURE else PICTURES[name]

    def picture_changes(self, _name, _use):
        return ["turned upright"]


def run(**settings):
    return InpaintStage().run(FRAME, InpaintConfig(**settings), Pictures())


FRAME = Frame(image=PICTURES[PICTURE])


@pytest.mark.parametrize("settings", [{"mask": None}, {"mask": MASK, "denoising_strength": 0}])
def test_without_a_mask_or_at_strength_0_the_frame_stays(settings):
    assert run(**settings) is FRAME
    empty = Frame()
    assert InpaintStage().run(empty, InpaintConfig(mask=MASK), Pictures()) is empty


def test_an_empty_mask_is_told_and_nothing_is_drawn():
    frame = run(mask=PICTURE)
    assert frame.image is FRAME.image
    assert frame.applied == {"inpaint": {"empty_mask": True, "mask": ["turned upright"]}}


@pytest.mark.parametrize(
    ("settings", "draws"),
    [
        ({}, True),
        ({"denoising_strength": 0}, False),
        ({"only_masked": True}, False),
        ({"at_model_size": True}, False),
    ],
)
def test_the_whole_picture_is_drawn_unless_its_part_alone_is(settings, draws):
    after = InpaintStage().size_after((640, 512), InpaintConfig(**settings), PipelineConfig())
    assert (after.stage, after.size, after.draws) == ("inpaint", (640, 512), draws)


@pytest.mark.parametrize(("padding", "blur"), [(0, 4), (0, 0), (8, 2), (4, 8)])
def test_the_part_that_is_drawn_holds_the_whole_softened_edge(config, context, padding, blur):
    """Where it was cut off there was a seam: half of what was drawn beside nothing of it."""
    own = {"only_masked": True, "padding": padding, "mask_blur": blur, "denoising_strength": 1.0}
    own = config.changed(inpaint=own).settings_for("inpaint", InpaintConfig)
    frame = InpaintStage().run(FRAME, own, context())
    left, top, right, bottom = frame.applied["inpaint"]["crop"]
    edge = np.array(blurred(PICTURES[MASK], blur))
    edge[top:bottom, left:right] = 0
    assert not edge.any()
    changed = np.asarray(frame.image) != np.asarray(FRAME.image)
    assert changed.any()
    assert not changed[np.asarray(blurred(PICTURES[MASK], blur)) == 0].any()


def test_a_part_is_enlarged_to_the_pictures_size_or_as_far_as_suits_the_model():
    crop = Box(0, 0, 100, 50)
    assert _enlarged(crop, (800, 400), 1024) == (800, 400)
    assert _enlarged(crop, (4000, 2000), 1024) == (1024, 512)
    # A part larger than suits the model is drawn at its own size, up to what any model can draw.
    assert _enlarged(Box(0, 0, 2000, 1000), (4000, 2000), 1024) == (2000, 1000)
    most = _enlarged(Box(0, 0, 9000, 9000), (10000, 10000), 1024)
    assert most == (MOST_DRAWN, MOST_DRAWN)
    assert _enlarged(Box(0, 0, 9, 1), (10000, 1), 1024) == (1024, 1)
