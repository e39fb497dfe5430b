"""What programs are told of the studio: every stage, limit and choice."""

import json

import pytest

from medialab import PipelineConfig
from medialab.pixels.preprocessors import PREPROCESSORS
from medialab.settings.choices import LATENT_UPSCALERS
from medialab.settings.sampling import SAMPLING_NAMES
from medialab.stages.detailer.settings import ORDERS
from medialab.vision.estimators import ESTIMATORS


@pytest.mark.thorough
def test_capabilities_tell_every_stage_with_its_limits_and_every_choice(service):
    answer = json.loads(json.dumps(service.capabilities()))
    assert answer["device"] == "cpu"
    stages = {stage["name"]: stage for stage in answer["stages"]}
    assert answer["stages"][0]["name"] == "prompt"
    assert stages["txt2img"]["field"] is None
    assert stages["txt2img"]["settings"]["properties"]["steps"]["maximum"] == 150
    assert stages["face"]["field"] == "face"
    assert set(SAMPLING_NAMES) <= set(stages["face"]["settings"]["properties"])
    for sampler, schedules in answer["samplers"].items():
        for schedule in schedules:
            PipelineConfig(sampler=sampler, schedule=schedule, steps=20)
    for name, chosen in stages["face"]["choices"].items():
        for one in chosen:
            PipelineConfig(face={name: one})
    assert stages["face"]["choices"]["order"] == list(ORDERS)
    assert stages["txt2img"]["choices"]["checkpoint"] == ["paperdoll"]
    assert answer["checkpoints"] == {
        "paperdoll": {
            "family": "paperdoll",
            "guidance": "true",
            "edit_pictures": 0,
            "samplers": answer["samplers"],
            "defaults": service.bench.defaults("paperdoll"),
        }
    }
    assert answer["preprocessors"] == [*PREPROCESSORS, *ESTIMATORS]
    assert answer["detectors"] == ["automatic", "centre"]
    assert answer["refiner_upscalers"][:3] == list(LATENT_UPSCALERS)
    assert set(answer["requests"]) == {"generate", "enhance", "pictures", "batches"}
    assert set(PipelineConfig.model_fields) <= set(answer["requests"]["generate"]["properties"])
