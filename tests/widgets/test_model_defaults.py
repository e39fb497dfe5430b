"""A form begins with what a checkpoint begins with; one that is missing has nothing."""

from medialab.settings.samplers import SAMPLERS
from widgets.model_defaults import ModelDefaults


def test_a_checkpoints_settings_are_its_familys(bench):
    defaults = ModelDefaults(bench)
    assert defaults.picture("paperdoll") == bench.defaults("paperdoll")
    assert defaults.native_size("paperdoll") == 128
    assert defaults.detailer("paperdoll")["denoising_strength"] == 0.6
    assert set(defaults.samplers("paperdoll")) == set(SAMPLERS)


def test_a_missing_checkpoint_has_none_until_the_folder_is_read_again(bench, monkeypatch):
    defaults = ModelDefaults(bench)
    assert defaults.picture("pony") == {}
    assert defaults.native_size("pony") is None
    assert defaults.samplers("pony") == {}
    found = bench.registry.find("paperdoll", "checkpoint")
    monkeypatch.setattr(bench.registry, "find", lambda name, kind: found)
    assert defaults.picture("pony") == {}
    defaults.forget()
    assert defaults.native_size("pony") == 128


def test_what_a_checkpoint_cannot_do_is_known_and_of_a_missing_one_nothing(bench):
    defaults = ModelDefaults(bench)
    assert defaults.limits("paperdoll").keys() == {"step_cache", "text_encoder"}
    assert defaults.why_not_in("img2img", "paperdoll") == ""
    assert defaults.why_not_in("instruct", "paperdoll").startswith("paperdoll is made for ")
    assert set(defaults.editing("paperdoll")) == {"references", "image_guidance_scale"}
    assert defaults.limits("pony") == defaults.editing("pony") == {}
    assert defaults.why_not_in("instruct", "pony") == ""
