"""The prompt grammar: A1111's documented examples, and that no text can break it."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialab.errors import ConfigError
from medialab.prompts import (
    Fragment,
    LoRATag,
    Phase,
    Styles,
    escape,
    expand,
    mentions,
    parse,
    schedule,
    take_loras,
    weigh,
)

SIGNS = st.sampled_from([*"()[]{}<>:|\\_#,. a1", "AND", "BREAK", "__a__", "$$", "<lora:a:1>", "\n"])
TEXTS = st.one_of(st.text(max_size=60), st.lists(SIGNS, max_size=60).map("".join))


def phases(text, steps=10):
    return [tuple(phase) for phase in schedule(text, steps)]


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
        (r"a\b", [(r"a\b", 1.0)]),
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
    assert [subprompt.text_at(step + 1) for step in range(len(shown))] == shown


def test_equal_neighbours_are_one_phase():
    assert phases("[fe|||]male", 5) == [(1, "female"), (4, "male"), (5, "female")]


@given(TEXTS, st.integers(1, 30))
def test_any_text_has_phases_that_end_with_the_steps(text, steps):
    found = schedule(text, steps)
    ends = [phase.until for phase in found]
    assert ends == sorted(set(ends))
    assert ends[0] >= 1
    assert ends[-1] == steps


@pytest.mark.parametrize("sign", ["[", "(", "[a:", "[a|", "(a", "[a:b:3]", "{", "{a|", "[(", "__"])
def test_long_nonsense_is_no_worse_than_its_square(sign):
    def seconds(count):
        text = sign * count + ":3]" * count
        began = time.process_time()
        weigh(schedule(text, 20)[0].text)
        return time.process_time() - began

    # Eight times the length: 64 times as long by the square, 512 by the cube.
    assert seconds(2000) < 250 * max(seconds(250), 0.01)


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
    assert [(one.weight, one.text_at(10)) for one in found] == expected


def test_a_negative_prompt_does_not_compose():
    (only,) = parse("a AND b:2", 10, composes=False).subprompts
    assert (only.weight, only.text_at(1)) == (1.0, "a AND b:2")


def test_each_side_has_its_own_schedule_and_every_text_is_named_once():
    parsed = parse("a [b:5] AND c AND c", 10)
    assert parsed.texts == ("a ", "a b", "c")
    assert [len(one.phases) for one in parsed.subprompts] == [2, 1, 1]


@given(TEXTS)
def test_any_text_is_a_prompt(text):
    assert parse(text, 7).subprompts
    assert len(parse(text, 7, composes=False).subprompts) == 1


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
    "text",
    [
        "<lora:>",
        "<lora>",
        "<lora:a:b>",
        "<lora:a:1:2:3>",
        "<lora:a:x=1>",
        "<hypernet:a:1>",
        "a <3 b",
        "<lora:a:nan>",
        "<lora:a",
        "lora:a>",
        "<|endoftext|>",
    ],
)
def test_anything_else_in_angle_brackets_is_text(text):
    assert take_loras(text) == (text, ())


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
    (tmp_path / "secret.txt").write_text("secret\n")
    return folder


def test_a_wildcard_is_a_line_of_its_file(wildcards):
    drawn = {expand("a __colour__ hat", seed, wildcards) for seed in range(40)}
    assert drawn == {"a red hat", "a blue hat", "a green hat"}


def test_files_may_lie_in_folders_and_name_other_wildcards(wildcards):
    drawn = {expand("__hair/long_style__", seed, wildcards) for seed in range(60)}
    assert drawn == {"red braid", "blue braid", "green braid", "long hair", "wavy hair"}


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
    for name in ("circle", "growing"):
        with pytest.raises(ConfigError, match="lead in circles"):
            expand(f"__{name}__", 1, wildcards)


def test_an_empty_and_an_unreadable_wildcard_are_named(wildcards):
    with pytest.raises(ConfigError, match="'empty' is empty"):
        expand("__empty__", 1, wildcards)
    with pytest.raises(ConfigError, match="'latin' cannot be read as UTF-8"):
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
        ("a #1 b", "a #1 b"),
        ("  a \n\n b\t", "  a \n\n b\t"),
    ],
)
def test_comment_lines_are_left_out(text, expected):
    assert expand(text, 1) == expected


@given(TEXTS.filter(lambda text: "__" not in text), st.integers(0, 2**32 - 1))
def test_any_text_is_drawn_and_nothing_is_left_to_draw(text, seed):
    drawn = expand(text, seed)
    assert expand(drawn, seed + 1) == drawn


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
