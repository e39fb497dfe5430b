"""ComfyUI's own template graphs are all read, or refused by the names of their nodes."""

import json
from importlib import resources

import pytest

from medialab.config.pipeline import PipelineConfig
from medialab.infotext import text as infotext

FOLDER = resources.files("comfyui_workflow_templates_json") / "templates"
# Kinds of nodes that remove noise: a template with one of them that saves a picture is read.
SAMPLERS = ('"KSampler"', '"KSamplerAdvanced"', '"SamplerCustom"', '"SamplerCustomAdvanced"')


def graphs():
    for file in sorted(FOLDER.iterdir(), key=lambda one: one.name):
        text = file.read_text(encoding="utf-8") if file.name.endswith(".json") else ""
        if text and "nodes" in json.loads(text):
            yield file.name, text


@pytest.fixture(scope="module")
def parsed():
    return {name: (text, infotext.read(text)) for name, text in graphs()}


@pytest.mark.thorough
def test_every_template_is_read_or_refused_by_name(parsed):
    read = refused = 0
    for name, (text, found) in parsed.items():
        assert found.program == "ComfyUI", name
        if "graph" in found.rest:
            refused += 1
            assert found.settings == {}, name
            types = {node["type"] for node in json.loads(text)["nodes"]}
            assert any(one in found.rest["graph"] for one in types), name
        else:
            read += 1
            assert {"seed", "steps"} & found.settings.keys() or found.why, name
            PipelineConfig.parse(found.settings)
    print(f"{read} templates are read, {refused} are refused by name")  # noqa: T201
    assert read >= 200
    assert read + refused == len(parsed) > 600


def test_every_template_of_a_picture_by_a_sampler_is_read(parsed):
    for name, (text, found) in parsed.items():
        is_drawn = name.startswith(("image_", "flux", "sd", "hidream")) and any(
            f'"type": {one}' in text or f'"type":{one}' in text for one in SAMPLERS
        )
        assert not is_drawn or "graph" not in found.rest, f"{name}: {found.rest}"


def test_what_a_template_says_is_what_is_set(parsed):
    settings = parsed["image_sdxl_simple.json"][1].settings
    assert settings["prompt"].startswith("a giant classical marble statue")
    assert {key: value for key, value in settings.items() if "prompt" not in key} == {
        "checkpoint": "sd_xl_base_1.0",
        "steps": 25,
        "guidance_scale": 7.0,
        "sampler": "DPM++ 2M",
        "schedule": "karras",
        "seed": 812045847300606,
        "width": 1024,
        "height": 1024,
    }
    refiner = parsed["sdxl_refiner_prompt_example.json"][1].settings
    assert (refiner["handover_checkpoint"], refiner["switch_at"]) == ("sd_xl_refiner_1.0", 0.8)
    z_image = parsed["image_z_image_turbo.json"][1]
    assert z_image.settings["checkpoint"] == "z_image_turbo_bf16"
    assert "res_multistep" in z_image.why["Sampler"]
