"""A text is taken apart into prompt and parameters; no text makes that fail."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialab.config.pipeline import PipelineConfig
from medialab.errors import ConfigError
from medialab.infotext import text as infotext
from tests.infotext.texts import BASE, LINE, NEGATIVE, PROMPT, TEXT

MEANT = {
    "prompt": PROMPT,
    "negative_prompt": NEGATIVE,
    "steps": 28,
    "sampler": "DPM++ 2M",
    "schedule": "karras",
    "guidance_scale": 6.5,
    "seed": 42,
    "width": 512,
    "height": 768,
    "clip_skip": 2,
    "checkpoint": "v1-5",
}


HEAD = f"{PROMPT}\nNegative prompt: {NEGATIVE}"


TEXTS = {
    "as A1111 writes it": TEXT,
    "with a template below": f"{TEXT}\nTemplate: a {{cat|dog}}\nNegative Template: {{bad|ugly}}",
    "with a template of lines": (
        f"{TEXT}\n\nTemplate: a {{cat|dog}}\nSteps, more\n\nNegative Template: b"
    ),
    "with the time taken": f"{TEXT}\n\nTime taken: 1m 6.24sTorch active/reserved: 4/5 MiB, x: 1",
    "with used embeddings": f"{TEXT}\n\nUsed embeddings: EasyNegative [119b]\n\nTime taken: 1m",
    "wrapped": TEXT.replace("6.5, ", "6.5,\n").replace("2M Karras", "2M\nKarras"),
    "with words below": f"{TEXT}\n\nfound on a web page",
    "one item a line": HEAD + "\n" + "\n".join(LINE.split(", ")),
    "one item a line, in another order": (
        f"{HEAD}\nModel: v1-5\nSampler: DPM++ 2M Karras\nSteps: 28\nCFG Scale: 6.5\nSeed: 42\n"
        "Size: 512x768\nClip skip: 2"
    ),
    "by exiftool": f"Parameters{' ' * 22}: " + TEXT.replace("\n", "."),
    "by exiftool, with the time": TEXT.replace("\n", ".") + ".Time taken: 3 sec.",
    "in one line": TEXT.replace("\n", " "),
    "escaped": TEXT.replace("\n", "\\n"),
    "of a web page": TEXT.replace("\n", "<br>"),
    "quoted": "\n".join(f"> {line}" for line in TEXT.split("\n")),
    "with labels in bold": (
        f"**Prompt:** {PROMPT}\n**Negative prompt:** {NEGATIVE}\n**Settings:** {LINE}"
    ),
    "with Windows' line ends": TEXT.replace("\n", "\r\n"),
    "with its heading": f"parameters\n\n{TEXT}",
    "with a label": f"Prompt: {TEXT}",
    "with labels above": f"Positive prompt:\n{PROMPT}\nNegative prompt:\n{NEGATIVE}\n{LINE}",
    "with a label at the line": f"{HEAD}\nParameters: {LINE}",
    "with the negative prompt last": f"{PROMPT}\n{LINE}\nNegative prompt: {NEGATIVE}",
    "with other capitals": TEXT.replace("CFG scale", "CFG Scale").replace(
        "Negative prompt", "Negative Prompt"
    ),
    "with two spaces": TEXT.replace("Clip skip", "Clip  skip"),
    "with width and height": TEXT.replace("Size: 512x768", "width: 512, height: 768"),
    "with width, height and size": TEXT.replace("Seed", "width: 512, height: 768, Seed"),
    "with a size of its own form": TEXT.replace("512x768", "512 × 768"),
    "with a size in brackets": TEXT.replace("512x768", "(512, 768)"),
    "with other names": TEXT.replace("Sampler", "Sampling method").replace("CFG scale", "Guidance"),
    "with the sampler first": f"{HEAD}\nSampler: DPM++ 2M Karras, "
    + LINE.replace("Sampler: DPM++ 2M Karras, ", ""),
    "as CivitAI gives it": TEXT
    + ', Created Date: 2024-10-07T12:00:00.0Z, Civitai resources: [{"id":1},{"id":2}]',
    "with a shape behind its size": TEXT.replace("512x768", "512x768 px (2:3)"),
    "with a large X in its size": TEXT.replace("512x768", "512X768"),
    "with decimals in whole numbers": TEXT.replace("28,", "28.0,").replace("skip: 2", "skip: 2.0"),
    "with a comma in its decimals": TEXT.replace("6.5", "6,5"),
    "with a skip from the end": TEXT.replace("skip: 2", "skip: -2"),
    "with hard spaces": TEXT.replace("CFG scale: 6.5", "CFG\xa0scale:\xa06.5"),
    "with marks at its ends": f"\ufeff{TEXT}\0",
    "in a fence": f"```\n{TEXT}\n```",
    "in quotes": f'"{TEXT}"',
    "with bars": f"{HEAD}\n" + LINE.replace(", ", " | "),
    "with signs of equality": f"{HEAD}\n" + LINE.replace(": ", "="),
    "in points": f"{HEAD}\n- " + LINE.replace(", ", "\n- "),
    "with semicolons": f"{HEAD}\n" + LINE.replace(", ", "; "),
    "with wide signs": f"{HEAD}\n" + LINE.replace(", ", "\uff0c").replace(": ", "\uff1a"),
    "its letters garbled as Latin-1": TEXT.encode().decode("latin-1"),
    "its letters garbled as Windows-1252": TEXT.encode().decode("cp1252"),
    "its letters garbled twice": TEXT.encode().decode("latin-1").encode().decode("cp1252"),
    "its bytes in the wrong order": TEXT.encode("utf-16-le").decode("utf-16-be"),
}


@pytest.mark.parametrize("how", TEXTS)
def test_the_parameters_are_found_wherever_they_stand(how):
    parsed = infotext.read(TEXTS[how])
    assert dict(parsed.settings) == MEANT


def test_the_last_steps_begin_the_parameters_and_those_before_are_prompt():
    text = f"how to\nSteps: 3, Seed: 4, Size: 8x8\nNegative prompt: {NEGATIVE}\n{LINE}"
    parsed = infotext.read(text)
    assert parsed.settings["prompt"] == "how to\nSteps: 3, Seed: 4, Size: 8x8"
    assert parsed.settings["seed"] == 42


@pytest.mark.parametrize(
    "text",
    [
        "a photo, light: soft, lens: 50mm, mood: calm",
        "a guide. Steps: 3 to success",
        "a\nSteps: 20",
        "Prompt: the game",
        "parameters",
    ],
)
def test_words_with_colons_are_prompt(text):
    assert infotext.read(text).settings["prompt"] == text


def test_what_stands_below_is_told_by_its_label():
    rest = infotext.read(TEXTS["with a template of lines"]).rest
    assert rest["Template"] == "a {cat|dog}\nSteps, more"
    assert rest["Negative Template"] == "b"
    assert infotext.read(TEXTS["with words below"]).rest["Text below"] == "found on a web page"
    assert infotext.read(TEXTS["with used embeddings"]).rest["Used embeddings"]


def test_mending_is_told():
    for how in ("by exiftool", "its letters garbled as Latin-1", "its bytes in the wrong order"):
        assert infotext.read(TEXTS[how]).notes
    assert "lost" in infotext.read("a caf\ufffd\nSteps: 2, Seed: 1, Size: 64x64").notes[0]
    assert infotext.read(TEXT).notes == ()


def test_detailers_are_judged_beside_the_settings_of_their_own_text():
    text = "a\nSteps: 12, Sampler: Euler, Seed: 1, ADetailer model: face_yolov8n.pt, "
    for words in ("ADetailer use separate steps: True, ADetailer steps: 1", "ADetailer steps: 2"):
        parsed = infotext.read(text + words)
        assert parsed.settings["sampler"] == "Euler"
        assert parsed.settings["face"]["enabled"]
        assert not parsed.rest


def test_other_signs_in_a_negative_prompt_stay():
    line = LINE.replace(", ", " | ")
    parsed = infotext.read(f"a\nNegative prompt\uff1ared; x=y \uff1a b | c\n{line}")
    assert parsed.settings["negative_prompt"] == "red; x=y \uff1a b | c"


def test_what_forge_writes_for_nothing_is_nothing():
    items = "Denoising strength: 0.5, Hires upscale: 2, Hires Module 1: Use same choices, "
    items += "Hires checkpoint: Use same checkpoint, Hires sampler: Use same sampler"
    parsed = infotext.read(f"a\nSteps: 20, Sampler: Euler, {items}")
    assert parsed.settings["refiner"] == {"denoising_strength": 0.5, "enabled": True, "scale": 2.0}
    assert not parsed.rest


def test_settings_of_two_pictures_in_one_text_are_told():
    parsed = infotext.read(f"{TEXT}\n\n{TEXT.replace('42', '43')}")
    assert parsed.settings["seed"] == 43
    assert "another picture" in parsed.notes[0]


def test_an_upscalers_picture_is_told_to_be_missing():
    parsed = infotext.read(f"a\n{LINE}, Ultimate SD upscale tile_width: 512")
    assert "upscaler is switched off" in parsed.notes[0]


def test_what_is_told_twice_is_said_and_a_keys_own_spelling_counts():
    parsed = infotext.read("a\nSteps: 20, CFG scale: 7, Guidance: 3.5, Seed: 1, Seed: 2")
    assert (parsed.settings["guidance_scale"], parsed.settings["seed"]) == (7.0, 2)
    assert parsed.notes == (
        "CFG scale is given twice: '7' is used, '3.5' is not",
        "Seed is given twice: '2' is used, '1' is not",
    )


def test_a1111s_noise_schedule_is_no_schedule_of_the_steps():
    text = (
        "a\nSteps: 20, Sampler: DPM++ 2M, Schedule type: Karras, Noise Schedule: Zero Terminal SNR"
    )
    parsed = infotext.read(text)
    assert parsed.settings["schedule"] == "karras"
    assert "Noise Schedule" in parsed.rest


def test_the_tags_of_a_pages_source_are_tags():
    parsed = infotext.read(f"a &lt;lora:ink:0.8&gt; &amp; b\n{LINE}")
    assert parsed.settings["prompt"] == "a <lora:ink:0.8> & b"
    assert parsed.notes
    assert infotext.read(f"&lt;b&gt;\n{LINE}").settings["prompt"] == "&lt;b&gt;"


def test_a_value_that_cannot_be_taken_is_told_in_words():
    why = infotext.read("a\nSteps: 200, CFG scale: 0.5, Seed: red, Clip skip: 0").why
    assert why["Steps"] == "200: must be less than or equal to 150"
    assert why["CFG scale"] == "0.5: must be greater than or equal to 1"
    assert why["Seed"] == "'red' is not a known value"
    assert why["Clip skip"] == "0: must be greater than or equal to 1"


def test_seeds_of_64_bits_keep_every_digit():
    for seed in (2**53 + 1, 2**64 - 1):
        assert infotext.read(f"Steps: 2, Seed: {seed}, Size: 64x64").settings["seed"] == seed


def test_stages_nested_deep_are_told_and_not_taken():
    for value in ('{"face":' * 1000 + "1" + "}" * 1000, "[" * 50_000, '{"a": NaN}', "{}"):
        parsed = infotext.read(f"{BASE}Media Lab stages: {json.dumps(value)}")
        assert parsed.rest["Media Lab stages"] == value
        assert parsed.settings["seed"] == 1


def test_a_text_too_long_for_settings_is_refused_by_its_length():
    with pytest.raises(ConfigError, match="5,000,000 characters"):
        infotext.read("a " * 2_500_000)


HOSTILE = {
    "a word": "a",
    "quotes": '"',
    "backslashes": "\\",
    "spaces": " ",
    "lines": "\n",
    "commas": ",",
    "colons": ":",
    "pairs": "k: 1, ",
    "steps": "Steps: 1, ",
    "lines of steps": "Steps: 1\n",
    "dots and steps": ".Steps: 1",
    "negatives": "Negative prompt: a\n",
    "labels": "Prompt: ",
    "lists": "a: [",
    "objects": '{"a":',
    "quoted and open": 'a: "b, ',
    "garbled": "Ã©",
    "half garbled": "Ã",
    "swapped": "\u7300",
    "marks": "\u0301",
    "controls": "ControlNet 0: a, ",
    "escaped quotes": '\\"',
    "weights": "a: 1, ",
    "hashes": "ab: 12345678ab, ",
}


@pytest.mark.thorough
@pytest.mark.parametrize("what", HOSTILE)
def test_reading_takes_time_in_proportion_to_the_length(what):
    def seconds(length):
        body = HOSTILE[what] * (length // len(HOSTILE[what]))
        began = time.process_time()
        flat = body.replace("\n", " ")
        quoted = json.dumps(flat, ensure_ascii=False)
        lists = f"Lora weights: {quoted}, Lora hashes: {quoted}"
        for text in (body, BASE + flat, f'{{"{body}}}', BASE + lists):
            infotext.read(text)
        return time.process_time() - began

    # Eight times the length: 8 times the time where it is linear, 64 where it is quadratic.
    assert seconds(120_000) < 30 * max(seconds(15_000), 0.01)


PIECES = st.sampled_from(
    [
        *("Steps: 20", "Steps:", "Negative prompt: ", "\n", ", ", "Seed: ", "Size: 9x9", "Time: "),
        *("ControlNet 0: ", "Model hash: ", '"', "{", "}", "[", "(", "\\n", "Template: "),
        *("Lora hashes: ", "Hires resize: ", "First pass size: 0x0", "9" * 5000, "nan", "\0"),
        *("ADetailer model: face", "ADetailer prompt 2nd: ", "Media Lab stages: {", "Prompt: "),
        *("\ud800", "Time taken: ", "AddNet Model 1: a(12345678)"),
    ]
)


@given(st.lists(PIECES | st.text(max_size=6), max_size=30).map("".join))
def test_no_text_makes_reading_fail(text):
    for one in (text, f"a\nSteps: 20, Sampler: Euler, Seed: 1, {text}", f'{{"prompt": {text}}}'):
        PipelineConfig.parse(infotext.read(one).settings)


def test_a_prompt_too_long_for_a_config_is_told_and_the_rest_is_set():
    parsed = infotext.read(f"{'word ' * 50_000}\nSteps: 20, Seed: 4, Size: 64x64")
    assert parsed.settings["seed"] == 4
    PipelineConfig.parse(parsed.settings)
    assert "prompt" in parsed.settings or len(parsed.why["Prompt"]) < 400


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ("Diffusion in Low Bits: float8-e4m3fn", "fp8_e4m3fn"),
        ("Diffusion in Low Bits: float8-e4m3fn (fp16 LoRA)", "fp8_e4m3fn"),
        ("Diffusion in Low Bits: Automatic (fp16 LoRA)", "default"),
        ("Diffusion in Low Bits: bnb-nf4", None),
        ("FP8 weight: Enable", "fp8_e4m3fn"),
        ("FP8 weight: Enable for SDXL", "fp8_e4m3fn"),
        ("FP8 weight: Disable", "default"),
        ("FP8 weight: perhaps", None),
    ],
)
def test_weights_of_a_byte_are_set_or_the_item_is_left(item, expected):
    parsed = infotext.read(f"{TEXT}, {item}")
    key, _, value = item.partition(": ")
    assert parsed.settings.get("weight_dtype") == expected
    assert parsed.rest.get(key) == (None if expected else value)
    assert (key in parsed.why) is (expected is None)
