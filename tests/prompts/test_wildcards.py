"""What is drawn for a seed: choices, odds, counts and wildcards within each other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialab.errors import ConfigError
from medialab.prompts import (
    WildcardFiles,
    expand,
)
from tests.prompts.texts import TEXTS


def test_lines_of_a_wildcard_may_have_odds(wildcards):
    drawn = [expand("__odds__", seed, wildcards) for seed in range(400)]
    assert set(drawn) == {"seldom", ".75 :: no odds", "often"}
    assert 30 < drawn.count("seldom") < 80


def test_several_lines_of_a_wildcard_are_drawn_none_twice(wildcards):
    drawn = {expand("{2$$ and $$__colour__}", seed, wildcards) for seed in range(80)}
    colours = ("red", "blue", "green")
    assert drawn == {f"{a} and {b}" for a in colours for b in colours if a != b}


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("${hair=red} ${hair}", "variables"),
        ("a ${season={summer|autumn}}", "variables"),
        ("{% for a in b %}", "Jinja"),
        ("{@a|b}", "drawing in turn"),
        ("{!2$$a|b}", "drawing in turn"),
        ("__@colour__", "drawing in turn"),
        ("__colour(hue=light)__", "values for a wildcard"),
    ],
)
def test_what_only_dynamic_prompts_has_is_named(wildcards, text, what):
    with pytest.raises(ConfigError, match=f"{what}.*not supported"):
        expand(text, 1, wildcards)


@pytest.mark.parametrize("text", ["{1.5$$a|b}", "{1000$$a|b}", "{1--2$$a|b}", "{+2$$a|b}"])
def test_a_count_that_is_none_is_named(text):
    with pytest.raises(ConfigError, match="is not how many are drawn"):
        expand(text, 1)


def test_many_of_a_long_list_are_drawn_without_looking_at_all_of_it_each_time(wildcards):
    (wildcards / "words.txt").write_text("\n".join(f"word{k}" for k in range(100_000)))
    files = WildcardFiles(wildcards)
    drawn = expand("{999$$__words__}", 1, files).split(", ")
    assert len({*drawn}) == 999
    for text in ("{1-$$__words__}", "{2$$__words__}" * 1400):
        with pytest.raises(ConfigError, match="over 20,000"):
            expand(text, 1, files)


def test_the_seed_alone_decides(wildcards):
    text = "__colour__ {a|b|c} __hair/long_style__ {2$$x|y|z}"
    once = [expand(text, seed, wildcards) for seed in range(20)]
    assert once == [expand(text, seed, wildcards) for seed in range(20)]
    assert len(set(once)) > 10


def test_what_is_drawn_for_a_seed_never_changes():
    # These are promises to old pictures: a change here makes other pictures of the same seeds.
    assert [expand("{a|b|c|d}", seed) for seed in range(6)] == list("aabdaa")


def test_wildcards_that_lead_in_circles_are_an_error(wildcards):
    with pytest.raises(ConfigError, match="go in circles"):
        expand("__circle__", 1, wildcards)
    with pytest.raises(ConfigError, match="over 20,000; shorten it, or look for a wildcard that"):
        expand("__growing__", 1, wildcards)


def test_a_wildcard_that_is_not_drawn_need_not_be_there():
    drawn = {expand("{a|1::b}{0::__none__|c}", seed) for seed in range(20)}
    assert drawn == {"ac", "bc"}


@pytest.mark.parametrize(
    ("text", "possible"),
    [
        ("{a|b}", {"a", "b"}),
        ("{ a | b }", {"a", "b"}),
        ("{a|}", {"a", ""}),
        ("{a|{b|c}}", {"a", "b", "c"}),
        ("{a|[b|c]}", {"a", "[b|c]"}),
        ("{2$$a|b}", {"a, b", "b, a"}),
        ("{2$$ and $$a|b}", {"a and b", "b and a"}),
        ("{1-2$$a|b}", {"a", "b", "a, b", "b, a"}),
        ("{9$$a|b}", {"a, b", "b, a"}),
        ("{0$$a|b}", {""}),
        ("{-2$$a|b|c}", {"a", "b", "c", "a, b", "a, c", "b, a", "b, c", "c, a", "c, b"}),
        ("{2-$$+$$a|b}", {"a+b", "b+a"}),
        ("{~a|b}", {"a", "b"}),
        ("{2$$$$a|b}", {"ab", "ba"}),
        ("[{2$$|$$a|b}]", {"[a|b]", "[b|a]"}),
        ("{2$$a|2::b|0::c}", {"a, b", "b, a"}),
        ("{3$$a|0::b|0::c}", {"a, b, c", "a, c, b"}),
        ("{$$ a|$5$$ b}", {"$$ a", "$5$$ b"}),
        ("{1.::a|0.000000::b}", {"a"}),
        ("{0::a|b}", {"b"}),
        ("{-::a|...::b|v1::c}", {"-::a", "...::b", "v1::c"}),
        ("{0::a|0::b}", {"a", "b"}),
        ("{a}", {"{a}"}),
        ("{a|b", {"{a|b"}),
        ("a|b}", {"a|b}"}),
        ("{}", {"{}"}),
        ("____", {"____"}),
        ("__", {"__"}),
        ("$a $$ {prompt}", {"$a $$ {prompt}"}),
    ],
)
def test_choices(text, possible):
    assert {expand(text, seed) for seed in range(60)} == possible


def test_odds_count():
    drawn = [expand("{9::a|1::b}", seed) for seed in range(300)]
    assert 240 < drawn.count("a") < 295


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\n# note\nb", "a\nb"),
        ("# note", ""),
        ("  # note {a|b} __none__\nb", "b"),
        ("a #1 b", "a "),
        ("a # b\nc #", "a \nc "),
        ("a {b|#c}", "a {b|"),
        ("  a \n\n b\t", "  a \n\n b\t"),
    ],
)
def test_comment_lines_are_left_out(text, expected):
    assert expand(text, 1) == expected


@given(TEXTS, st.integers(0, 2**32 - 1))
def test_any_text_is_drawn_and_nothing_is_left_to_draw(text, seed):
    try:
        drawn = expand(text, seed)
    except ConfigError:  # no wildcard of that name, or what nothing here follows
        return
    assert expand(drawn, seed + 1) == drawn


@given(st.floats(0.0, 900_000).filter(lambda one: "e" not in repr(one)), st.integers(0, 99))
def test_odds_are_read_however_many_digits_they_have(odds, seed):
    assert expand(f"{{{odds}::a|{odds}::b}}", seed) in {"a", "b"}


@pytest.mark.parametrize("odds", ["0,5", "-1", "+1", "50%", "1e-3", "1/3", "1.2.3", "9" * 16])
def test_odds_that_are_none_are_named_and_not_drawn_into_the_picture(wildcards, odds):
    (wildcards / "wrong.txt").write_text(f"blue\n{odds}::red\n")
    for text, where in ((f"a {{{odds}::red|blue}} car", ""), ("__wrong__", "wildcard 'wrong': ")):
        said = rf"^{where}'.*' is not how often it is drawn; write 0\.5::red"
        with pytest.raises(ConfigError, match=said):
            expand(text, 1, wildcards)
