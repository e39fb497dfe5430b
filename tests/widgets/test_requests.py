"""What is asked for becomes a sweep: seeds, prompts of a list, settings; faults by field."""

import pytest

from medialab.errors import ConfigError, ModelNotFoundError
from widgets.generate.generate import FIRST
from widgets.requests import MOST, FaultsError, Seeds, axis_label, faults_in, sweep_of, value_label

BASE = {"steps": 7, "sampler": "Euler", "prompt": "a red cat"}


def find(name, kind):
    if name not in {"paperdoll", "ink", "night"}:
        raise ModelNotFoundError.among(name, kind, "models", ["paperdoll"])


def ask(mode, *axes, base=BASE, drawn=None, **asked):
    if axes:
        asked["axes"] = [{"name": name, "values": values} for name, values in axes]
    return sweep_of({**FIRST, "mode": mode, **asked}, base, find, drawn or Seeds())


def configs(*what, **asked):
    return [*ask(*what, **asked).configs()]


def faults(mode, *axes, **asked):
    try:
        told = faults_in(ask(mode, *axes, **asked), mode)
    except FaultsError as error:
        told = error.faults
    return [(fault["at"], fault["text"]) for fault in told]


def edges(sweep):
    """The axes from the outermost on, each with its labels."""
    return {axis.name: list(axis.labels) for axis in sweep.axes}


def test_several_have_seeds_of_their_own_random_or_from_the_forms_on():
    drawn = configs("times", times=4)
    assert len({config.seed for config in drawn}) == 4
    assert all(0 <= config.seed < 2**32 for config in drawn)
    held = ask("times", times=3, base={**BASE, "seed": 5})
    assert [config.seed for config in held.configs()] == [5, 6, 7]
    assert edges(held) == {"seed": ["5", "6", "7"]}
    last = configs("times", times=2, base={**BASE, "seed": 2**64 - 1})
    assert [config.seed for config in last] == [2**64 - 1, 0]


def test_random_seeds_stay_until_they_are_renewed():
    drawn = Seeds()
    few, more = (configs("times", times=count, drawn=drawn) for count in (2, 4))
    assert [one.seed for one in few] == [one.seed for one in more[:2]]
    (swept,) = {one.seed for one in configs("sweep", ("steps", "3, 5"), drawn=drawn)}
    assert swept == few[0].seed
    drawn.renew()
    later = configs("times", times=4, drawn=drawn)
    assert not {one.seed for one in later} & {one.seed for one in more}


def test_each_prompt_is_made_with_each_seed_and_they_are_rows_and_columns():
    found = ask("lines", lines="a cat\n\n# no\na dog", seeds=2, base={**BASE, "seed": 5})
    assert [(one.prompt, one.seed) for one in found.configs()] == [
        ("a cat", 5),
        ("a cat", 6),
        ("a dog", 5),
        ("a dog", 6),
    ]
    assert edges(found) == {"prompt": ["a cat", "a dog"], "seed": ["5", "6"]}
    assert {(one.steps, one.sampler) for one in found.configs()} == {(7, "Euler")}
    (seed,) = {one.seed for one in configs("lines", lines="a cat\na dog")}
    assert seed >= 0


def test_a_line_with_flags_has_its_own_settings_and_one_seed_if_it_names_it():
    lines = "--prompt a cat, sleeping --steps 30 --seed 7 --cfg_scale 3\na dog"
    found = configs("lines", lines=lines, seeds=2)
    first = found[0]
    assert (first.prompt, first.steps, first.seed, first.guidance_scale) == (
        "a cat, sleeping",
        30,
        7,
        3.0,
    )
    assert [one.prompt for one in found] == ["a cat, sleeping", "a dog", "a dog"]
    assert found[1].seed != found[2].seed


def test_faults_of_lines_are_told_all_at_once():
    assert faults("lines", lines=" ") == [("", "Write a prompt on each line.")]
    assert "--stepz" in faults("lines", lines="--prompt a --stepz 3")[0][1]
    two = faults("lines", lines="--prompt a --steps 1000\n--prompt b --width 7", seeds=3)
    assert [at for at, _ in two] == ["lines", "lines"]
    assert "Steps = 1000: " in two[0][1]
    many = faults(
        "lines", lines="\n".join(f"--prompt p{at} --steps {at + 900}" for at in range(20))
    )
    assert len(many) == 7
    assert many[-1] == ("", "And 14 more.")


def test_a_sweep_has_its_columns_and_rows_and_one_seed():
    found = ask("sweep", ("steps", "3, 5, 7"), ("guidance_scale", "1-2"))
    assert [(one.steps, one.guidance_scale) for one in found.configs()] == [
        (3, 1),
        (5, 1),
        (7, 1),
        (3, 2),
        (5, 2),
        (7, 2),
    ]
    assert edges(found) == {"guidance_scale": ["1", "2"], "steps": ["3", "5", "7"]}
    (seed,) = {one.seed for one in found.configs()}
    assert seed >= 0


def test_one_axis_is_enough_more_than_two_go_and_seeds_can_be_one():
    assert [one.seed for one in configs("sweep", ("", ""), ("seed", "1-4"))] == [1, 2, 3, 4]
    three = ask("sweep", ("steps", "1-2"), ("seed", "1-3"), ("guidance_scale", "1-4"))
    assert (len(three), [*edges(three)]) == (24, ["guidance_scale", "seed", "steps"])


def test_axes_stand_side_by_side_or_some_are_chosen_by_chance():
    axes = ("steps", "1-3"), ("seed", "4-6")
    assert [(one.steps, one.seed) for one in configs("sweep", *axes, how="zip")] == [
        (1, 4),
        (2, 5),
        (3, 6),
    ]
    some = configs("sweep", *axes, how="random", count=4)
    assert len({(one.steps, one.seed) for one in some}) == 4
    assert some == configs("sweep", *axes, how="random", count=4)
    assert faults("sweep", *axes, how="random", count=10) == [
        ("count", "There are only 9 combinations; choose at most so many of them.")
    ]
    told = faults("sweep", ("steps", "1-3"), ("seed", "4-5"), how="zip")
    assert told == [
        ("how", "Side by side, all settings need as many values: Steps has 3, Seed has 2.")
    ]


def test_axes_take_loras_checkpoints_prompts_words_and_switches():
    found = configs("sweep", ("loras", "none, ink:0.5"), ("prompt_replace", "red, green"))
    assert [[(lora.name, lora.weight) for lora in one.loras] for one in found[:2]] == [
        [],
        [("ink", 0.5)],
    ]
    assert [one.prompt for one in found[::2]] == ["a red cat", "a green cat"]
    found = ask("sweep", ("prompt", "a cat\na dog, red"), ("checkpoint", "paperdoll, ink"))
    assert [one.prompt for one in found.configs()][:2] == ["a cat", "a dog, red"]
    assert edges(found)["checkpoint"] == ["paperdoll", "ink"]
    found = configs("sweep", ("face.enabled", "on, off"))
    assert [one.face.enabled for one in found] == [True, False]


def test_the_weight_of_a_lora_that_is_set_is_an_axis_and_the_others_stay():
    loras = [{"name": "ink", "weight": 1.0}, {"name": "night", "weight": 0.3}]
    base = {**BASE, "loras": loras}
    found = ask("sweep", ("loras:ink", "0.2-0.6 [3]"), base=base)
    weights = [[lora.weight for lora in one.loras] for one in found.configs()]
    assert weights == [[0.2, 0.3], [0.4, 0.3], [0.6, 0.3]]
    assert axis_label("loras:ink") == "ink weight"
    two = faults("sweep", ("loras:ink", "1, 2"), ("loras:night", "1, 2"), base=base)
    assert two == [("axis 1", "LoRAs is varied already; choose another setting.")]
    assert "is not a weight" in faults("sweep", ("loras:ink", "much"), base=base)[0][1]
    assert "no longer among" in faults("sweep", ("loras:gone", "1"), base=base)[0][1]


def test_each_value_that_is_wrong_is_told_beside_its_axis():
    told = faults("sweep", ("steps", "3, 5000, x"), ("sampler", "Euler, Eulr"))
    assert sorted(at for at, _ in told) == ["axis 0", "axis 0", "axis 1"]
    assert any("Did you mean 'Euler'" in text for _, text in told)
    told = faults("sweep", ("checkpoint", "paperdoll, nope"), ("loras", "gone:0.5"))
    assert [at for at, _ in told] == ["axis 0", "axis 1"]
    assert "'nope'" in told[0][1]
    assert "'gone'" in told[1][1]
    told = faults("sweep", ("steps", " "), ("seed", "9-1 (+2)"))
    assert told[0] == ("axis 0", "Write its values, with commas between them.")
    assert "never lead" in told[1][1]
    assert "is varied already" in faults("sweep", ("seed", "1"), ("seed", "2"))[0][1]
    assert "Choose a setting" in faults("sweep", ("", ""))[0][1]


def test_a_combination_that_is_wrong_is_told_with_its_row_and_values():
    base = {**BASE, "control": [], "face": {"enabled": True}}
    told = faults("sweep", ("face.max_ratio", "0.1, 1"), ("face.min_ratio", "0, 0.5"), base=base)
    assert len(told) == 1
    assert told[0][0] == ""
    assert told[0][1].startswith("Row 3 (0.5, 0.1): ")


def test_a_setting_of_a_stage_that_is_off_would_change_nothing():
    told = faults("sweep", ("face.denoising_strength", "0.1-0.5 [3]"))
    assert told == [("axis 0", "Face is off, so that this changes nothing; switch it on first.")]
    on = {**BASE, "face": {"enabled": True}}
    assert len(ask("sweep", ("face.denoising_strength", "0.1-0.5 [3]"), base=on)) == 3


def test_too_many_are_refused_before_they_are_made():
    assert "more than 100,000" in faults("times", times=MOST + 1)[0][1]
    assert "180,000 pictures" in faults("lines", lines="a\nb", seeds=90_000)[0][1]
    assert "104,000 pictures" in faults("sweep", ("steps", "1-40"), ("seed", "1-2600"))[0][1]
    assert faults("times", times=2, base={**BASE, "batch_size": 4}) == [
        ("", "Pictures is 4: set it to 1, since each is made once here.")
    ]


def test_a_wrong_setting_of_the_form_is_no_fault_of_the_fields():
    with pytest.raises(ConfigError, match="steps") as caught:
        ask("times", times=2, base={"steps": 1000})
    assert not isinstance(caught.value, FaultsError)


def test_axes_and_values_are_named_as_the_form_names_them():
    assert axis_label("face.denoising_strength") == "Face: Strength"
    assert axis_label("steps") == "Steps"
    assert axis_label("face.loras:ink") == "Face, ink weight"
    assert value_label("seed", "5") == "Seed 5"
    assert value_label("face.enabled", "True") == "Face: on"
    assert value_label("sampler", "Euler") == "Euler"
