"""What every stage of the table promises."""

import hashlib

import pytest

from medialab.config.pipeline import PipelineConfig
from medialab.runs.frames import decode_frame, encode_frame
from medialab.settings.fields import StageConfig
from medialab.stages import STAGES

every_stage = pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)


def content_of(frame):
    embeddings = {name: value.numpy().tobytes() for name, value in frame.embeddings.items()}
    found = {
        stage: [(one.box, one.mask.tobytes()) for one in finds]
        for stage, finds in frame.detections.items()
    }
    shown = [picture.tobytes() for picture in frame.controls]
    return embeddings, frame.image and frame.image.tobytes(), shown, frame.units, found


def weights_of(model):
    digest = hashlib.sha256()
    for name in ("unet", "vae", "text_encoder"):
        for parameter in model.components[name].parameters():
            digest.update(parameter.detach().numpy().tobytes())
    return digest.hexdigest()


def named_stages():
    """Stages whose settings are a field of their name; the others' stand at the top."""
    return {
        name
        for name, field in PipelineConfig.model_fields.items()
        if isinstance(field.default, StageConfig)
    }


@every_stage
def test_its_settings_are_part_of_the_config(stage):
    assert issubclass(stage.settings, StageConfig)
    if stage.name in named_stages():
        assert PipelineConfig.model_fields[stage.name].annotation is stage.settings
    else:
        assert set(stage.settings.model_fields) <= set(PipelineConfig.model_fields)


def test_every_setting_belongs_to_a_stage():
    named = named_stages()
    at_the_top = {
        name for stage in STAGES if stage.name not in named for name in stage.settings.model_fields
    }
    of_all = {
        *("made_for", "precision", "weight_dtype", "step_cache", "offload", "draw_together"),
        "schema_version",
    }
    assert {*named, *at_the_top, *of_all} == set(PipelineConfig.model_fields)


def test_names_are_unique_and_titles_are_there():
    assert len({stage.name for stage in STAGES}) == len(STAGES)
    assert all(stage.title for stage in STAGES)


@every_stage
def test_the_same_frame_and_settings_give_the_same_bytes(stage, config, context, frame_before):
    frame, settings = frame_before(stage.name), config.settings_for(stage.name, stage.settings)
    once, again = (stage.run(frame, settings, context()) for _ in range(2))
    assert content_of(once) == content_of(again)


@pytest.mark.thorough
@every_stage
def test_it_does_something_with_the_frame(stage, config, context, frame_before):
    frame = frame_before(stage.name)
    result = stage.run(frame, config.settings_for(stage.name, stage.settings), context())
    assert content_of(result) != content_of(frame)


@every_stage
def test_it_leaves_the_frame_and_the_weights_as_they_were(
    stage, config, context, frame_before, model
):
    frame = frame_before(stage.name)
    before = content_of(frame), weights_of(model)
    stage.run(frame, config.settings_for(stage.name, stage.settings), context())
    assert (content_of(frame), weights_of(model)) == before


@every_stage
def test_its_frame_is_the_same_after_the_cache(stage, config, context, frame_before):
    settings = config.settings_for(stage.name, stage.settings)
    frame = stage.run(frame_before(stage.name), settings, context())
    read = decode_frame(encode_frame(frame), "cpu")
    assert content_of(read) == content_of(frame)
    assert read.applied == frame.applied
