"""What is asked of workers before anything starts, told all at once."""

from importlib import metadata

import pytest

from medialab.batch.cluster import checks
from medialab.errors import BatchError
from medialab.process.versions import LIBRARIES, program_version
from medialab.stages import STAGES

OURS = {checks.PROGRAM: program_version(), **{name: metadata.version(name) for name in LIBRARIES}}
SEEN = {
    "models": ["/srv/models"],
    "stages": {stage.name: stage.version for stage in STAGES},
    "faults": [],
}


def test_the_same_versions_are_no_difference_whatever_the_build():
    torch = OURS["torch"].partition("+")[0]

    assert checks.different_versions(OURS) == []
    assert checks.different_versions({**OURS, "torch": f"{torch}+cu128"}) == []


@pytest.mark.parametrize("name", [checks.PROGRAM, "torch", "diffusers"])
def test_another_version_and_a_missing_library_are_told(name):
    assert checks.different_versions({**OURS, name: "9.9"}) == [f"{name} 9.9, here {OURS[name]}"]
    (told,) = checks.different_versions({**OURS, name: ""})
    assert told == f"{name} is not installed, here {OURS[name]}"


def test_a_worker_of_the_same_stages_with_all_models_has_no_fault():
    assert checks.faults_of(SEEN) == []


def test_a_missing_model_is_told_with_the_folder_and_another_stage_by_name():
    stages = {**SEEN["stages"], "upscaler": "0"}
    told = checks.faults_of({**SEEN, "stages": stages, "faults": ["no lora 'ink'"]})

    assert told[0] == "its medialab has another version of upscaler"
    assert told[1] == "no lora 'ink' (its models are in /srv/models)"


def test_all_workers_with_faults_are_named_at_once():
    checks.refuse({"tcp://a": [], "tcp://b": []})
    with pytest.raises(BatchError, match=r"tcp://b: too old; no model\. tcp://c: other"):
        checks.refuse({"tcp://a": [], "tcp://b": ["too old", "no model"], "tcp://c": ["other"]})


def test_names_of_stored_pictures_are_found_in_a_request():
    name = "0123456789abcdef" * 4

    assert checks.stored_in(f'{{"image": "{name}", "seed": 12, "other": "f{name}"}}') == {name}
