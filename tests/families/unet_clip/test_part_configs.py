"""What the configs of a CLIP tokenizer must say, and the words it must hold."""

import json
import shutil

import pytest

from medialab.errors import ModelRefusedError
from medialab.families.unet_clip.part_configs import check_tokenizer
from medialab.families.unet_clip.single_files import SHARED_TOKENIZER
from medialab.loading.networks import CONFIGS


def test_merges_that_were_cut_are_missed(tmp_path):
    words = tmp_path / "tokenizer"
    shutil.copytree(CONFIGS / SHARED_TOKENIZER, words)
    settings = {"model_max_length": 77, **dict.fromkeys(("bos_token", "eos_token"), "x")}
    settings |= dict.fromkeys(("pad_token", "unk_token"), "x")
    told = words / "tokenizer_config.json"
    told.write_text(json.dumps(json.loads(told.read_text()) | settings))
    check_tokenizer(words, 49_408)
    merges = (words / "merges.txt").read_bytes()
    for left in (b"", merges[: len(merges) // 2]):
        (words / "merges.txt").write_bytes(left)
        with pytest.raises(ModelRefusedError, match=r"vocab\.json has 49408 words for \d+ merges"):
            check_tokenizer(words, 49_408)
