"""Texts and pictures made to do harm are read within bounds, or refused by an error of ours."""

import json
import tracemalloc
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from medialab.artifacts.embedded import read_embedded
from medialab.config.pipeline import PipelineConfig
from medialab.errors import MediaLabError, PictureError
from medialab.infotext import text as infotext
from medialab.infotext.items import LONGEST
from tests.examples import examples
from tests.infotext.programs.comfyui.graphs import Build, sampled, saved

MOST_MEMORY = 200 * 2**20  # bytes, for texts of some hundred thousand characters
SAVES = {"s": {"class_type": "SaveImage", "inputs": {"images": ["k", 0]}}}


def graph(make, count, **more):
    """Return a graph of many nodes before one sampler."""
    links = {name: ["0", 0] for name in ("latent_image", "model", "positive")} | more
    sampler = {"class_type": "KSampler", "inputs": {"seed": 1, "steps": 2, **links}}
    nodes = {str(number): make(number) for number in range(count)}
    return json.dumps({**nodes, "k": sampler, **SAVES})


def chained(number, kind, name, **more):
    return {"class_type": kind, "inputs": {name: [str(number + 1), 0], **more}}


BOMBS = {
    "brackets": "[" * (LONGEST - 1),
    "braces": "{" * (LONGEST - 1),
    "closed brackets": '{"a":' + "[" * 200_000 + "]" * 200_000 + "}",
    "objects within objects": '{"a":' * 40_000 + "1" + "}" * 40_000,
    "items": "a\nSteps: 20, " + ", ".join(f"{number}k: 1" for number in range(40_000)),
    "one item": "a\nSteps: 20, " + "Seed: 1, " * 40_000,
    "quotes": "a\nSteps: 20, Seed: 1, X: " + '"' * 900_000,
    "escapes": 'a\nSteps: 20, Seed: 1, X: "' + "\\" * 900_000,
    "keys": json.dumps({f"k{number}": number for number in range(30_000)}),
    "steps": "Steps: 1\n" * 20_000,
    "a million items": json.dumps({"prompt": "a", "uc": [0] * 300_000, "scale": 1, "sampler": "x"}),
    "unknown nodes": graph(lambda at: chained(at, "X", "a", b=["0", 0]), 3_000),
    "samplers": graph(
        lambda at: chained(at, "KSampler", "latent_image", seed=1, steps=2, model=["0", 0]), 2_000
    ),
    "loras": graph(
        lambda at: chained(at, "LoraLoader", "model", lora_name=f"x{at}", strength_model=1), 2_000
    ),
    "values": graph(lambda at: chained(at, "PrimitiveInt", "value"), 6_000, seed=["0", 0]),
    "subgraphs": json.dumps(
        {
            "nodes": [{"id": number, "type": "a"} for number in range(2_000)],
            "links": [],
            "definitions": {
                "subgraphs": [
                    {
                        "id": "a",
                        "nodes": [{"id": number, "type": "a"} for number in range(2_000)],
                        "links": [[number, 1, 0, 1, 0, 1] for number in range(5_000)],
                        "outputs": [{"linkIds": [1]}] * 2_000,
                    }
                ]
            },
        }
    ),
    "weights": json.dumps({"uc": "", "scale": 1, "sampler": "k", "prompt": "{" * 100_000}),
    "blanks": json.dumps({"sui_image_params": {"prompt": f"a{' ' * 900_000}b", "steps": 20}}),
    "digits": f"a <lora:b:{'1' * 900_000}x>\nSteps: 20, Seed: 1",
    "models of civitai": "a\nSteps: 20, Seed: 1, Size: 1x1, Civitai resources: "
    + json.dumps([{"type": "lora", "modelVersionId": 1, "modelName": "x"}] * 4_000),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_read_within_bounds_or_refused_by_name(bomb):
    try:
        parsed = infotext.read(BOMBS[bomb])
    except MediaLabError:
        return
    assert len(parsed.rest) < 3_000
    PipelineConfig.parse(parsed.settings)


@pytest.mark.parametrize("bomb", ["closed brackets", "keys", "values"])
def test_a_bomb_takes_little_memory(bomb):
    tracemalloc.start()
    try:
        infotext.read(BOMBS[bomb])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < MOST_MEMORY


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.tuples(st.sampled_from("12345678x"), st.integers(-1, 3)).map(list),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
TYPES = st.sampled_from(
    [
        *("KSampler", "KSamplerAdvanced", "SamplerCustom", "SamplerCustomAdvanced", "SaveImage"),
        *("CFGGuider", "BasicScheduler", "SplitSigmas", "RandomNoise", "KSamplerSelect", "Reroute"),
        *("CLIPTextEncode", "ConditioningCombine", "ConditioningConcat", "ControlNetApplyAdvanced"),
        *("LoraLoader", "Power Lora Loader (rgthree)", "VAELoader", "VAEEncode", "LatentUpscaleBy"),
        *("ImageScale", "ImageUpscaleWithModel", "ComfySwitchNode", "StringReplace", "X"),
    ]
)


@given(st.data())
@settings(max_examples=examples(40), deadline=None)
def test_no_change_of_an_executed_graph_makes_reading_fail(data):
    build = Build()
    saved(build, sampled(build))
    names = sorted({name for node in build.nodes.values() for name in node["inputs"]})
    for _ in range(data.draw(st.integers(0, 5))):
        node = build.nodes[data.draw(st.sampled_from(sorted(build.nodes)))]
        if data.draw(st.booleans()):
            node["class_type"] = data.draw(TYPES)
        node["inputs"][data.draw(st.sampled_from(names) | st.text(max_size=6))] = data.draw(VALUES)
    PipelineConfig.parse(build.read().settings)


SLOTS = st.lists(
    st.fixed_dictionaries(
        {"name": st.sampled_from(["model", "images", "samples", "latent_image", "", "seed"])},
        optional={"type": st.sampled_from(["MODEL", "IMAGE", "*"]), "link": st.integers(0, 6)},
    ),
    max_size=4,
)
NODES = st.fixed_dictionaries(
    {"id": st.integers(0, 6), "type": TYPES | st.sampled_from(["sub", "PrimitiveNode"])},
    optional={
        "mode": st.integers(-1, 5),
        "inputs": SLOTS | VALUES,
        "outputs": SLOTS | VALUES,
        "widgets_values": VALUES,
        "widgets_values_named": VALUES,
        "properties": VALUES,
    },
)
LINKS = st.lists(
    st.lists(st.integers(-10, 6), min_size=5, max_size=6)
    | st.dictionaries(st.sampled_from(["id", "origin_id", "origin_slot"]), st.integers(-10, 6))
    | VALUES,
    max_size=8,
)
INNER = st.fixed_dictionaries(
    {"id": st.just("sub"), "nodes": st.lists(NODES, max_size=4), "links": LINKS},
    optional={"inputs": VALUES, "outputs": st.lists(st.dictionaries(st.just("linkIds"), VALUES))},
)
DRAWN = st.fixed_dictionaries(
    {"nodes": st.lists(NODES | VALUES, max_size=7), "links": LINKS | VALUES},
    optional={"definitions": st.fixed_dictionaries({"subgraphs": st.lists(INNER, max_size=2)})},
)


@given(DRAWN)
@settings(max_examples=examples(40), deadline=None)
def test_no_drawn_graph_makes_reading_fail(graph):
    parsed = infotext.read(json.dumps(graph))
    assert parsed.program == "ComfyUI"
    PipelineConfig.parse(parsed.settings)


def pictures():
    """Return pictures of each format with settings in all places."""
    text = "a café cat\nSteps: 20, Sampler: Euler, CFG scale: 7, Seed: 5"
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9286] = b"UNICODE\0" + text.encode("utf-16-be")
    for kind in ("PNG", "JPEG", "WEBP", "AVIF"):
        info = PngImagePlugin.PngInfo()
        for keyword in ("parameters", "prompt"):
            info.add_text(keyword, text, zip=keyword == "prompt")
            info.add_itxt(f"i{keyword}", text, zip=keyword == "prompt")
        more = {"pnginfo": info} if kind == "PNG" else {"xmp": b"<exif:UserComment>Steps: 2"}
        buffer = BytesIO()
        Image.new("RGB", (16, 8), "teal").save(buffer, kind, exif=exif.tobytes(), **more)
        yield buffer.getvalue()


PICTURES = list(pictures())


@given(st.sampled_from(PICTURES), st.data())
@settings(max_examples=examples(100), deadline=None)
def test_no_damage_of_a_picture_makes_reading_fail(picture, data):
    damaged = bytearray(picture)
    for _ in range(data.draw(st.integers(0, 6))):
        at = data.draw(st.integers(0, len(damaged) - 1))
        damaged[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
    end = data.draw(st.integers(len(damaged) // 2, len(damaged)))
    try:
        parsed = read_embedded(bytes(damaged[:end]))
    except MediaLabError:
        return
    if parsed is not None:
        PipelineConfig.parse(parsed.settings)


def test_an_avif_whose_picture_is_missing_is_refused_by_name():
    avif = next(one for one in PICTURES if b"ftypavif" in one)
    with pytest.raises(PictureError):
        read_embedded(avif.replace(b"pitm\0\0\0\0\0\1", b"pitm\0\0\0\0\0\7"))
