"""What every stage of the table promises."""

import hashlib

import pytest

from medialab.config import PipelineConfig, StageConfig
from medialab.stages import STAGES

every_stage = pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)


def content_of(frame):
    embeddings = {name: value.numpy().tobytes() for name, value in frame.embeddings.items()}
    return embeddings, frame.image and frame.image.tobytes()


def weights_of(model):
    digest = hashlib.sha256()
    for name in ("unet", "vae", "text_encoder"):
        for parameter in model.components[name].parameters():
            digest.update(parameter.detach().numpy().tobytes())
    return digest.hexdigest()


@every_stage
def test_its_settings_are_part_of_the_config(stage):
    assert issubclass(stage.settings, StageConfig)
    assert set(stage.settings.model_fields) <= set(PipelineConfig.model_fields)


def test_every_setting_belongs_to_exactly_one_stage():
    owned = [name for stage in STAGES for name in stage.settings.model_fields]
    assert sorted([*owned, "schema_version"]) == sorted(PipelineConfig.model_fields)


def test_names_are_unique_and_titles_are_there():
    assert len({stage.name for stage in STAGES}) == len(STAGES)
    assert all(stage.title for stage in STAGES)


@every_stage
def test_the_same_frame_and_settings_give_the_same_bytes(stage, config, context, frame_before):
    frame, settings = frame_before(stage.name), config.settings_for(stage.settings)
    once, again = (stage.run(frame, settings, context()) for _ in range(2))
    assert content_of(once) == content_of(again)


@every_stage
def test_it_does_something_with_the_frame(stage, config, context, frame_before):
    frame = frame_before(stage.name)
    result = stage.run(frame, config.settings_for(stage.settings), context())
    assert content_of(result) != content_of(frame)


@every_stage
def test_it_leaves_the_frame_and_the_weights_as_they_were(
    stage, config, context, frame_before, model
):
    frame = frame_before(stage.name)
    before = content_of(frame), weights_of(model)
    stage.run(frame, config.settings_for(stage.settings), context())
    assert (content_of(frame), weights_of(model)) == before
