"""Which graph and which branch of it counts, and what is told of those that cannot be read."""

import json
from io import BytesIO

import pytest
from PIL import Image

from medialab.artifacts.embedded import read_embedded
from medialab.infotext import text as infotext
from tests.infotext.pictures import picture
from tests.infotext.programs.comfyui.graphs import Build, out, sampled, saved


@pytest.fixture
def build():
    return Build()


def test_the_executed_graph_counts_and_the_drawn_one_gives_hashes(build):
    saved(build, sampled(build))
    model = {"name": "sdxl/pony.safetensors", "hash": "AB" * 32, "hash_type": "SHA256"}
    workflow = {
        "nodes": [{"id": 1, "type": "CheckpointLoaderSimple", "properties": {"models": [model]}}],
        "links": [],
    }
    texts = {"prompt": json.dumps(build.nodes), "workflow": json.dumps(workflow)}
    parsed = read_embedded(picture(texts))
    assert parsed.settings["checkpoint"] == "sdxl/pony"
    assert parsed.hashes == {"checkpoint": "ab" * 32}


def test_a_saved_picture_counts_before_one_that_was_shown(build):
    first = sampled(build)
    saved(build, first)
    shown = build.add("KSampler", **(build.nodes[first]["inputs"] | {"seed": 1}))
    build.add("PreviewImage", images=out(build.add("VAEDecode", samples=out(shown))))
    assert build.read().settings["seed"] == 2**63 + 5


def test_of_several_saved_pictures_what_differs_is_unknown(build):
    first = sampled(build)
    saved(build, first)
    other = build.add("KSampler", **(build.nodes[first]["inputs"] | {"seed": 1}))
    saved(build, other)
    parsed = build.read()
    assert "seed" not in parsed.settings
    assert "several pictures, which differ in it" in parsed.why["Seed"]
    assert parsed.settings["steps"] == 25


@pytest.mark.parametrize(
    "wrap",
    [
        json.dumps,
        lambda text: json.dumps(json.dumps(text)),
        lambda text: json.dumps({"prompt": text}),
        lambda text: json.dumps({"prompt": json.loads(text), "client_id": "x"}),
        lambda text: f"\ufeff{text}",
    ],
)
def test_a_graph_that_was_encoded_several_times_is_read(build, wrap):
    saved(build, sampled(build))
    parsed = infotext.read(wrap(json.dumps(build.nodes)))
    assert (parsed.program, parsed.settings["steps"]) == ("ComfyUI", 25)


def test_garbled_letters_of_a_graph_are_repaired(build):
    first = sampled(build)
    build.nodes["2"]["inputs"]["text"] = "a café, 猫"
    saved(build, first)
    text = json.dumps(build.nodes, ensure_ascii=False).encode().decode("latin-1")
    assert read_embedded(picture({"prompt": text})).settings["prompt"] == "a café, 猫"


def test_a_damaged_graph_gives_way_to_the_other_and_is_named_without_one(build):
    saved(build, sampled(build))
    whole = json.dumps(build.nodes)
    workflow = json.dumps({"nodes": [{"id": 1, "type": "LoadImage"}], "links": []})
    parsed = read_embedded(picture({"prompt": whole[:-40], "workflow": workflow}))
    assert "LoadImage" in parsed.rest["graph"]
    parsed = read_embedded(picture({"prompt": whole[:-40]}))
    assert parsed.settings == {}
    assert parsed.rest["graph"] == "its graph is damaged, and cannot be read"


def test_a_graph_without_a_sampler_names_what_made_the_picture(build):
    made = build.add("GeminiImageNode", prompt="a cat", model="x")
    build.add("SaveImage", images=out(made))
    parsed = build.read()
    assert parsed.settings == {}
    assert "GeminiImageNode" in parsed.rest["graph"]
    assert "SaveImage" in parsed.rest["graph"]


def test_a_graph_that_saves_no_picture_is_refused_by_its_nodes(build):
    build.add("LoadAudio", audio="x.wav")
    assert "LoadAudio" in build.read().rest["graph"]


def test_a_circle_of_links_ends(build):
    first = sampled(build)
    build.nodes[first]["inputs"] |= {"latent_image": out(first), "positive": out("9")}
    build.nodes["9"] = {"class_type": "X", "inputs": {"conditioning": out("9")}}
    build.nodes["1"]["inputs"]["ckpt_name"] = out("10")
    build.nodes["10"] = {"class_type": "PrimitiveString", "inputs": {"value": out("10")}}
    build.add("SaveImage", images=out(first))
    parsed = build.read()
    assert "circle" in parsed.why["Prompt"]
    assert "circle" in parsed.why["Model"]


def test_texts_that_double_at_each_node_end(build):
    first = sampled(build)
    at = build.add("PrimitiveString", value="x" * 100)
    for _ in range(60):
        at = build.add("StringConcatenate", string_a=out(at), string_b=out(at), delimiter="")
    build.nodes["2"]["inputs"]["text"] = out(at)
    saved(build, first)
    assert "characters" in build.read().why["Prompt"]


def test_a_combination_that_doubles_at_each_node_ends(build):
    first = sampled(build)
    at = "2"
    for _ in range(60):
        at = build.add("ConditioningCombine", conditioning_1=out(at), conditioning_2=out(at))
    build.nodes[first]["inputs"]["positive"] = out(at)
    saved(build, first)
    assert "too many" in build.read().why["Prompt"]


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "AVIF"])
@pytest.mark.parametrize("place", ["comment", "camera"])
def test_graphs_in_exif_are_read(build, kind, place):
    saved(build, sampled(build))
    workflow = {"nodes": [], "links": []}
    exif = Image.Exif()
    if place == "comment":
        both = json.dumps({"prompt": build.nodes, "workflow": workflow})
        exif.get_ifd(0x8769)[0x9286] = b"UNICODE\0" + both.encode("utf-16-be")
    else:  # as its node for animated WebP does: the camera's model and make
        exif[0x0110] = f"prompt:{json.dumps(build.nodes)}"
        exif[0x010F] = f"workflow:{json.dumps(workflow)}"
    buffer = BytesIO()
    Image.new("RGB", (8, 8)).save(buffer, kind, exif=exif.tobytes())
    assert read_embedded(buffer.getvalue()).settings["steps"] == 25


def test_a_shift_that_the_graph_sets_is_told(build):
    first = sampled(build)
    build.nodes[first]["inputs"]["model"] = out(
        build.add("ModelSamplingAuraFlow", shift=3.0, model=out("1"))
    )
    saved(build, first)
    parsed = build.read()
    assert parsed.settings["checkpoint"] == "sdxl/pony"
    assert "a shift (3)" in " ".join(parsed.notes)


@pytest.mark.parametrize(
    ("prefix", "name", "seed"),
    [
        ("other", "other_00012_.png", 1),
        ("folder/other", "other_00001_.png", 1),
        ("other-%date:yyyy%", "other-2026_00001_.png", 1),
        ("other", "renamed.png", None),
        ("other", "", None),
        ("x", "x_00001_.png", None),
    ],
)
def test_of_several_saved_pictures_the_one_that_the_file_is_named_after_counts(
    build, prefix, name, seed
):
    first = sampled(build)
    saved(build, first)
    other = build.add("KSampler", **(build.nodes[first]["inputs"] | {"seed": 1}))
    decoded = build.add("VAEDecode", samples=out(other), vae=out("1", 2))
    build.add("SaveImage", images=out(decoded), filename_prefix=prefix)
    parsed = read_embedded(picture({"prompt": json.dumps(build.nodes)}), name)
    assert parsed.settings.get("seed") == seed


def test_a_files_name_chooses_from_code_too(own, build, tmp_path):
    first = sampled(build)
    saved(build, first)
    other = build.add("KSampler", **(build.nodes[first]["inputs"] | {"seed": 1}))
    decoded = build.add("VAEDecode", samples=out(other), vae=out("1", 2))
    build.add("SaveImage", images=out(decoded), filename_prefix="other")
    path = tmp_path / "other_00001_.png"
    picture({"prompt": json.dumps(build.nodes)}, path)
    assert own.read_settings(path).config.seed == 1
