"""Text encoders in files of their own are items, as Forge writes and reads them."""

import pytest

from medialab.infotext import text as infotext
from tests.infotext.test_text_range import resolved

HEAD = "a cat\nSteps: 4, Sampler: Euler, CFG scale: 1, Seed: 1, Size: 64x64, Model: one"


def test_text_encoders_are_written_one_an_item_and_read_back():
    config = resolved(text_encoder="clip_l, t5xxl_fp16", vae="ae")
    text = infotext.write(config, checkpoint_hash="0" * 10, version="1")
    assert "VAE: ae.safetensors" in text
    assert "Module 1: clip_l, Module 2: t5xxl_fp16" in text
    assert "Module 3" not in text
    assert '"text_encoder"' not in text
    told = infotext.read(text).settings
    assert (told["text_encoder"], told["vae"]) == ("clip_l, t5xxl_fp16", "ae")


@pytest.mark.parametrize(
    ("items", "encoders", "vae"),
    [
        ("Module 1: ae, Module 2: clip_l, Module 3: t5xxl_fp16", "clip_l, t5xxl_fp16", "ae"),
        ("Module 1: qwen_2.5_vl_7b, Module 2: qwen_image_vae", "qwen_2.5_vl_7b", "qwen_image_vae"),
        ("Module 1: sdxl_vae", None, "sdxl_vae"),
        ("VAE: other.safetensors, Module 1: ae, Module 2: t5xxl", "t5xxl", "other"),
        ("Module 2: t5xxl.safetensors", "t5xxl", None),
    ],
)
def test_the_parts_that_forge_lists_are_told_apart_by_their_names(items, encoders, vae):
    parsed = infotext.read(f"{HEAD}, {items}")
    assert (parsed.settings.get("text_encoder"), parsed.settings.get("vae")) == (encoders, vae)
    assert not any(key.startswith("Module") for key in parsed.rest)
