"""With which prompt, seed and strength a detection is repainted, and how large."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from medialab import PipelineConfig
from medialab.families.habits import DetailerHabits
from medialab.pixels.masks import blurred
from medialab.settings.fields import LARGEST_SEED
from medialab.stage import EncodedPrompts, Frame
from medialab.stages.detailer.edits import DetectionEdit
from medialab.stages.detailer.plan import planned, view_of
from medialab.stages.detailer.settings import DetailerConfig
from medialab.vision.detections import boxed

HABITS = DetailerHabits()
IMAGE = Image.new("RGB", (96, 64))
LEFT = boxed(IMAGE, "face", 0.9, (8, 24, 24, 40))
BASE = dict(PipelineConfig(prompt="a doll", negative_prompt="rain", seed=LARGEST_SEED))


def plan(detection=LEFT, edit=None, habits=HABITS, **settings):
    frame = Frame(prompts=EncodedPrompts("a doll", "rain"), image=IMAGE)
    return planned(detection, edit, frame, DetailerConfig(**settings).filled(BASE), habits)


def view(box, **settings):
    crop, size = view_of(
        IMAGE, boxed(IMAGE, "face", 0.9, box), DetailerConfig(**settings), 128, HABITS
    )
    return crop.edges, size


def indexed(index):
    return type(LEFT)(LEFT.label, LEFT.confidence, LEFT.box, LEFT.mask, index)


def test_each_has_the_next_seed_and_its_part_of_the_prompt():
    parts = {"prompt": "[SKIP][SEP] a hat", "negative_prompt": "red [SEP] blue"}
    assert plan(**parts) == "its prompt says [SKIP]"
    second = plan(indexed(1), **parts)
    assert (second.sampling.prompt, second.sampling.negative_prompt) == ("a hat", "blue")
    assert second.sampling.seed == 0  # they go round at their largest
    assert plan(indexed(1), same_seed=True).sampling.seed == LARGEST_SEED


def test_an_edited_one_has_its_own_prompt_and_strength():
    edit = DetectionEdit(box=(8, 24, 24, 40), prompt="a hat [SEP] a ball", denoising_strength=0.9)
    assert plan(indexed(1), edit, denoising_strength=0.2).strength == 0.9
    assert plan(indexed(1), edit).sampling.prompt == "a hat"
    assert plan(edit=edit.model_copy(update={"enabled": False})) == "switched off by hand"


def test_the_familys_habits_fill_what_is_unset():
    habits = DetailerHabits(strength=0.7, framings={"face": "a close-up of"}).of("face")
    assert plan(habits=habits).strength == 0.7
    assert plan(habits=habits).sampling.prompt.startswith("a close-up of")
    assert plan(habits=habits, prompt="a hat", denoising_strength=0.1).sampling.prompt == "a hat"
    assert plan(habits=habits, denoising_strength=0) == "its strength is 0"


@pytest.mark.parametrize(("power", "strength"), [(0, 0.5), (1, 0.25), (2, 0.125), (-1, 1.0)])
def test_dynamic_power_goes_by_the_share_of_the_picture(power, strength):
    half = boxed(IMAGE, "face", 0.9, (0, 0, 48, 64))
    assert plan(half, denoising_strength=0.5, dynamic_power=power).strength == strength


def test_one_that_fills_the_picture_is_drawn_fully_or_not_at_all():
    whole = boxed(IMAGE, "face", 0.9, (0, 0, 96, 64))
    assert plan(whole, denoising_strength=0.5, dynamic_power=1) == "its strength is 0"
    assert plan(whole, denoising_strength=0.5, dynamic_power=-1).strength == 1.0


def test_the_crop_is_a_factor_or_a_padding():
    assert view(LEFT.box.edges, crop_factor=2)[0] == (0, 16, 32, 48)
    sharp = view(LEFT.box.edges, crop="padding", padding=4, mask_blur=1)
    assert sharp[0] == (4, 20, 28, 44)


@given(
    st.tuples(st.integers(0, 90), st.integers(0, 58), st.integers(1, 60), st.integers(1, 60)),
    st.integers(0, 24),
    st.integers(0, 40),
    st.sampled_from(["off", "free"]),
)
def test_the_padding_holds_the_whole_softened_edge(box, blur, padding, match):
    """Where it was cut off there was a seam: half of what was drawn beside nothing of it."""
    left, top, width, height = box
    face = boxed(IMAGE, "face", 0.9, (left, top, left + width, top + height))
    own = DetailerConfig(mask_blur=blur, crop="padding", padding=padding, match_size=match)
    seen, _ = view_of(IMAGE, face, own, 128, HABITS)
    edge = np.array(blurred(face.mask, blur))
    edge[seen.top : seen.bottom, seen.left : seen.right] = 0
    assert not edge.any()


def test_a_part_is_drawn_as_large_as_its_guide_but_never_smaller_than_it_is():
    assert view(LEFT.box.edges, crop_factor=2, guide_size=64, max_size=96)[1] == (96, 96)
    assert view(LEFT.box.edges, crop_factor=2, guide_size=64, max_size=512)[1] == (128, 128)
    assert view((0, 0, 96, 64), guide_size=64, max_size=64)[1] == (96, 64)


def test_the_working_size_may_be_given():
    (left, top, right, bottom), size = view(LEFT.box.edges, crop_factor=2, width=96, height=64)
    assert size == (96, 64)
    assert (right - left) / (bottom - top) == pytest.approx(96 / 64, rel=0.05)


@pytest.mark.parametrize(
    ("match", "size"), [("off", (128, 128)), ("free", (64, 128)), ("strict", (96, 168))]
)
def test_width_and_height_may_go_by_the_parts_shape(match, size):
    assert view((40, 16, 56, 48), width=128, height=128, match_size=match)[1] == size


def test_the_whole_picture_may_be_drawn():
    assert view(LEFT.box.edges, only_masked=False) == ((0, 0, 96, 64), (96, 64))
    assert view(LEFT.box.edges, only_masked=False, width=64)[1] == (64, 64)
