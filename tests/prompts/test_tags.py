"""LoRA tags in a prompt: A1111's and other ways to write them; all else is text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialab.errors import ConfigError
from medialab.prompts import (
    LoRATag,
    expand,
    parse,
    take_loras,
    without_tags,
)


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
        ("<lora\uff1aa\uff1a0.8>", "is written with wide signs"),
        ("\uff1clora:a:0.8\uff1e", "is written with wide signs"),
        ("\uff1cLyCO\uff1aa\uff1e", "is written with wide signs"),
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


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("<lora:a____b:0.8> a cat", "a____b"),
        ("<lora:__:0.8> a cat", "__"),
        ("<lora:____:0.8> a cat", "____"),
        ("<lora:a{b}:0.8> a [cat|dog]", "a{b}"),
        ("[cat|dog] <lora:a{b}:0.8>", "a{b}"),
    ],
)
def test_a_lora_whose_name_only_looks_like_a_wildcard_is_applied(text, name):
    """It was left in the prompt as text, and no LoRA was used."""
    assert expand(text, 1) == text
    assert parse(text, 5).loras == (LoRATag(name, 0.8, 0.8),)
    assert "<" not in parse(text, 5).subprompts[0].last


@given(st.text(alphabet="ab_ ", min_size=1, max_size=12).filter(str.strip))
def test_what_is_drawn_leaves_no_tag_of_a_lora_in_the_text(name):
    try:
        drawn = expand(f"a cat <lora:{name}:0.5>", 1)
    except ConfigError:  # it names a wildcard
        return
    assert parse(drawn, 5).loras == (LoRATag(name.strip(), 0.5, 0.5),)


@pytest.mark.parametrize("number", ["0_8", "1_0", "\u0663", "0x1", "1e", "--1", "1,0"])
def test_a_weight_that_only_python_would_read_is_named(number):
    with pytest.raises(ConfigError, match="is not a number"):
        take_loras(f"<lora:a:te={number}>")


def test_a_weight_that_is_given_twice_is_named():
    with pytest.raises(ConfigError, match="te= is given twice"):
        take_loras("<lora:a:te=0.2:te=0.4>")
