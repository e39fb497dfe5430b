"""An error names the wrong value, the choices there are, and the nearest of them."""

import pytest

from medialab import errors
from medialab.errors import ConfigError, ModelNotFoundError, listed, near, shown


def test_an_unknown_name_is_answered_with_all_that_there_are_in_order_and_the_nearest():
    error = ModelNotFoundError.among("papredoll", "checkpoint", "models", {"tiny", "paperdoll"})
    assert str(error) == (
        "no checkpoint 'papredoll' in models; known: paperdoll, tiny. Did you mean 'paperdoll'?"
    )
    assert (error.setting, error.choices) == ("checkpoint", ("paperdoll", "tiny"))


def test_an_error_says_which_setting_it_is_about_and_is_still_itself():
    error = ConfigError("no such sampler")
    assert error.about("sampler", ["Euler"]) is error
    assert (error.setting, error.choices, str(error)) == ("sampler", ("Euler",), "no such sampler")
    assert (ConfigError.setting, ConfigError.choices) == ("", ())


def test_of_a_thousand_names_fifty_are_listed_and_the_others_counted():
    names = [f"{number:04}" for number in range(errors.MOST_LISTED)]
    assert listed("zz", names) == f"known: {', '.join(names)}."
    more = [*names, *(f"a{number}" for number in range(1000))]
    assert listed("zz", more) == f"known: {', '.join(names)} and 1,000 more."
    assert listed("zz", []) == "known: none."


@pytest.mark.parametrize(
    ("name", "meant"), [("EULER", "Euler"), ("euler ", "Euler"), ("hen", "Heun"), ("zz", None)]
)
def test_the_nearest_name_is_found_whatever_its_capitals(name, meant):
    assert near(name, ["Heun", "Euler"]) == (f". Did you mean {meant!r}?" if meant else "")


def test_a_long_wrong_value_is_repeated_by_its_beginning():
    longest = "x" * (errors.MOST_SHOWN - 2)
    assert shown(longest) == repr(longest)
    assert shown(f"{longest}x") == f"'{longest}…"
    assert len(shown("x" * 10**6)) == errors.MOST_SHOWN
    assert shown(3) == "3"


def test_a_notebook_shows_the_message_alone_below_the_cell():
    """IPython asks an error for it by this name; tests/notebooks/test_papermill.py sees it done."""
    error = ConfigError("steps=0: at least 1").in_code("write steps=20")
    assert error._render_traceback_() == [f"ConfigError: {error}"]
