"""The configs and tokenizers that single files are built after are the published ones."""

import json

import diffusers
import pytest
import torch
import transformers

from medialab.families import RUNNING
from medialab.loading.networks import CONFIGS
from tests.tiny.t5_clip import without_old_places

FILES = {
    name: one.opening.files
    for name, one in RUNNING.items()
    if getattr(one.opening, "files", None) is not None
}
# Parameters, as the published weights have them.
_KL16, _T5, _CLIP_L = 83_819_683, 4_762_310_656, 123_060_480
_PROJECTION = 768 * 768
PUBLISHED = {
    "z-image/transformer": 6_154_908_736,
    "z-image/text_encoder": 4_022_468_096,
    "z-image/vae": _KL16,
    "flux/transformer": 11_901_408_320,
    "flux/text_encoder": _CLIP_L,
    "flux/text_encoder_2": _T5,
    "flux/vae": _KL16,
    "chroma/transformer": 8_899_983_424,
    "chroma/text_encoder": _T5,
    "chroma/vae": _KL16,
    "sd3/transformer": 2_028_328_000,
    "sd3/text_encoder": _CLIP_L + _PROJECTION,
    "sd3/text_encoder_2": 694_659_840,
    "sd3/text_encoder_3": _T5,
    "sd3/vae": _KL16,
    "flux2-klein-4b/transformer": 3_875_544_576,
    "flux2-klein-4b/text_encoder": 4_022_468_096,
    "flux2-klein-4b/vae": 84_046_115,
    "flux2-klein-9b/transformer": 9_078_581_248,
    "flux2-klein-9b/text_encoder": 7_568_405_504,
    "qwen-image/transformer": 20_430_401_088,
    # Of Qwen2.5-VL 7B's 8,292,166,656, without those that give words.
    "qwen-image/text_encoder": 8_292_166_656 - 152_064 * 3_584,
    "qwen-image/vae": 126_892_531,
}


@pytest.mark.parametrize("part", PUBLISHED)
def test_they_build_networks_of_the_published_size(part):
    folder = CONFIGS / part
    config = json.loads((folder / "config.json").read_text())
    with torch.device("meta"), without_old_places():
        if "_class_name" in config:
            made = getattr(diffusers, config["_class_name"]).from_config(config)
        else:
            kind = getattr(transformers, config["architectures"][0])
            made = kind(kind.config_class.from_pretrained(folder))
    assert sum(weight.numel() for weight in made.parameters()) == PUBLISHED[part]


@pytest.mark.parametrize("family", FILES)
def test_every_part_has_its_config_and_is_of_the_class_that_files_are_opened_as(family):
    folder, files = CONFIGS / family, FILES[family]
    index = json.loads((folder / "model_index.json").read_text())
    named = {one: value[1] for one, value in index.items() if isinstance(value, list) and value[0]}
    classes = {one: kind.class_name for one, kind in files.encoders.items()}
    classes |= {one: kind for one, (kind, *_) in files.tokenizers.items()}
    assert named == {
        **classes,
        files.denoiser[0]: files.denoiser[1],
        "vae": files.vae,
        "scheduler": "FlowMatchEulerDiscreteScheduler",
    }
    for one in named.keys() - files.tokenizers.keys():
        assert list((folder / one).glob("*config.json")), one
    for one, wanted in files.encoders.items():
        config = json.loads((folder / one / "config.json").read_text())
        config = config.get("text_config", config)
        assert wanted.width in {config.get("hidden_size"), config.get("d_model")}
    for _, shared, *_ in files.tokenizers.values():
        assert (CONFIGS / shared).is_dir()


def test_the_shipped_tokenizer_of_qwen3_is_its_own():
    own = transformers.Qwen2Tokenizer.from_pretrained(
        CONFIGS / "qwen3-tokenizer", local_files_only=True
    )
    message = own.apply_chat_template(
        [{"role": "user", "content": "a red ball"}],
        tokenize=False,
        add_generation_prompt=True,
        enable_thinking=True,
    )
    assert message == "<|im_start|>user\na red ball<|im_end|>\n<|im_start|>assistant\n"
    # The ids that Qwen3 gives this message; 198 is the end of a line.
    ids = [151644, 872, 198, 64, 2518, 4935, 151645, 198, 151644, 77091, 198]
    assert own(message).input_ids == ids
    assert (own.pad_token_id, own.vocab_size) == (151643, 151643)


def test_the_shipped_tokenizer_of_t5_is_its_own():
    own = transformers.T5Tokenizer.from_pretrained(CONFIGS / "t5-tokenizer", local_files_only=True)
    # The ids that T5 gives this sentence; 1 is its end.
    assert own("a red ball, please").input_ids == [3, 9, 1131, 1996, 6, 754, 1]
    assert (own.pad_token_id, own.model_max_length) == (0, 512)
