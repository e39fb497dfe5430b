"""The prompt grammar: A1111's documented examples, and that no text can break it."""

import contextlib
import os
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialab.errors import ConfigError
from medialab.prompts import (
    MOST_CHARACTERS,
    MOST_SUBPROMPTS,
    Fragment,
    LoRATag,
    Phase,
    Style,
    Styles,
    WildcardFiles,
    escape,
    expand,
    mentions,
    parse,
    schedule,
    take_loras,
    weigh,
    without_tags,
)

SIGNS = st.sampled_from(
    [*"()[]{}<>:|\\_#,. a1", "AND", "BREAK", "__a__", "$$", "<lora:a:1>", "<lyco:", "${", "\n"]
)
TEXTS = st.one_of(st.text(max_size=60), st.lists(SIGNS, max_size=60).map("".join))


def phases(text, steps=10):
    return [tuple(phase) for phase in schedule(text, steps)]


def text_at(subprompt, step):
    return next(phase.text for phase in subprompt.phases if step <= phase.until)


# Weights


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("normal text", [("normal text", 1.0)]),
        ("an (important) word", [("an ", 1.0), ("important", 1.1), (" word", 1.0)]),
        ("(unbalanced", [("unbalanced", 1.1)]),
        ("[unbalanced", [("unbalanced", 1 / 1.1)]),
        ("unopened) here]", [("unopened) here]", 1.0)]),
        (r"\(literal\]", [("(literal]", 1.0)]),
        (r"back\\slash", [(r"back\slash", 1.0)]),
        (r"a\b", [("ab", 1.0)]),
        (r"nier\:automata", [("nier:automata", 1.0)]),
        (r"(nier\:automata:1.2)", [("nier:automata", 1.2)]),
        (r"a\\", [("a\\", 1.0)]),
        ("a\\", [("a", 1.0)]),
        ("(unnecessary)(parens)", [("unnecessaryparens", 1.1)]),
        ("(a:1.3)", [("a", 1.3)]),
        ("(a: 1.3 )", [("a", 1.3)]),
        ("(a:-.5)", [("a", -0.5)]),
        ("(a:0)", [("a", 0.0)]),
        ("(a:1.2.3)", [("a:1.2.3", 1.1)]),
        ("(a:b)", [("a:b", 1.1)]),
        ("a:1.3)", [("a:1.3)", 1.0)]),
        ("((a))", [("a", 1.1**2)]),
        ("[[a]]", [("a", 1.1**-2)]),
        ("([a])", [("a", 1.0)]),
        ("()", []),
        (
            "a (((house:1.3)) [on] a (hill:0.5), sun, (((sky))).",
            [
                ("a ", 1.0),
                ("house", 1.573),
                (" ", 1.1),
                ("on", 1.0),
                (" a ", 1.1),
                ("hill", 0.55),
                (", sun, ", 1.1),
                ("sky", 1.4641),
                (".", 1.1),
            ],
        ),
    ],
)
def test_weights_are_a1111s(text, expected):
    (section,) = weigh(text)
    assert [part for part, _ in section] == [part for part, _ in expected]
    assert [weight for _, weight in section] == pytest.approx([weight for _, weight in expected])


@pytest.mark.parametrize(
    ("text", "sections"),
    [
        ("a BREAK b", [["a"], ["b"]]),
        ("a\nBREAK\nb", [["a"], ["b"]]),
        ("BREAK a BREAK", [[], ["a"], []]),
        ("BREAKFAST, OUTBREAK, break", [["BREAKFAST, OUTBREAK, break"]]),
        ("(a BREAK b)", [["a"], ["b"]]),
    ],
)
def test_break_ends_a_section_even_within_brackets(text, sections):
    assert [[part for part, _ in section] for section in weigh(text)] == sections


def test_weight_reaches_over_a_break():
    assert weigh("(a BREAK b:2)") == ((Fragment("a", 2.0),), (Fragment("b", 2.0),))


@given(TEXTS)
def test_any_text_has_weights(text):
    for section in weigh(text):
        assert all(part for part, _ in section)


@given(st.text(alphabet="ab ()[],", max_size=40))
def test_brackets_only_reweigh(text):
    """What is left is the text without brackets, or with those that were never opened."""
    words = "".join(part for section in weigh(text) for part, _ in section)
    without = str.maketrans("", "", "()[]")
    assert words.translate(without) == text.translate(without)


@given(st.text().filter(lambda text: "BREAK" not in text))
def test_an_escaped_text_is_that_text(text):
    assert weigh(escape(text)) == (((Fragment(text),) if text else ()),)


# Schedules


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("test", [(10, "test")]),
        ("a [b:3]", [(3, "a "), (10, "a b")]),
        ("a [b: 3]", [(3, "a "), (10, "a b")]),
        ("a [b:3 ]", [(3, "a "), (10, "a b")]),
        ("a [[[b]]:2]", [(2, "a "), (10, "a [[b]]")]),
        ("[(a:2):3]", [(3, ""), (10, "(a:2)")]),
        ("a [b : c : 1] d", [(1, "a b  d"), (10, "a  c  d")]),
        ("a[b:[c:d:2]:1]e", [(1, "abe"), (2, "ace"), (10, "ade")]),
        ("a [unbalanced", [(10, "a [unbalanced")]),
        ("a [b:.5] c", [(5, "a  c"), (10, "a b c")]),
        ("a [b:0.25] c", [(2, "a  c"), (10, "a b c")]),
        ("a [b:1.0] c", [(10, "a  c")]),
        ("a [b:99] c", [(10, "a  c")]),
        ("a [b:0] c", [(10, "a b c")]),
        ("a [b::4] c", [(4, "a b c"), (10, "a  c")]),
        ("a [{b|d{:.5] c", [(5, "a  c"), (10, "a {b|d{ c")]),
        ("((a][:b:c [d:3]", [(3, "((a][:b:c "), (10, "((a][:b:c d")]),
        ("[a:b:c:3]", [(10, "[a:b:c:3]")]),
        ("[a:b]", [(10, "[a:b]")]),
        ("[a) b:3]", [(10, "[a) b:3]")]),
        ("[a]", [(10, "[a]")]),
        (r"\[a:3\]", [(10, r"\[a:3\]")]),
        ("a | b [c:3]", [(3, "a | b "), (10, "a | b c")]),
        ("[[a:2]|b:5]", [(5, ""), (10, "a|b")]),
    ],
)
def test_schedules_are_a1111s(text, expected):
    assert phases(text) == expected


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("[a|(b:1.1)]", ["a", "(b:1.1)", "a", "(b:1.1)"]),
        ("[fe|]male", ["female", "male", "female", "male"]),
        ("[fe|||]male", ["female", "male", "male", "male", "female"]),
        ("[a|b|[c|d]]", ["a", "b", "c", "a", "b", "d"]),
        ("[a|b]:3", ["a:3", "b:3"]),
        ("[a:b|c]", ["[a:b|c]"] * 2),
    ],
)
def test_alternation_changes_at_each_step(text, shown):
    (subprompt,) = parse(text, len(shown)).subprompts
    assert [text_at(subprompt, step + 1) for step in range(len(shown))] == shown


def test_equal_neighbours_are_one_phase():
    assert phases("[fe|||]male", 5) == [(1, "female"), (4, "male"), (5, "female")]


@given(TEXTS, st.integers(1, 30))
def test_any_text_has_phases_that_end_with_the_steps(text, steps):
    found = schedule(text, steps)
    ends = [phase.until for phase in found]
    assert ends == sorted(set(ends))
    assert ends[0] >= 1
    assert ends[-1] == steps


def test_brackets_nested_too_deep_are_text():
    assert schedule("[" * 400 + "a" + ":1]" * 400, 5)[-1] == Phase(5, "[" * 350 + "a" + ":1]" * 350)


# Sub-prompts


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("a cat", [(1.0, "a cat")]),
        ("a cat AND a dog", [(1.0, "a cat"), (1.0, "a dog")]),
        ("a cat :1.2 AND a dog:0.5", [(1.2, "a cat"), (0.5, "a dog")]),
        ("a cat AND rain : -1", [(1.0, "a cat"), (-1.0, "rain")]),
        ("a cat AND (dog:1.3)", [(1.0, "a cat"), (1.0, "(dog:1.3)")]),
        ("a photo 16:9", [(1.0, "a photo 16:9")]),
        ("ANDROID, SAND, and", [(1.0, "ANDROID, SAND, and")]),
        ("AND", [(1.0, ""), (1.0, "")]),
    ],
)
def test_and_splits_and_weighs(prompt, expected):
    found = parse(prompt, 10).subprompts
    assert [(one.weight, text_at(one, 10)) for one in found] == expected


def test_a_negative_prompt_does_not_compose():
    (only,) = parse("a AND b:2", 10, composes=False).subprompts
    assert (only.weight, text_at(only, 1)) == (1.0, "a AND b:2")


def test_each_side_has_its_own_schedule_and_every_text_is_named_once():
    parsed = parse("a [b:5] AND c AND c", 10)
    assert parsed.texts == ("a ", "a b", "c")
    assert [len(one.phases) for one in parsed.subprompts] == [2, 1, 1]


@given(TEXTS)
def test_any_text_is_a_prompt_or_an_error_of_ours(text):
    try:
        assert parse(text, 7).subprompts
        assert len(parse(text, 7, composes=False).subprompts) == 1
    except ConfigError:  # a tag that is not supported
        assert "<l" in text.lower()


def test_more_parts_than_a_denoiser_is_given_at_once_are_refused():
    assert len(parse(" AND ".join("a" * MOST_SUBPROMPTS), 5).subprompts) == MOST_SUBPROMPTS
    with pytest.raises(ConfigError, match="more than 64 parts by AND"):
        parse(" AND ".join("a" * (MOST_SUBPROMPTS + 1)), 5)
    assert len(parse("a AND " * 100, 5, composes=False).subprompts) == 1


# LoRA tags


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("<lora:a>", LoRATag("a")),
        ("<lora:a b.v2:0.8>", LoRATag("a b.v2", 0.8, 0.8)),
        ("<lora:a:0.8:0.5>", LoRATag("a", 0.8, 0.5)),
        ("<lora:a:te=0.2:unet=0.4>", LoRATag("a", 0.2, 0.4)),
        ("<lora:a:0.8:unet=0.4>", LoRATag("a", 0.8, 0.4)),
        ("<lora:a:-1>", LoRATag("a", -1.0, -1.0)),
        (
            "<lora:a:1:lbw=1,0,0.5:start=3:stop=12>",
            LoRATag("a", 1.0, 1.0, "1,0,0.5", 3.0, 12.0),
        ),
        ("<lora:a:1:lbw=OUTD>", LoRATag("a", 1.0, 1.0, "OUTD")),
    ],
)
def test_a_lora_tag_is_taken_out_of_the_text(tag, expected):
    assert take_loras(f"a cat {tag}, red") == ("a cat , red", (expected,))
    assert parse(f"a cat {tag}", 5).loras == (expected,)


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("<lyco:a:0.8:0.5>", LoRATag("a", 0.8, 0.5)),
        ("<LORA:a:.5>", LoRATag("a", 0.5, 0.5)),
        ("<lora:a : 0.8 : unet = 0.5>", LoRATag("a", 0.8, 0.5)),
        ("<lora:a:te=0.2>", LoRATag("a", 0.2, 0.2)),
        ("<lora:a=b:1>", LoRATag("a=b")),
        ("<lora:a:1:OUTALL>", LoRATag("a", block_weights="OUTALL")),
        ("<lora:a:0.5:0.5:1,0,0.5>", LoRATag("a", 0.5, 0.5, "1,0,0.5")),
    ],
)
def test_other_ways_to_write_a_tag_are_read_too(tag, expected):
    assert take_loras(f"a cat {tag}") == ("a cat ", (expected,))


@pytest.mark.parametrize(
    ("tag", "why"),
    [
        ("<lora:>", "names no LoRA"),
        ("<lora::0.5>", "names no LoRA"),
        ("<lora:a:b>", "'b' is not a number"),
        ("<lora:a:>", "'' is not a number"),
        ("<lora:a:nan>", "'nan' is not a number"),
        ("<lora:a:1:start=early>", "'early' is not a number"),
        ("<lora:a:1:0.8:16>", "third number"),
        ("<lora:a:1:dyn=16>", "third number"),
        ("<lora:a:1:2:3:4>", "third number"),
        ("<lora:a:x=1>", "no x=; known: te=, unet="),
        ("<hypernet:a:1>", "hypernetworks are not supported"),
        ("<hypernet:>", "hypernetworks are not supported"),
        ("<segment:face>", "no tag <segment:"),
        ("<lora:a:0.8", "is not closed"),
        ("<lora:a:0.8, <lora:b:1>", "is not closed"),
        ("<lyco:a, a cat", "is not closed"),
    ],
)
def test_a_tag_that_cannot_be_followed_is_named(tag, why):
    with pytest.raises(ConfigError, match=why) as error:
        take_loras(f"a cat {tag}")
    assert tag[:10] in str(error.value)
    assert "a cat" in without_tags(f"a cat {tag}")


@pytest.mark.parametrize(
    "text",
    [
        "<lora>",
        "a <3 b",
        "lora:a>",
        "<|endoftext|>",
        "< lora:a>",
        "<b:>",
        "<lora:a:{0.5|0.8}>",
        "<lora:__name__:1>",
        "{<lora:a|<lora:b}:1>",
    ],
)
def test_anything_else_in_angle_brackets_is_text_and_what_is_not_drawn_yet_stays(text):
    assert take_loras(text) == (text, ())


def test_a_tag_in_a_comment_is_none():
    assert take_loras("a cat # <lora:a:1> <hypernet:b>\n<lora:c>") == ("a cat \n", (LoRATag("c"),))


def test_a_choice_within_a_tag_is_drawn_before_the_tag_is_read():
    drawn = {take_loras(expand("<lora:{a|b}:{0.5|1}>", seed))[1][0] for seed in range(40)}
    assert drawn == {LoRATag(name, w, w) for name in "ab" for w in (0.5, 1.0)}


# Wildcards and choices


@pytest.fixture
def wildcards(tmp_path):
    folder = tmp_path / "wildcards"
    (folder / "hair").mkdir(parents=True)
    (folder / "colour.txt").write_text("# three\nred\n\n  blue  \ngreen\n", encoding="utf-8")
    (folder / "hair" / "long_style.txt").write_text("__colour__ braid\n{long|wavy} hair\n")
    (folder / "circle.txt").write_text("a __circle__\n")
    (folder / "growing.txt").write_text("__growing__ __growing__ __growing__\n")
    (folder / "empty.txt").write_text("# nothing\n\n")
    (folder / "latin.txt").write_bytes(b"caf\xe9\n")
    (folder / "odds.txt").write_text(
        "0::never\n0.25::seldom # of four\n.75 :: no odds\n.75::often\n"
    )
    (folder / "animals").mkdir()
    (folder / "animals" / "cats.txt").write_text("lynx\ntabby\n")
    (folder / "animals" / "colour.txt").write_text("roan\n")
    (folder / "artists (old).txt").write_text("Mina\n")
    (tmp_path / "secret.txt").write_text("secret\n")
    return folder


def test_a_wildcard_is_a_line_of_its_file(wildcards):
    drawn = {expand("a __colour__ hat", seed, wildcards) for seed in range(40)}
    assert drawn == {"a red hat", "a blue hat", "a green hat"}


def test_files_may_lie_in_folders_and_name_other_wildcards(wildcards):
    drawn = {expand("__hair/long_style__", seed, wildcards) for seed in range(60)}
    assert drawn == {"red braid", "blue braid", "green braid", "long hair", "wavy hair"}


@pytest.mark.parametrize(
    ("pattern", "possible"),
    [
        ("animals/*", {"lynx", "tabby", "roan"}),
        ("**/cats", {"lynx", "tabby"}),
        ("**/colour", {"red", "blue", "green", "roan"}),
        ("animals/c[ao]ts", {"lynx", "tabby"}),
        ("colou?", {"red", "blue", "green"}),
        ("*imals/ca*", {"lynx", "tabby"}),
        ("artists (old)", {"Mina"}),
        ("~colour", {"red", "blue", "green"}),
    ],
)
def test_a_pattern_stands_for_every_file_that_it_fits(wildcards, pattern, possible):
    assert {expand(f"__{pattern}__", seed, wildcards) for seed in range(60)} == possible


def test_a_pattern_that_fits_no_file_is_named(wildcards):
    with pytest.raises(ConfigError, match=r"no wildcard 'birds/\*'.*known: .*animals/cats"):
        expand("__birds/*__", 1, wildcards)


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


def test_a_broken_wildcard_is_a_fault_of_who_names_it_alone(wildcards, tmp_path):
    (wildcards / "loop.txt").symlink_to(wildcards / "loop.txt")
    (wildcards / "folder.txt").mkdir()
    assert expand("__animals/colour__", 1, wildcards) == "roan"
    with pytest.raises(ConfigError, match=r"'latin' cannot be read as UTF-8 text.*remove it from"):
        expand("__lat*__", 1, wildcards)


@given(st.binary(max_size=60), st.integers(0, 9))
def test_any_bytes_are_a_wildcard_or_an_error_of_ours(tmp_path_factory, content, seed):
    folder = tmp_path_factory.mktemp("wildcards")
    (folder / "a.txt").write_bytes(content)
    try:
        expand("__a__ {2$$__a*__}", seed, folder)
    except ConfigError as error:
        str(error).encode()


def test_a_name_that_no_text_can_hold_hides_no_other(wildcards):
    (wildcards / "line\nbreak.txt").write_text("x")
    with contextlib.suppress(OSError):  # a disk that takes such names
        (wildcards / os.fsdecode(b"latin\xe9.txt")).write_text("x")
    with pytest.raises(ConfigError, match=r"known: .*colour") as error:
        expand("__none__", 1, wildcards)
    str(error.value).encode()


def test_a_file_is_read_once_however_often_it_is_named(wildcards, monkeypatch):
    paths = []
    read = type(wildcards).read_text
    monkeypatch.setattr(
        type(wildcards), "read_text", lambda path, **how: paths.append(path) or read(path, **how)
    )
    expand("__colour__ " * 50, 1, wildcards)
    assert len(paths) == 1


def test_the_seed_alone_decides(wildcards):
    text = "__colour__ {a|b|c} __hair/long_style__ {2$$x|y|z}"
    once = [expand(text, seed, wildcards) for seed in range(20)]
    assert once == [expand(text, seed, wildcards) for seed in range(20)]
    assert len(set(once)) > 10


def test_what_is_drawn_for_a_seed_never_changes():
    # These are promises to old pictures: a change here makes other pictures of the same seeds.
    assert [expand("{a|b|c|d}", seed) for seed in range(6)] == list("aabdaa")


@pytest.mark.parametrize(
    "name", ["../secret", "hair/../../secret", "/etc/passwd", "colr", "hair", "hair/long_style.txt"]
)
def test_a_wildcard_that_is_not_in_the_folder_is_named_with_those_that_are(wildcards, name):
    with pytest.raises(ConfigError, match=r"no wildcard .* in models/wildcards; known: .*colour"):
        expand(f"a __{name}__", 1, wildcards)


def test_a_link_out_of_the_folder_is_not_followed(wildcards, tmp_path):
    (wildcards / "link.txt").symlink_to(tmp_path / "secret.txt")
    with pytest.raises(ConfigError, match="no wildcard 'link'"):
        expand("__link__", 1, wildcards)


def test_without_a_folder_there_are_no_wildcards(tmp_path):
    for folder in (None, tmp_path / "none"):
        with pytest.raises(ConfigError, match="known: none"):
            expand("__a__", 1, folder)


def test_wildcards_that_lead_in_circles_are_an_error(wildcards):
    with pytest.raises(ConfigError, match="go in circles"):
        expand("__circle__", 1, wildcards)
    with pytest.raises(ConfigError, match="over 20,000; shorten it, or look for a wildcard that"):
        expand("__growing__", 1, wildcards)


def test_an_empty_and_an_unreadable_wildcard_are_named(wildcards):
    with pytest.raises(ConfigError, match="'empty' is empty"):
        expand("__empty__", 1, wildcards)
    with pytest.raises(ConfigError, match=r"'latin' cannot be read as UTF-8"):
        expand("__latin__", 1, wildcards)


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


# Length


LONG = {
    "open round": lambda n: "(a" * n,
    "round": lambda n: "(a" * n + ")" * n,
    "weights": lambda n: "(a:1.1" * n + ":1.1)" * n,
    "square": lambda n: "[a" * n + "]" * n,
    "crossed": lambda n: "([a" * n + ")]" * n,
    "schedules": lambda n: "[a:" * n + ":3]" * n,
    "alternations": lambda n: "[a|" * n + "]" * n,
    "flat schedules": lambda n: "[a:b:0.5]" * n,
    "braces": lambda n: "{a" * n + "}" * n,
    "choices": lambda n: "{a|" * n + "}" * n,
    "many choices": lambda n: "{a|b}" * n,
    "one choice": lambda n: "{" + "a|" * n + "b}",
    "counts": lambda n: "{1-999$$" * n + "a|b" + "}" * n,
    "AND": lambda n: " AND ".join("a" * n),
    "BREAK": lambda n: " BREAK ".join("a" * n),
    "spaces": lambda n: "a" + " " * 6 * n + "b",
    "backslashes": lambda n: "\\" * n,
    "underscores": lambda n: "__a b " * n,
    "tags": lambda n: "<lora:a:0.1>" * n,
    "open tags": lambda n: "<lora:a:" * n,
    "comments": lambda n: "# x\n" * n,
}


def _lines_run(work):
    """How many lines of the grammar's code some work takes."""
    count = 0

    def trace(frame, event, _argument):
        nonlocal count
        if "/medialab/prompts/" in frame.f_code.co_filename:
            count += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    except ConfigError:
        pass
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("what", LONG)
def test_work_grows_with_the_length_of_a_prompt_and_no_faster(what):
    def work(n):
        text = LONG[what](n)
        return lambda: (_weighed_in_full(text), expand(text, 1))

    small, large = (_lines_run(work(n)) for n in (150, 600))
    assert large < 6 * small + 500


def _weighed_in_full(text):
    for one in parse(text, 5).subprompts:
        for phase in one.phases:
            weigh(phase.text)


@pytest.mark.parametrize("what", LONG)
def test_a_prompt_of_any_shape_and_length_is_read_or_refused_by_us(what):
    text = LONG[what](8_000)
    for read in (_weighed_in_full, weigh, take_loras, lambda text: expand(text, 1)):
        try:
            read(text)
        except ConfigError as error:
            assert len(str(error)) < 500  # noqa: PT017 - most of them raise nothing


def test_a_prompt_that_its_wildcards_make_too_long_is_refused(wildcards):
    (wildcards / "long.txt").write_text("a" * 1000 + "\n")
    assert len(expand("__long__" * 20, 1, wildcards)) == MOST_CHARACTERS
    with pytest.raises(ConfigError, match="21,000 characters, over 20,000"):
        expand("__long__" * 21, 1, wildcards)


# Styles


@pytest.fixture
def styles(tmp_path):
    path = tmp_path / "styles.csv"
    path.write_text(
        "\ufeffname,prompt,negative_prompt\n"
        'ink,"ink drawing, black",colour\n'
        '"frame, gold","a {prompt} in a golden frame",\n'
        "empty,,\n",
        encoding="utf-8",
    )
    return Styles.load(path)


@pytest.mark.parametrize(
    ("prompt", "names", "expected"),
    [
        ("a cat", [], ("a cat", "rain")),
        ("a cat", ["ink"], ("a cat, ink drawing, black", "rain, colour")),
        ("", ["ink"], ("ink drawing, black", "rain, colour")),
        ("cat", ["frame, gold"], ("a cat in a golden frame", "rain")),
        ("cat", ["ink", "frame, gold"], ("a cat, ink drawing, black in a golden frame", None)),
        (" cat ", ["empty"], (" cat ", "rain")),
    ],
)
def test_styles_are_merged_in_order(styles, prompt, names, expected):
    merged = styles.merge(prompt, "rain", names)
    assert merged[0] == expected[0]
    assert merged[1] == (expected[1] or "rain, colour")


def test_an_unknown_style_is_named_with_those_there_are(styles):
    with pytest.raises(ConfigError, match=r"no style 'inc'.*known: .*ink.*Did you mean 'ink'"):
        styles.merge("a", "", ["inc"])


def test_styles_that_double_a_prompt_again_and_again_are_refused():
    styles = Styles({"twice": Style("{prompt} {prompt}", "")})
    with pytest.raises(ConfigError, match="with style 'twice' the prompt has over 20,000"):
        styles.merge("a cat", "", ["twice"] * 40)
    many = Styles({"many": Style("{prompt}" * 20_000, "")})
    with pytest.raises(ConfigError, match="over 20,000 characters"):
        many.merge("a cat " * 3_000, "", ["many"])


@given(st.binary(max_size=80))
def test_any_bytes_are_styles_or_an_error_of_ours(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("styles") / "styles.csv"
    path.write_bytes(b"name,prompt,negative_prompt\n" + content)
    try:
        found = Styles.load(path)
        found.merge("a", "b", list(found.known))
    except ConfigError:
        pass


def test_without_a_file_there_are_no_styles(tmp_path):
    assert Styles.load(tmp_path / "none.csv") == Styles({})


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"title,text\na,b\n", "needs the columns"), (b"name\xff", "cannot be read as CSV")],
)
def test_a_broken_file_is_an_error(tmp_path, content, message):
    path = tmp_path / "styles.csv"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=message):
        Styles.load(path)


def test_a_short_row_is_a_style_that_adds_nothing_there(tmp_path):
    path = tmp_path / "styles.csv"
    path.write_text("name,prompt,negative_prompt\nink,drawing\n")
    assert Styles.load(path).merge("a", "b", ["ink"]) == ("a, drawing", "b")


# Names


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("by mina, red", True),
        ("by MINA", True),
        ("(mina:1.2)", True),
        ("minat", False),
        ("mina-2", False),
        ("", False),
    ],
)
def test_a_name_is_mentioned_as_a_word_of_its_own(text, found):
    assert mentions("mina", text) == found
