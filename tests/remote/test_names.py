"""Names of strangers, made safe for every system."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialab.listing.naming import is_plain_name
from medialab.remote.names import LONGEST, name_in, numbered, safe_name, safe_path, suffix_of


@pytest.mark.parametrize(
    ("listed", "safe"),
    [
        ("ink.safetensors", "ink.safetensors"),
        ("My Ink v1.2 (final).safetensors", "My Ink v1.2 (final).safetensors"),
        ("墨 стиль é.safetensors", "墨 стиль é.safetensors"),
        ("e\u0301.safetensors", "é.safetensors"),
        ("../../etc/passwd", "passwd"),
        ("a\\b\\c.safetensors", "c.safetensors"),
        ("..", "model"),
        ("...safetensors", "model.safetensors"),
        (".safetensors", "model.safetensors"),
        (".hidden.safetensors", "hidden.safetensors"),
        ("a..b.safetensors", "a.b.safetensors"),
        ("ink .safetensors", "ink.safetensors"),
        ("ink.safetensors. ", "ink.safetensors"),
        ('a<b>:"|?*.safetensors', "a_b______.safetensors"),
        ("CON.safetensors", "_CON.safetensors"),
        ("com1.v2.safetensors", "_com1.v2.safetensors"),
        ("LPT².safetensors", "_LPT².safetensors"),
        ("console.safetensors", "console.safetensors"),
        ("a\u202e\u200bb\0\n\x1bc.safetensors", "ab c.safetensors"),
        ("a\t b.safetensors", "a b.safetensors"),
        ("", "model"),
        ("/", "model"),
        ("\ud800.safetensors", "model.safetensors"),
    ],
)
def test_a_name_is_made_safe(listed, safe):
    assert safe_name(listed) == safe


@given(st.text(max_size=400) | st.from_regex(r"[./\\a-c:]*(CON|nul|aux)?\.?[a-z.]*"))
def test_any_name_becomes_one_that_every_system_takes(listed):
    safe = safe_name(listed)
    assert is_plain_name(safe)
    assert safe == safe.strip(" .")
    assert len(safe.encode()) <= LONGEST
    assert not set(safe) & set('<>:"/\\|?*')
    assert all(unicodedata.category(one)[0] != "C" for one in safe)
    assert safe_name(safe) == safe


@given(st.text(max_size=100))
def test_any_path_stays_in_its_folder(listed):
    path = safe_path(listed)
    assert not path.is_absolute()
    assert ".." not in path.parts


def test_paths_keep_their_folders():
    assert str(safe_path("unet/model.safetensors")) == "unet/model.safetensors"
    assert str(safe_path("/../unet//./model.safetensors")) == "unet/model.safetensors"


@pytest.mark.parametrize("script", ["a", "é", "墨", "👩‍🎨"])
def test_long_names_are_cut_between_letters_and_keep_their_extension(script):
    safe = safe_name(script * 300 + ".safetensors")
    assert safe.endswith(".safetensors")
    assert LONGEST - 8 < len(safe.encode()) <= LONGEST


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ('attachment; filename="ink.safetensors"', "ink.safetensors"),
        ("attachment; filename=ink.safetensors", "ink.safetensors"),
        ("attachment; filename=\"x\"; filename*=UTF-8''%E5%A2%A8", "墨"),
        ("attachment; filename*=nonsense''%FF%FE", "ÿþ"),
        ("inline", ""),
        ("", ""),
        ("filename", ""),
    ],
)
def test_the_name_in_a_header_is_read(header, name):
    assert name_in(header) == name


@given(st.text(st.characters(exclude_characters="\r\n")))
def test_any_header_gives_a_text(header):
    assert isinstance(name_in(f"attachment; filename{header}"), str)


def test_taken_names_are_numbered():
    assert [numbered("ink.v1.safetensors", number) for number in (1, 2, 10)] == [
        "ink.v1.safetensors",
        "ink.v1-2.safetensors",
        "ink.v1-10.safetensors",
    ]
    assert numbered("folder", 2) == "folder-2"


def test_extensions():
    assert suffix_of("a.b.SafeTensors") == ".SafeTensors"
    assert suffix_of("a.") == suffix_of("a") == suffix_of("a." + "b" * 40) == ""
