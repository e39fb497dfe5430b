"""The models that CivitAI's generator lists are found by their versions, or can be asked for."""

import json

import pytest

from medialab.config.pipeline import PipelineConfig
from medialab.infotext import text as infotext
from medialab.infotext.restored_models import MissingModel
from tests.infotext.programs.comfyui.graphs import Build, sampled, saved

RESOURCES = [
    {
        "type": "checkpoint",
        "modelVersionId": 290640,
        "modelName": "Pony Diffusion V6 XL",
        "modelVersionName": "V6",
    },
    {"type": "lora", "weight": 0.8, "modelVersionId": 382152, "modelName": "Ink, wet: v2"},
    {"type": "embed", "modelVersionId": 250708, "modelName": "Safe Helper"},
    {"type": "upscaler", "modelVersionId": 164821, "modelName": "Remacri"},
]
GENERATED = (
    "a cat, masterpiece\nNegative prompt: bad\nSteps: 25, CFG scale: 4, Sampler: Euler a, "
    "Seed: 2741, Size: 832x1216, Clip skip: 2, Created Date: 2024-10-07T05:28:23.8151238Z, "
    "Civitai resources: {}, Civitai metadata: {{}}"
)
COPIED = (
    "a cat\nNegative prompt: bad\nSteps: 30, CFG scale: 7, Sampler: DPM++ 2M Karras, Seed: 12345, "
    "process: txt2img, workflow: txt2img, Clip skip: 2, Size: 832x1216, draft: False, width: 832, "
    "height: 1216, quantity: 4, baseModel: SDXL 1.0, disablePoi: True, aspectRatio: 2:3, "
    "Created Date: 2025-01-06T1936:21.6562312Z, experimental: False"
)


def generated(resources=RESOURCES):
    return GENERATED.format(json.dumps(resources, separators=(",", ":")))


def test_the_generators_list_names_checkpoint_and_loras():
    parsed = infotext.read(generated())
    assert parsed.program == "CivitAI"
    assert parsed.settings["checkpoint"] == "Pony Diffusion V6 XL"
    assert parsed.settings["loras"] == ({"name": "Ink, wet: v2", "weight": 0.8},)
    assert parsed.civitai == {
        "checkpoint": "290640",
        "lora/Ink, wet: v2": "382152",
        "embedding/Safe Helper": "250708",
    }
    assert "no prompt names it" in parsed.why["embedding Safe Helper"]
    assert "164821" in parsed.why["upscaler Remacri"]


def test_a_list_of_identifiers_alone_is_read():
    air = "urn:air:sdxl:lora:civitai:341353@382152"
    parsed = infotext.read(generated([{"air": air, "weight": 1}]))
    assert parsed.civitai == {"lora/version 382152 of CivitAI": "382152"}


def test_copied_generation_data_leaves_nothing_to_tell(own):
    read = own.read_settings(COPIED)
    assert (read.program, read.left_out) == ("CivitAI", {})
    assert (read.config.seed, read.config.width, read.config.clip_skip) == (12345, 832, 2)


def test_models_that_are_not_here_can_be_asked_for_by_their_versions(own):
    read = own.read_settings(generated())
    assert MissingModel("checkpoint", "Pony Diffusion V6 XL", "", "290640") in read.missing
    assert MissingModel("lora", "Ink, wet: v2", "", "382152") in read.missing
    assert "version 290640 at CivitAI" in read.left_out["Model"]


def test_a_version_is_found_by_the_note_beside_its_file(own):
    note = own.registry.folder / "loras" / "night-palette.civitai.info"
    note.write_text(json.dumps({"id": 382152, "modelId": 341353}))
    try:
        read = own.read_settings(generated())
    finally:
        note.unlink()
    assert [lora.name for lora in read.config.loras] == ["night-palette"]
    assert "by its version 382152 at CivitAI" in " ".join(read.notes)


@pytest.mark.parametrize(
    "resources",
    [{}, [1, None, "x"], [{"type": "lora"}], [{"type": [], "modelVersionId": {}}], [[[]]], "x"],
)
def test_a_malformed_list_is_passed_over(resources):
    parsed = infotext.read(generated(resources))
    assert parsed.settings["seed"] == 2741
    PipelineConfig.parse(parsed.settings)


def test_a_weight_that_is_no_number_is_told():
    one = {"type": "lora", "weight": "much", "modelVersionId": 1, "modelName": "ink"}
    parsed = infotext.read(generated([one]))
    assert "much" in parsed.why["LoRA ink"]


def test_a_graph_of_civitais_generator_names_its_models_by_versions(own):
    build = Build()
    first = sampled(build)
    build.nodes["1"]["inputs"]["ckpt_name"] = "urn:air:sdxl:checkpoint:civitai:133005@348913"
    lora = build.add(
        "LoraLoader",
        lora_name="urn:air:sdxl:lora:civitai:341353@382152.safetensors",
        strength_model=0.8,
        strength_clip=0.8,
        model=["1", 0],
        clip=["1", 1],
    )
    build.nodes[first]["inputs"]["model"] = [lora, 0]
    saved(build, first)
    graph = build.nodes | {"extra": {"airs": []}, "extraMetadata": json.dumps({"prompt": "a"})}
    parsed = infotext.read(json.dumps(graph))
    assert parsed.program == "CivitAI"
    assert parsed.civitai == {
        "checkpoint": "348913",
        "lora/version 382152 of CivitAI": "382152",
    }
    read = own.read_settings(json.dumps(graph))
    assert {one.civitai for one in read.missing} == {"348913", "382152"}
