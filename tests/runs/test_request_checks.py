"""Requests that cannot be made are refused by their settings alone."""

import pytest

from medialab import PipelineConfig
from medialab.errors import ConfigError
from medialab.runs.request_checks import check_picture, check_texts

PICTURE, MASK = "a" * 64, "b" * 64
CONTROL = {"model": "lines"}


def asked(**settings):
    return PipelineConfig(**{"prompt": "a doll"} | settings)


@pytest.mark.parametrize("mode", ["img2img", "inpaint", "outpaint", "instruct", "enhance"])
def test_a_mode_that_starts_from_a_picture_asks_for_one(mode):
    with pytest.raises(ConfigError, match=f"mode='{mode}' starts from a picture, and there is non"):
        check_picture(asked(mode=mode))
    check_picture(asked())


def test_inpainting_asks_for_a_mask():
    with pytest.raises(ConfigError, match="no mask to inpaint"):
        check_picture(asked(mode="inpaint", image=PICTURE))
    check_picture(asked(mode="inpaint", image=PICTURE, inpaint={"mask": MASK}))
    check_picture(asked(mode="img2img", image=PICTURE))


def test_a_mask_that_was_painted_for_another_picture_is_refused():
    mine = {"mode": "inpaint", "image": PICTURE, "inpaint": {"mask": MASK}}
    with pytest.raises(ConfigError, match="was painted for another picture"):
        check_picture(asked(**mine, made_for={MASK: "c" * 64}))
    check_picture(asked(**mine, made_for={MASK: PICTURE}))


def test_an_edit_in_words_follows_no_controlnet_but_one_without_effect_is_no_matter():
    edit = {"mode": "instruct", "image": PICTURE}
    for settings in ({"control": [CONTROL]}, {"instruct": {"control": [CONTROL]}}):
        with pytest.raises(ConfigError, match="follows no ControlNet; remove"):
            check_picture(asked(**edit | settings))
    check_picture(asked(**edit, control=[CONTROL | {"enabled": False}]))
    check_picture(asked(**edit, control=[CONTROL], instruct={"control": []}))


def test_a_prompt_of_too_many_parts_and_odd_block_weights_are_refused():
    check_texts(asked(prompt="a AND b, <lora:ink:1:lbw=ALL>"))
    with pytest.raises(ConfigError, match="AND"):
        check_texts(asked(prompt=" AND ".join("ab" * 200)))
    with pytest.raises(ConfigError, match="1,2,3"):
        check_texts(asked(prompt="a doll <lora:ink:1:lbw=1,2,3>"))
    with pytest.raises(ConfigError, match="1,2,3"):
        check_texts(asked(negative_prompt="<lora:ink:1:lbw=1,2,3>"))
