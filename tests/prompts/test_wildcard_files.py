"""Wildcards' files: found by name or pattern, read once, and named where they are broken."""

import contextlib
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialab.errors import ConfigError
from medialab.prompts import (
    expand,
)


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


@pytest.mark.parametrize(
    "name", ["../secret", "hair/../../secret", "/etc/passwd", "colr", "hair", "hair/long_style.txt"]
)
@pytest.mark.every_row
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


def test_an_empty_and_an_unreadable_wildcard_are_named(wildcards):
    with pytest.raises(ConfigError, match="'empty' is empty"):
        expand("__empty__", 1, wildcards)
    with pytest.raises(ConfigError, match=r"'latin' cannot be read as UTF-8"):
        expand("__latin__", 1, wildcards)
