"""A frame is bytes and the same frame again; other bytes are none."""

import json
from contextlib import suppress

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from medialab.diffusion.repainting import unpacked
from medialab.pixels.geometry import Box, Placement
from medialab.runs.frames import BrokenFrameError, decode_frame, encode_frame
from medialab.settings.control_units import ControlUnit
from medialab.settings.loras import LoRAConfig
from medialab.stage import EncodedPrompts, Frame
from medialab.vision.detections import Detection
from tests.examples import examples


def picture(seed, size=(16, 8)):
    values = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    return Image.fromarray(values)


def test_an_empty_frame_comes_back_empty():
    assert encode_frame(decode_frame(encode_frame(Frame()), "cpu")) == encode_frame(Frame())
    again = decode_frame(encode_frame(Frame()), "cpu")
    assert (again.image, again.base, again.stretch) == (None, None, None)
    assert (again.journey, again.units, again.controls) == ((), (), ())
    assert (dict(again.embeddings), again.detections, again.applied) == ({}, {}, {})


def test_a_frame_of_everything_comes_back_as_it_was():
    mask = Image.new("L", (16, 8), 0)
    ImageDraw.Draw(mask).ellipse((2, 1, 9, 6), fill=255)
    shared = torch.randn(1, 3, 4)
    frame = Frame(
        prompts=EncodedPrompts("a doll", "fog", clip_skip=2, loras=(LoRAConfig(name="ink"),)),
        embeddings={"prompt_embeds": shared, "negative_prompt_embeds": shared},
        image=picture(1),
        base=picture(2, (4, 2)),
        stretch=(32, 16),
        journey=(Placement((8, 4), (16, 8), Box(-1, 0, 17, 8), True),),
        units=(ControlUnit(model="lines", weight=0.5), ControlUnit(model="depth")),
        controls=(picture(3), picture(4)),
        detections={"face": [Detection("face", 1 / 3, Box(2, 1, 10, 7), mask, 1)], "hand": []},
        applied={"prompt": {"tokens": 5}},
    ).with_result("txt2img")
    again = decode_frame(encode_frame(frame), "cpu")
    assert (again.prompts, again.stretch, again.journey) == (
        frame.prompts,
        frame.stretch,
        frame.journey,
    )
    assert (again.units, again.applied) == (frame.units, frame.applied)
    assert again.results == frame.results
    assert len(again.results["txt2img"]) == 64
    assert again.image.tobytes() == frame.image.tobytes()
    assert again.base.tobytes() == frame.base.tobytes()
    assert [one.tobytes() for one in again.controls] == [one.tobytes() for one in frame.controls]
    (face,) = again.detections["face"]
    assert (face.label, face.confidence, face.box, face.index) == (
        "face",
        1 / 3,
        Box(2, 1, 10, 7),
        1,
    )
    assert face.mask.tobytes() == mask.tobytes()
    assert again.detections["hand"] == ()
    assert {*again.embeddings} == {*frame.embeddings}  # they are arguments by name
    assert all(torch.equal(again.embeddings[name], shared) for name in frame.embeddings)
    assert len(again.embeddings) == 2
    with pytest.raises(KeyError):
        again.embeddings["pooled"]


@pytest.mark.parametrize("dtype", [torch.int64, torch.uint8])
def test_embeddings_of_whole_numbers_are_none(dtype):
    frame = Frame(embeddings={"prompt_embeds": torch.zeros(1, 2, 3, dtype=dtype)})
    with pytest.raises(BrokenFrameError, match="no frame: embedding/prompt_embeds"):
        decode_frame(encode_frame(frame), "cpu")


@settings(max_examples=examples(60), derandomize=True, deadline=None, database=None)
@given(st.binary(max_size=300), st.integers(0, 400))
def test_bytes_that_are_no_frame_and_no_part_are_told_apart(content, at):
    whole = encode_frame(Frame(applied={"prompt": {"a": 1}}))
    for one in (content, whole[:at], whole[:at] + content, content + whole[at:]):
        with suppress(BrokenFrameError):
            decode_frame(one, "cpu")
        with suppress(ValueError):
            unpacked(one)


def test_a_frame_of_other_numbers_than_pictures_have_is_none():
    from safetensors.numpy import save

    facts = json.dumps({"prompts": {}, "detections": {}, "units": [], "applied": {}})
    for picture in (np.zeros((4, 4, 3), np.float32), np.zeros((4, 4, 9), np.uint8), np.zeros(3)):
        content = save({"image": picture}, {"frame": facts})
        with pytest.raises(BrokenFrameError):
            decode_frame(content, "cpu")
