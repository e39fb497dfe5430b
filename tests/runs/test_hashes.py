"""The hashes that tie a request to its models."""

import pytest

from medialab import PipelineConfig
from medialab.config.resolved import ResolvedConfig
from medialab.errors import ModelNotFoundError, ModelRefusedError
from medialab.runs.hashes import hashes_if_there, hashes_of, lacks_a_name, refuse_replaced
from medialab.runs.plan import stages_of
from medialab.stage import Model
from tests.runs.listings import hash_of, info, listing_of

ASKED = PipelineConfig(prompt="a doll", checkpoint="base", vae="fine", loras=[{"name": "ink"}])
BASE, FINE, INK = info("base", "checkpoint"), info("fine", "vae"), info("ink", "lora")
LISTING = listing_of(BASE, FINE, INK)
TIES = {"vae/fine": hash_of("fine"), "lora/ink": hash_of("ink")}


def resolved(**ties):
    settings = {"width": 64, "height": 64, "seed": 1, "checkpoint_sha256": hash_of("base")}
    return ResolvedConfig.parse(ASKED.model_dump() | settings | {"models_sha256": TIES | ties})


def test_every_model_but_the_runs_own_checkpoint_is_told_by_kind_and_name():
    assert hashes_of(ASKED, stages_of(ASKED), LISTING) == TIES


def test_a_model_that_is_missing_is_named():
    with pytest.raises(ModelNotFoundError, match="no vae 'fine'"):
        hashes_of(ASKED, stages_of(ASKED), listing_of(BASE, INK))


def test_of_optional_models_those_that_are_missing_or_refused_are_left_out():
    refused = info("odd", "vae", refused="it is broken")
    models = [Model("vae", "odd"), Model("lora", "gone"), Model("lora", "ink")]
    assert hashes_if_there(models, listing_of(refused, INK)) == {"lora/ink": hash_of("ink")}


def test_a_model_that_was_replaced_is_refused_with_both_hashes():
    config = resolved()
    refuse_replaced(config, stages_of(config), LISTING)
    config = resolved(**{"vae/fine": "9" * 64})
    with pytest.raises(ModelRefusedError) as refusal:
        refuse_replaced(config, stages_of(config), LISTING)
    told = "vae 'fine' is another file now: this picture was made with 9999999999, fine.safetens"
    assert str(refusal.value).startswith(told)
    assert f"is {hash_of('fine')[:10]}" in str(refusal.value)


def test_a_checkpoint_that_was_replaced_is_refused_too():
    config = resolved().model_copy(update={"checkpoint_sha256": "9" * 64})
    with pytest.raises(ModelRefusedError, match="checkpoint 'base' is another file now"):
        refuse_replaced(config, stages_of(config), LISTING)


def test_a_config_whose_model_has_another_name_lacks_one_but_a_refused_model_is_here():
    assert not lacks_a_name(resolved(), LISTING)
    assert lacks_a_name(resolved(), listing_of(BASE, INK))
    assert lacks_a_name(resolved(), listing_of(FINE, INK))
    refused = info("fine", "vae", refused="it is broken")
    assert not lacks_a_name(resolved(), listing_of(BASE, refused, INK))
