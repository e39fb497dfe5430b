"""Styles: a file of A1111's, merged into a prompt."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialab.errors import ConfigError
from medialab.prompts import Style, Styles
from medialab.prompts.styles import read_styles


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
    [
        (b"title,text\na,b\n", "needs the columns"),
        (b"name\xff", "needs the columns"),
        (b"name\x81", "cannot be read as CSV"),
        (b"<html>", "needs the columns"),
    ],
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


OLD = b"name,text\r\nink,drawing\r\n"
LINES = 'name,prompt,negative_prompt\nink,"one,\ntwo",\n--- mine ---,,\nink,"drawing",\n, lost,\n'


@pytest.mark.parametrize(
    "content",
    [
        OLD,
        b"\xef\xbb\xbf" + OLD,
        OLD.decode().encode("utf-16"),
        LINES.encode(),
        b"name,prompt,negative_prompt,extra\nink,drawing,,x,y,z\n",
    ],
)
def test_files_of_all_ages_of_a1111_are_read(content):
    assert read_styles(content, "styles.csv")["ink"] == Style("drawing", "")


def test_a_text_of_several_lines_stays_one_and_windows_own_letters_are_read():
    written = 'name,prompt,negative_prompt\nink,"one,\ntwo",\ncafé,a café,\n'
    for encoding in ("utf-8", "cp1252"):
        found = read_styles(written.encode(encoding), "styles.csv")
        assert found == {"ink": Style("one,\ntwo", ""), "café": Style("a café", "")}


def test_an_empty_file_has_no_styles():
    assert read_styles(b"", "styles.csv") == read_styles(b"name,prompt\n", "x") == {}
