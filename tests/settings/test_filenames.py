"""Names of picture files: every token, and no name that leads astray."""

from datetime import datetime
from pathlib import PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialab.config.pipeline import PipelineConfig
from medialab.config.resolved import ResolvedConfig
from medialab.errors import ConfigError
from medialab.settings.filenames import DEFAULT, LONGEST, TOKENS, Named, make_name

CREATED = datetime(2026, 11, 22, 9, 5, 7)  # noqa: DTZ001 - names tell the local time
KNOWN = {"width": 512, "height": 768, "seed": 7, "checkpoint_sha256": "ab" * 32}


def name_of(pattern, **settings):
    config = ResolvedConfig.model_validate(KNOWN | settings)
    return make_name(pattern, Named(config, CREATED, 1024, 1536))


def test_the_default_is_the_seed_and_some_words():
    assert name_of(DEFAULT, prompt="A (smiling:1.2) person, é") == "7-a-smiling-1-2-person-e"
    assert name_of(DEFAULT) == "7-picture"


def test_every_token_tells_what_it_says():
    pattern = "[date]_[time]_[width]x[height]_[model_name]_[sampler]_[steps]_[cfg]_[model_hash]"
    assert name_of(pattern, checkpoint="my model.v2") == (
        "2026-11-22_090507_1024x1536_my-model.v2_DPM-2M_20_5_ababababab"
    )
    assert all(name_of(f"[{token}]", prompt="cat") for token in TOKENS)


def test_an_unknown_token_is_named_with_those_there_are():
    with pytest.raises(ConfigError, match=r"no token \[seeed\]; known: \[seed\], \[prompt_words\]"):
        PipelineConfig.parse({"file_name": "[seeed]"})


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_name_leaves_its_folder_or_hides(text, prompt):
    pattern = text.replace("[", "(") + "[prompt]" + "/../[model_name]"
    name = name_of(pattern, prompt=prompt, checkpoint="../../etc/x")
    assert PurePosixPath(name).name == PureWindowsPath(name).name == name
    assert name
    assert name[0] not in "-."
    assert ".." not in name
    assert len(name) <= LONGEST
    assert name.isascii()
