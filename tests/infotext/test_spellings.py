"""A key is known however another program spells it."""

import pytest

from medialab.infotext.spellings import canonical, is_known


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("CFG scale", "CFG scale"),
        ("cfg_scale", "CFG scale"),
        ("  CfgScale ", "CFG scale"),
        ("num_inference_steps", "Steps"),
        ("SD  checkpoint", "Model"),
        ("Hires upscale by", "Hires upscale"),
    ],
)
def test_another_spelling_has_a1111s_key(written, key):
    assert (canonical(written), is_known(written)) == (key, True)


def test_an_unknown_key_stays_as_it_is_written():
    assert (canonical(" My_Node "), is_known(" My_Node ")) == ("My_Node", False)
