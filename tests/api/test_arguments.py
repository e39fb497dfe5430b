"""What a shell writes as name=value becomes the settings that Python would give."""

import json

import pytest
from pydantic import BaseModel

from medialab import PipelineConfig
from medialab.api import reference
from medialab.api.arguments import read_arguments
from medialab.errors import ConfigError

PICTURE = "0" * 64


def asked(*arguments):
    return PipelineConfig.parse(read_arguments(arguments, PipelineConfig))


@pytest.mark.parametrize(
    ("arguments", "settings"),
    [
        (["prompt=a=b, [c]", "steps=30"], {"prompt": "a=b, [c]", "steps": 30}),
        (["face.enabled=true"], {"face": {"enabled": True}}),
        (['face={"enabled": true}'], {"face": {"enabled": True}}),
        (['face={"steps": 3}', "face.enabled=yes"], {"face": {"enabled": True, "steps": 3}}),
        (["face.enabled=yes", 'face={"steps": 3}'], {"face": {"enabled": True, "steps": 3}}),
        (["face.steps=3", "face.steps=4"], {"face": {"steps": 4}}),
        (["face.prompt=[SEP] null", "face.sampler=ddim"], None),
        (['loras=[{"name": "ink", "weight": 0.5}]'], {"loras": [{"name": "ink", "weight": 0.5}]}),
        (['face.loras=[{"name": "ink"}]'], {"face": {"loras": [{"name": "ink"}]}}),
        (["face.loras=[]"], {"face": {"loras": []}}),
        (["face.loras=", "width=null", "face.checkpoint="], {}),
        (["face.vae="], {"face": {"vae": ""}}),
        (["face.vae=null"], {}),
        (["face.words=eye, mouth"], {"face": {"words": ["eye", "mouth"]}}),
        (['face.words=["eye", "mouth"]'], {"face": {"words": ["eye", "mouth"]}}),
        (['styles=["ink"]'], {"styles": ["ink"]}),
        ([f'made_for={{"{PICTURE}": "{PICTURE}"}}'], {"made_for": {PICTURE: PICTURE}}),
        (["schema_version=1"], {}),
        (["seed=18446744073709551615"], {"seed": 2**64 - 1}),
    ],
)
def test_a_command_line_is_the_settings_that_it_says(arguments, settings):
    if settings is None:
        settings = {"face": {"prompt": "[SEP] null", "sampler": "DDIM"}}
    assert asked(*arguments) == PipelineConfig.parse(settings)


@pytest.mark.parametrize(
    ("argument", "messages"),
    [
        ("--seed=3", ["not '--seed=3': write seed=3"]),
        ("--clip-skip", ["write clip_skip=…"]),
        ("car", ["not 'car'", "with spaces in quotes", "known: "]),
        ("fase.enabled=true", ["no setting 'fase'", "Did you mean 'face'?"]),
        ("face.stepz=3", ["no setting 'face.stepz'", "known in face: ", "Did you mean 'steps'?"]),
        ("crop_factor=2", ["no setting 'crop_factor'", "a setting of body, face, hand"]),
        ("steps.x=3", ["steps has no settings of its own: write steps=…"]),
        ("loras.0.weight=1", ["loras is a list", """loras='[{"name": …}]'"""]),
        ("made_for.x=1", ["made_for has no settings of its own"]),
        ("loras=ink", ["loras='ink': write a list or an object in JSON", '"name"']),
        ("face=true", ["face='true': write a list or an object in JSON"]),
        ("face=[1]", ["face='[1]': write a list or an object in JSON"]),
        ('loras={"name": "ink"}', ["write a list or an object in JSON, such as '[{"]),
        ("face={", ["face='{' is not valid JSON"]),
        ("face.loras=[", ["face.loras='[' is not valid JSON"]),
        ("face.loras=[{}]", ["face.loras.0.name is missing"]),
        ("face.enabled=maybe", ["face.enabled='maybe': write true or false"]),
        ("face.steps=1.5", ["face.steps='1.5': write a whole number"]),
        ("face.steps=999", ["face.steps='999': must be less than or equal to 150"]),
        ("width=0", ["width='0': must be greater than or equal to 1"]),
        ("face.guide_size=70", ["face.guide_size='70': must be a multiple of 8"]),
        ("image=cat.png", ["image='cat.png': write the name of a stored picture"]),
        ("schema_version=2", ["schema_version='2': write 1"]),
        ("sampler=DPM+", ["choose one of", "Did you mean 'DPM"]),
        ("=3", ["no setting ''"]),
        (".x=3", ["no setting "]),
        ("face.=3", ["no setting 'face.'"]),
        ("x=1", ["no setting 'x'"]),
    ],
)
def test_a_mistake_is_told_in_the_studios_own_words(argument, messages):
    with pytest.raises(ConfigError) as caught:
        asked(argument)
    for message in messages:
        assert message in str(caught.value)
    assert "Input should" not in str(caught.value)


def test_an_unknown_name_given_whole_and_with_a_dot_is_told():
    with pytest.raises(ConfigError, match="no setting 'fase'"):
        asked("fase=3", "fase.x=1")


def written(value):
    if isinstance(value, BaseModel):
        return value.model_dump_json()
    return value if isinstance(value, str) else json.dumps(value)


def test_every_setting_can_be_given_by_its_dotted_name():
    config, count = PipelineConfig(), 0
    for group in reference.groups():
        for setting in group.settings:
            if "[]" in setting.name:
                continue  # within the JSON of its list
            value = config
            for part in setting.name.split("."):
                value = getattr(value, part)
            if value is None and setting.type == "text":
                continue  # any words are words: left out, it is not set
            assert asked(f"{setting.name}={written(value)}") == config, setting.name
            count += 1
    assert count > 200
