"""A text that we write is read back in full by A1111's and CivitAI's rules, as by ours."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialab.config.resolved import ResolvedConfig
from medialab.errors import ConfigError
from medialab.infotext import text as infotext
from tests.infotext.others_rules import read_as_a1111, read_as_civitai

LORAS = {"ink": "123456789abc", "wet-paint.v2": "abcdef012345"}
BASE = {"width": 96, "height": 64, "seed": 5, "checkpoint_sha256": "d" * 64}


def written(**changes):
    config = ResolvedConfig.parse(BASE | changes)
    return config, infotext.write(
        config, checkpoint_hash="d" * 10, version="Media Lab Studio 1", lora_hashes=LORAS
    )


WORDS = st.sampled_from(
    [
        *(
            "a cat",
            ", ",
            "(red:1.2)",
            "\n",
            '"quoted"',
            "a: b",
            "é 猫",
            "{x|y}",
            "\\(",
            "<",
            "Steps",
        ),
        *("<lora:ink:0.5>", "<lora:wet-paint.v2:1>", "Hires", "Seed: 7", "[a:b:0.5]", "AND", "'"),
    ]
)
TEXTS = st.lists(WORDS, max_size=8).map("".join)
STAGES = st.sampled_from(
    [
        {},
        {"refiner": {"enabled": True, "scale": 1.5, "prompt": 'a "hat", red: blue'}},
        {"face": {"enabled": True, "prompt": 'a "nose", red', "steps": 9}},
        {"upscaler": {"enabled": True}, "sharpen": 0.5},
        {"loras": [{"name": "ink", "weight": 0.5, "block_weights": "MIDD"}]},
        {"handover_checkpoint": "second", "switch_at": 0.6},
        {"vae": "kl-f8", "clip_skip": 2, "emphasis": "no norm"},
        {"control": [{"model": "canny", "image": "c" * 64, "weight": 0.5}]},
    ]
)
# How A1111 itself changes a prompt: lines lose their outer spaces, and one may be a label.
CHANGES_A1111 = ("Negative prompt:",)


def as_kept(prompt):
    """Return a prompt as lines without outer spaces, which is all that A1111 can hold."""
    return "\n".join(line.strip() for line in prompt.split("\n")).strip()


@given(TEXTS, TEXTS, STAGES, st.integers(0, 2**64 - 1))
def test_both_read_what_ours_means(prompt, negative, stages, seed):
    try:
        config, text = written(prompt=prompt, negative_prompt=negative, seed=seed, **stages)
    except ConfigError:
        return
    main = {
        "Steps": str(config.steps),
        "Sampler": config.sampler,
        "CFG scale": repr(config.guidance_scale).removesuffix(".0"),
        "Seed": str(seed),
        "Model": config.checkpoint,
        "Model hash": "d" * 10,
        "Version": "Media Lab Studio 1",
    }
    read_prompt, read_negative, items = read_as_a1111(text)
    assert (as_kept(read_prompt), as_kept(read_negative)) == (as_kept(prompt), as_kept(negative))
    assert {key: items.get(key) for key in main} == main
    assert (items["Size-1"], items["Size-2"]) == ("96", "64")
    assert items["Lora hashes"] == ", ".join(f"{name}: {LORAS[name]}" for name in LORAS)
    read_prompt, read_negative, items, hashes, loras = read_as_civitai(text)
    flat = [" ".join(one.split()) for one in (read_prompt, read_negative, prompt, negative)]
    assert flat[:2] == flat[2:]
    assert {key: items.get(key) for key in main} == main
    assert hashes["model"] == "d" * 10
    assert {f"lora:{name}": digits for name, digits in LORAS.items()}.items() <= hashes.items()
    assert {name for name, _ in loras} <= LORAS.keys()
    ours = infotext.read(text)
    assert not ours.rest.keys() - {"Model hash", "Lora hashes", "Version", "VAE hash"}
    assert ours.settings["prompt"] == config.prompt


def test_a_hires_prompt_in_quotes_is_read_by_a1111():
    _, text = written(refiner={"enabled": True, "prompt": 'a "hat", red: blue'})
    assert read_as_a1111(text)[2]["Hires prompt"] == 'a "hat", red: blue'


@pytest.mark.parametrize(
    "line",
    ["Steps: 20, Sampler: Euler, CFG scale: 7, Seed: 3", "Steps: 1, Seed: 3, CFG scale: 7, X: 4"],
)
def test_a_prompt_that_looks_like_parameters_does_not_hide_them(line):
    _, text = written(prompt=f"a cat\n{line}\nin a hat")
    assert read_as_a1111(text)[2]["Seed"] == "5"
    assert infotext.read(text).settings["prompt"] == f"a cat\n{line}\nin a hat"
    assert json.dumps(infotext.read(text).settings["seed"]) == "5"


def test_textual_inversions_are_known_to_both():
    names = ("mina", "bad-hands.v4")
    config = ResolvedConfig.parse(
        BASE
        | {"prompt": "mina", "models_sha256": {f"embedding/{name}": "e" * 64 for name in names}}
    )
    applied = {"prompt": {"embeddings": list(names)}, "txt2img": {}}
    record = {"stages": [{"name": name, "applied": one} for name, one in applied.items()]}
    text = infotext.write(config, checkpoint_hash="d" * 10, version="1", record=record)
    assert read_as_a1111(text)[2]["TI hashes"] == ", ".join(f"{name}: {'e' * 12}" for name in names)
    hashes = read_as_civitai(text)[3]
    assert {key: hashes[key] for key in hashes if key.startswith("embed:")} == {
        f"embed:{name}": "e" * 10 for name in names
    }
    parsed = infotext.read(text)
    assert {key: parsed.hashes[key] for key in parsed.hashes if "embedding" in key} == {
        f"embedding/{name}": "e" * 12 for name in names
    }
