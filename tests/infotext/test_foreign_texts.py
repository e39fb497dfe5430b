"""A text of another program is told by its form, and read as a request."""

import json

import pytest

from medialab.infotext import text as infotext


@pytest.mark.parametrize(
    ("written", "program"),
    [
        ({"3": {"class_type": "KSampler", "inputs": {}}}, "ComfyUI"),
        ({"nodes": [], "links": [], "version": 0.4}, "ComfyUI"),
        ({"prompt": {"3": {"class_type": "KSampler"}}, "workflow": {"nodes": []}}, "ComfyUI"),
        ({"prompt": json.dumps({"3": {"class_type": "KSampler"}})}, "ComfyUI"),
        ({"foo": 1, "bar": [2]}, "another program"),
        ({}, "another program"),
        ({f"k{one}": one for one in range(5000)}, "another program"),
    ],
)
def test_a_graph_and_unknown_json_are_told_and_never_a_prompt(written, program):
    parsed = infotext.read(json.dumps(written))
    assert parsed.program == program
    assert parsed.settings == {}
    assert list(parsed.rest) == ["graph"]


def test_a1111s_api_is_read_as_a_request_and_as_an_answer():
    request = {
        "prompt": "cat",
        "negative_prompt": "bad",
        "sampler_name": "DPM++ 2M",
        "steps": 20,
        "scheduler": "Karras",
        "cfg_scale": 7,
        "batch_size": 1,
        "denoising_strength": 0.4,
        "enable_hr": True,
        "hr_scale": 2,
        "width": 512,
        "height": 768,
        "seed": 5,
        "override_settings": {"sd_model_checkpoint": "x [abcdef1234]"},
    }
    parsed = infotext.read(json.dumps(request))
    assert (parsed.program, parsed.hashes["checkpoint"]) == ("A1111's API", "abcdef1234")
    assert parsed.settings["schedule"] == "karras"
    assert parsed.settings["refiner"] == {"enabled": True, "scale": 2.0, "denoising_strength": 0.4}
    assert (parsed.settings["checkpoint"], dict(parsed.rest)) == ("x", {})
    once = infotext.read(json.dumps(request | {"enable_hr": False}))
    assert not {"refiner", "img2img"} & once.settings.keys()
    info = json.dumps({"infotexts": ["a cat\nSteps: 20, Sampler: Euler, Seed: 5"]})
    answer = infotext.read(json.dumps({"images": ["…"], "parameters": {}, "info": info}))
    assert (answer.settings["prompt"], answer.settings["seed"]) == ("a cat", 5)
