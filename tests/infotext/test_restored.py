"""What could be set is told, and what could not with its reason."""

import warnings

import pytest

from medialab import PipelineConfig
from medialab.errors import LeftOutWarning
from tests.infotext.pictures import LINE, picture


def test_the_sentence_tells_what_was_set_and_what_was_not(own):
    read = own.read_settings(f"a cat\nNegative prompt: rain\n{LINE}, Token merging ratio: 0.5")
    assert read.summary.startswith("Set from A1111: prompt, negative prompt, seed 3, 20 steps, ")
    assert "size 64×96" in read.summary
    assert read.left_out.keys() == {"Token merging ratio"}
    assert "Not set: Token merging ratio: '0.5'" in read.summary
    assert not read.is_whole


def test_a_picture_of_a_batch_is_one_picture_of_its_own_seed(own):
    """A1111 writes each picture's own seed, with the size of its batch and the place in it."""
    read = own.read_settings(f"a cat\n{LINE}, Batch size: 4, Batch pos: 2")
    assert (read.config.seed, read.config.batch_size, read.is_whole) == (3, 1, True)


def test_a_size_that_cannot_be_drawn_is_taken_at_the_nearest_and_told(own):
    read = own.read_settings(f"a cat\n{LINE.replace('64x96', '32x5000')}")
    assert (read.config.width, read.config.height) == (64, 4096)
    assert "32×5000" in read.summary
    odd = own.read_settings(f"a cat\n{LINE.replace('64x96', '510x770')}")
    assert (odd.config.width, odd.config.height, odd.is_whole) == (510, 770, True)
    far = own.read_settings(f"a cat\n{LINE.replace('64x96', '999999999x770')}")
    assert "Size" in far.left_out


def test_each_setting_that_cannot_be_taken_has_its_reason(own):
    read = own.read_settings(
        "a cat\nSteps: 999, Sampler: DPM++ 3M SDE, Schedule type: Karras, CFG scale: nan, "
        "Seed: -7, Size: big, RNG: NV, ENSD: 31337"
    )
    assert read.left_out.keys() == {
        *("Steps", "Sampler", "Schedule type", "CFG scale", "Seed", "Size", "RNG", "ENSD")
    }
    assert "no sampler 'DPM++ 3M SDE'" in read.left_out["Sampler"]
    assert read.config == PipelineConfig(prompt="a cat")


def test_load_gives_the_same_list_as_a_warning(own):
    path = own.artifacts.folder / "2026-11-01" / "00001-cat.png"
    picture(f"a cat\n{LINE}, Token merging ratio: 0.5", path)
    with pytest.warns(LeftOutWarning, match="Token merging ratio: '0.5'"):
        config = own.artifacts.load(path)
    assert config == own.read_settings(path).config


def test_a_whole_picture_is_read_without_a_warning(own):
    path = own.artifacts.folder / "2026-11-01" / "00001-cat.png"
    picture(f"a cat\n{LINE}", path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert own.artifacts.load(path).seed == 3
    assert own.read_settings(path).is_whole


def test_a_stage_that_stays_off_is_said_to_be_off(own):
    read = own.read_settings(f"a cat\n{LINE}, Hires steps: 9, Hires upscaler: Latent")
    assert "hires fix (switched off)" in read.set
    on = own.read_settings(f"a cat\n{LINE}, Hires steps: 9, Hires upscale: 2")
    assert "hires fix" in on.set
