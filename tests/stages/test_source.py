"""The given picture comes into the frame, at the run's size."""

import numpy as np
import pytest
from pydantic import ValidationError

from medialab.settings.choices import LATENT_RESIZE
from medialab.stage import Frame
from medialab.stages.source import SourceConfig, SourceStage
from tests.stages.conftest import PICTURE, PICTURES


class Pictures:
    """The pictures of a request, which is all of a context that this stage touches."""

    def __init__(self, *words):
        self._words = words

    def picture(self, name):
        return PICTURES[name]

    def picture_changes(self, _name):
        return self._words


def given(*words, **settings):
    config = SourceConfig(**{"image": PICTURE, "mode": "img2img"} | settings)
    return SourceStage().run(Frame(), config, Pictures(*words))


def test_a_picture_of_the_runs_size_keeps_every_byte():
    frame = given(width=64, height=64)
    assert frame.image.tobytes() == PICTURES[PICTURE].tobytes()
    assert frame.applied == {"source": {"width": 64, "height": 64}}
    assert frame.base is not None
    assert frame.stretch is None


def test_another_size_is_made_and_the_way_there_is_told():
    frame = given(width=128, height=96)
    assert frame.image.size == (128, 96)
    assert (frame.journey[0].of, frame.journey[0].to) == ((64, 64), (128, 96))
    assert np.asarray(frame.image)[0, 0, 0] < 8
    assert np.asarray(frame.image)[-1, -1, 0] > 247


def test_where_latents_are_stretched_the_picture_keeps_its_size():
    frame = given(width=128, height=96, resize_mode=LATENT_RESIZE)
    assert (frame.image.size, frame.stretch) == ((64, 64), (128, 96))
    assert given(width=64, height=64, resize_mode=LATENT_RESIZE).stretch is None


def test_what_was_done_to_the_picture_on_import_is_told():
    frame = given("turned upright", width=64, height=64)
    assert frame.applied["source"]["picture"] == ["turned upright"]


def test_without_a_picture_or_a_size_the_frame_stays():
    for settings in ({"image": None, "width": 64, "height": 64}, {"width": 64, "height": None}):
        assert given(**settings) == Frame()


def test_a_mode_without_latents_of_the_picture_stretches_none():
    with pytest.raises(ValidationError, match="is for mode 'img2img'; for mode 'inpaint' choose"):
        SourceConfig(mode="inpaint", resize_mode=LATENT_RESIZE)
