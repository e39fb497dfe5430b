"""What a repository says of itself, in its card and in its tags."""

import pytest

from medialab.remote.huggingface_cards import base_model, kind_said, licence, trained_words

KINDS = {
    "checkpoint": {"config": {"diffusers": {"_class_name": "FluxPipeline"}}},
    "controlnet": {"config": {"diffusers": {"_class_name": "ControlNetModel"}}},
    "vae": {"config": {"diffusers": {"_class_name": "AutoencoderKL"}}, "tags": ["lora"]},
    "lora": {"tags": ["base_model:adapter:org/base"], "pipeline_tag": "text-to-image"},
    "embedding": {"tags": ["textual_inversion"]},
    "detector": {"pipeline_tag": "object-detection", "config": {"architectures": ["Detr"]}},
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_is_said_by_its_class_else_its_tags_else_its_task(kind):
    assert kind_said(KINDS[kind]) == kind


def test_a_repository_to_draw_with_or_with_an_index_is_a_checkpoint():
    assert kind_said({"pipeline_tag": "text-to-image"}) == "checkpoint"
    assert kind_said({"siblings": [{"rfilename": "model_index.json"}]}) == "checkpoint"


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"pipeline_tag": "text-generation"},
        {"config": {"diffusers": {"_class_name": "UNet2DConditionModel"}}},
        {"config": 3, "tags": "lora", "siblings": None},
    ],
)
def test_what_says_none_of_our_kinds_has_none(facts):
    assert kind_said(facts) == ""


def test_the_card_comes_before_the_tags():
    tags = ("license:mit", "base_model:adapter:org/tag")
    assert licence({}, tags) == "mit"
    assert licence({"license": ["openrail"]}, tags) == "openrail"
    assert licence({"license": "other", "license_name": "flux-1-dev"}, tags) == "flux-1-dev"
    assert licence({"license": "other"}, ()) == "other"
    assert base_model({}, tags) == "org/tag"
    assert base_model({"base_model": ["org/card", "org/more"]}, tags) == "org/card"
    assert (licence({"license": 3}, ()), base_model({"base_model": {}}, ())) == ("", "")


def test_the_words_of_an_instance_prompt_are_the_trained_words():
    assert trained_words({"instance_prompt": "ink style, , wash "}) == ("ink style", "wash")
    assert trained_words({"instance_prompt": None}) == ()
