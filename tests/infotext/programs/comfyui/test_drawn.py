"""A graph as ComfyUI's page saves it means what it would execute."""

import json

import pytest

from medialab.infotext import text as infotext
from medialab.infotext.programs.comfyui.drawn import read_drawn

CHECKPOINT, POSITIVE, NEGATIVE, LATENTS, SAMPLER, DECODER, SAVER = range(1, 8)


def node(number, kind, values=(), inputs=(), outputs=(), **more):
    """Return a drawn node: inputs as (name, type, link), outputs as types."""
    return {
        "id": number,
        "type": kind,
        "mode": 0,
        "inputs": [{"name": name, "type": type_, "link": link} for name, type_, link in inputs],
        "outputs": [{"name": type_, "type": type_} for type_ in outputs],
        "widgets_values": list(values),
        **more,
    }


def drawn():
    """Return the usual graph of one sampler."""
    model = ("MODEL", "CLIP", "VAE")
    text = [("clip", "CLIP", 2)]
    nodes = [
        node(CHECKPOINT, "CheckpointLoaderSimple", ["pony.safetensors"], outputs=model),
        node(POSITIVE, "CLIPTextEncode", ["a cat"], text, ["CONDITIONING"]),
        node(NEGATIVE, "CLIPTextEncode", ["bad"], text, ["CONDITIONING"]),
        node(LATENTS, "EmptyLatentImage", [640, 832, 1], outputs=["LATENT"]),
        node(
            SAMPLER,
            "KSampler",
            [123, "randomize", 25, 6.5, "euler", "normal", 1],
            [
                ("model", "MODEL", 1),
                ("positive", "CONDITIONING", 3),
                ("negative", "CONDITIONING", 4),
                ("latent_image", "LATENT", 5),
            ],
            ["LATENT"],
        ),
        node(DECODER, "VAEDecode", [], [("samples", "LATENT", 6), ("vae", "VAE", 7)], ["IMAGE"]),
        node(SAVER, "SaveImage", ["x"], [("images", "IMAGE", 8)]),
        node(99, "Note", ["read me"]),
    ]
    links = [
        [1, CHECKPOINT, 0, SAMPLER, 0, "MODEL"],
        [2, CHECKPOINT, 1, POSITIVE, 0, "CLIP"],
        [3, POSITIVE, 0, SAMPLER, 1, "CONDITIONING"],
        [4, NEGATIVE, 0, SAMPLER, 2, "CONDITIONING"],
        [5, LATENTS, 0, SAMPLER, 3, "LATENT"],
        [6, SAMPLER, 0, DECODER, 0, "LATENT"],
        [7, CHECKPOINT, 2, DECODER, 1, "VAE"],
        [8, DECODER, 0, SAVER, 0, "IMAGE"],
    ]
    return {"last_node_id": 99, "nodes": nodes, "links": links, "version": 0.4}


def at(graph, number):
    return next(one for one in graph["nodes"] if one["id"] == number)


def read(graph):
    return infotext.read(json.dumps(graph))


PLAIN = {
    "checkpoint": "pony",
    "prompt": "a cat",
    "negative_prompt": "bad",
    "width": 640,
    "height": 832,
    "seed": 123,
    "steps": 25,
    "guidance_scale": 6.5,
    "sampler": "Euler",
    "schedule": "normal",
}


def test_a_plain_drawn_graph_is_read_in_full():
    parsed = read(drawn())
    assert (parsed.program, dict(parsed.settings), dict(parsed.rest)) == ("ComfyUI", PLAIN, {})


def test_links_may_be_objects_and_values_may_have_names():
    graph = drawn()
    names = ("id", "origin_id", "origin_slot", "target_id", "target_slot", "type")
    graph["links"] = [dict(zip(names, link, strict=True)) for link in graph["links"]]
    at(graph, SAMPLER)["widgets_values_named"] = {
        "seed": 9,
        "control_after_generate": "fixed",
        "steps": 4,
        "cfg": 2,
        "sampler_name": "lcm",
        "scheduler": "sgm_uniform",
        "denoise": 1,
    }
    settings = read(graph).settings
    assert (settings["seed"], settings["steps"], settings["sampler"]) == (9, 4, "LCM")


@pytest.mark.parametrize("kind", ["PrimitiveNode", "PrimitiveInt"])
def test_a_widget_that_became_an_input_takes_its_value_from_there(kind):
    graph = drawn()
    graph["nodes"].append(node(20, kind, [777, "randomize"], outputs=["INT"]))
    graph["links"].append([30, 20, 0, SAMPLER, 4, "INT"])
    at(graph, SAMPLER)["inputs"].append(
        {"name": "seed", "type": "INT", "link": 30, "widget": {"name": "seed"}}
    )
    assert read(graph).settings["seed"] == 777


def test_a_reroute_passes_on():
    graph = drawn()
    graph["nodes"].append(node(20, "Reroute", [], [("", "*", 30)], ["MODEL"]))
    graph["links"] += [[30, CHECKPOINT, 0, 20, 0, "*"], [31, 20, 0, SAMPLER, 0, "MODEL"]]
    at(graph, SAMPLER)["inputs"][0]["link"] = 31
    assert read(graph).settings["checkpoint"] == "pony"


def with_lora(mode):
    graph = drawn()
    lora = node(
        20,
        "LoraLoader",
        ["ink.safetensors", 0.8, 0.8],
        [("model", "MODEL", 30), ("clip", "CLIP", 31)],
        ["MODEL", "CLIP"],
        mode=mode,
    )
    graph["nodes"].append(lora)
    graph["links"] += [
        [30, CHECKPOINT, 0, 20, 0, "MODEL"],
        [31, CHECKPOINT, 1, 20, 1, "CLIP"],
        [32, 20, 0, SAMPLER, 0, "MODEL"],
    ]
    at(graph, SAMPLER)["inputs"][0]["link"] = 32
    return graph


def test_a_bypassed_node_passes_its_input_on():
    assert read(with_lora(0)).settings["loras"] == ({"name": "ink", "weight": 0.8},)
    parsed = read(with_lora(4))
    assert "loras" not in parsed.settings
    assert parsed.settings["checkpoint"] == "pony"


def test_a_muted_node_gives_nothing():
    parsed = read(with_lora(2))
    assert "checkpoint" not in parsed.settings
    assert parsed.rest["Model"] == "unknown"


def test_a_muted_save_node_saves_nothing():
    graph = drawn()
    at(graph, SAVER)["mode"] = 2
    graph["nodes"].append(node(20, "PreviewImage", [], [("images", "IMAGE", 8)]))
    assert dict(read(graph).settings) == PLAIN


def with_subgraph(**host):
    """Return a graph whose sampler stands in a subgraph that is used once."""
    graph = drawn()
    inner = {
        "id": "sub-1",
        "name": "Draw",
        "nodes": [at(graph, SAMPLER)],
        "inputs": [
            {"name": name, "type": type_, "linkIds": [100 + slot]}
            for slot, (name, type_) in enumerate(
                [
                    ("model", "MODEL"),
                    ("positive", "CONDITIONING"),
                    ("negative", "CONDITIONING"),
                    ("latent_image", "LATENT"),
                    ("seed", "INT"),
                ]
            )
        ],
        "outputs": [{"name": "LATENT", "type": "LATENT", "linkIds": [200]}],
        "links": [
            {"id": 100 + slot, "origin_id": -10, "origin_slot": slot, "target_id": SAMPLER}
            for slot in range(5)
        ]
        + [{"id": 200, "origin_id": SAMPLER, "origin_slot": 0, "target_id": -20}],
    }
    sampler = inner["nodes"][0]
    outside = [one["link"] for one in sampler["inputs"]]
    for slot, one in enumerate(sampler["inputs"]):
        one["link"] = 100 + slot
    sampler["inputs"].append(
        {"name": "seed", "type": "INT", "link": 104, "widget": {"name": "seed"}}
    )
    graph["nodes"] = [one for one in graph["nodes"] if one["id"] != SAMPLER]
    user = node(50, "sub-1", [], [], ["LATENT"], **host)
    user["inputs"] = [
        {"name": one["name"], "type": one["type"], "link": link}
        for one, link in zip(sampler["inputs"], outside, strict=False)
    ] + [{"name": "seed", "type": "INT", "link": None, "widget": {"name": "seed"}}]
    graph["nodes"].append(user)
    graph["links"] = [
        [6, 50, 0, DECODER, 0, "LATENT"] if one[0] == 6 else one for one in graph["links"]
    ]
    graph["definitions"] = {"subgraphs": [inner]}
    return graph


def test_a_subgraph_is_read_in_its_place():
    assert dict(read(with_subgraph()).settings) == PLAIN
    assert "50:5" in read_drawn(with_subgraph()).nodes


def test_a_subgraphs_own_value_counts_where_it_is_written():
    graph = with_subgraph(widgets_values_named={"seed": 5})
    assert read(graph).settings["seed"] == 5


def test_a_subgraph_that_contains_itself_ends():
    graph = with_subgraph()
    inner = graph["definitions"]["subgraphs"][0]
    inner["nodes"] += [node(60 + one, "sub-1") for one in range(20)]
    assert len(read_drawn(graph).nodes) <= 10_000
    assert read(graph).program == "ComfyUI"


def test_values_of_an_unknown_node_whose_widgets_are_not_named_are_unknown():
    graph = drawn()
    graph["nodes"].append(node(20, "MyText", ["a", "b"], outputs=["STRING"]))
    graph["links"].append([30, 20, 0, POSITIVE, 1, "STRING"])
    at(graph, POSITIVE)["inputs"].append(
        {"name": "text", "type": "STRING", "link": 30, "widget": {"name": "text"}}
    )
    parsed = read(graph)
    assert parsed.rest["Prompt"] == "unknown"
    assert "MyText" in parsed.why["Prompt"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"nodes": [None, 3, {"id": 1}, {"type": "KSampler"}], "links": [[1], {}, "x", None]},
        {"nodes": [], "links": {}},
        {"nodes": [{"id": [], "type": "SaveImage", "inputs": [{"link": []}]}], "links": []},
        {"nodes": [], "links": [], "definitions": {"subgraphs": [None, {"id": None}]}},
        {"nodes": [], "version": 1, "definitions": []},
    ],
)
def test_malformed_graphs_are_refused_by_name(wrong):
    parsed = read(wrong)
    assert (parsed.program, parsed.settings) == ("ComfyUI", {})
    assert parsed.rest["graph"]
