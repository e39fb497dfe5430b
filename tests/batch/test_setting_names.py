"""The settings that an axis may vary, by their dotted names."""

import pytest

from medialab.batch.setting_names import model_at, setting_names, shape_of
from medialab.config.pipeline import PipelineConfig
from medialab.errors import ConfigError


def test_every_setting_has_a_name_and_a_shape():
    names = setting_names()

    assert {"prompt", "seed", "face.denoising_strength", "refiner.scale", "loras"} <= {*names}
    assert all(shape_of(name).name == name.rpartition(".")[2] for name in names)


def test_a_name_leads_to_the_model_that_holds_it():
    assert model_at("steps") == (PipelineConfig, "steps")
    assert model_at("face.steps") == (PipelineConfig.model_fields["face"].annotation, "steps")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("stps", "there is no setting 'stps'.*Did you mean 'steps'"),
        ("face.stps", r"Did you mean 'face\.steps'"),
        ("fase.steps", r"Did you mean 'face\.steps'"),
        ("face", r"face is a stage: name one of its settings"),
        ("face.detector.x", "there is no setting"),
        ("schema_version", "there is no setting"),
        ("", "there is no setting ''"),
    ],
)
def test_a_name_that_is_none_is_told_with_the_nearest(name, told):
    with pytest.raises(ConfigError, match=told):
        shape_of(name)
