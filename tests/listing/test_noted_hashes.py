"""A file that is not what a note beside it says is refused, whatever else stands in the note."""

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialab.errors import ModelRefusedError
from medialab.listing.noted_hashes import hashes_noted, refuse_other
from medialab.listing.notes import read_notes

CONTENT = b"the weights"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
OTHER = "ab" * 32


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "ink.v2.safetensors"
    path.write_bytes(CONTENT)
    return path


def notes(sha256):
    """Note's ending -> what stands in it."""
    return {
        ".civitai.info": json.dumps(
            {"files": [{"hashes": {"SHA256": "CD" * 32}}, {"hashes": {"SHA256": sha256.upper()}}]}
        ),
        ".json": json.dumps({"description": "x", "sha256": sha256}),
        ".sha256": f"{sha256}  ink.v2.safetensors\n",
    }


@pytest.mark.parametrize("ending", notes(SHA256))
def test_a_file_that_is_what_its_note_says_is_taken(model, ending):
    model.with_name(f"ink.v2{ending}").write_text(notes(SHA256)[ending])
    refuse_other(model, SHA256)


@pytest.mark.parametrize("ending", notes(OTHER))
def test_another_file_is_refused_with_both_hashes_and_what_to_do(model, ending):
    model.with_name(f"ink.v2{ending}").write_text(notes(OTHER)[ending])
    with pytest.raises(ModelRefusedError) as refused:
        refuse_other(model, SHA256)
    for said in (model.name, f"ink.v2{ending}", SHA256[:10], OTHER[:10], "delete"):
        assert said in str(refused.value)


@pytest.mark.parametrize("ending", [".civitai.info", ".json", ".sha256"])
@pytest.mark.parametrize(
    "text", ["", "{", "[1]", '{"files": 3}', '{"files": [null]}', '{"sha256": "none"}', "\x00"]
)
def test_a_broken_note_says_nothing(model, ending, text):
    model.with_name(f"ink.v2{ending}").write_text(text)
    refuse_other(model, SHA256)
    assert hashes_noted(model) == set()


JSON = st.recursive(
    st.none() | st.integers() | st.text() | st.sampled_from([SHA256, OTHER]),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.just("files"), inner),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("notes")


def refusal_by(path, note):
    """Why a file with this note beside it is refused; None where it is not."""
    path.with_name("ink.json").write_text(json.dumps(note))
    try:
        refuse_other(path, SHA256)
    except ModelRefusedError as error:
        return str(error)
    return None


@given(JSON)
def test_whatever_a_note_holds_it_is_read_and_refuses_a_file_only_by_another_hash(folder, note):
    path = folder / "ink.safetensors"
    refused = refusal_by(path, note)
    assert refused is None or (OTHER in json.dumps(note) and OTHER[:10] in refused)
    found = read_notes(path)
    assert all(isinstance(word, str) and word for word in found.trained_words)
    assert isinstance(found.description, str)


@given(JSON, st.sampled_from([SHA256, OTHER]))
def test_whatever_else_stands_in_a_note_its_hash_decides(folder, other, sha256):
    refused = refusal_by(folder / "ink.safetensors", {"description": other, "sha256": sha256})
    assert (refused is None) == (sha256 == SHA256)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
@pytest.mark.parametrize("ending", notes(OTHER))
def test_a_note_in_any_encoding_of_unicode_counts(model, ending, encoding):
    """PowerShell's `>` writes UTF-16, Notepad a mark."""
    model.with_name(f"ink.v2{ending}").write_bytes(notes(OTHER)[ending].encode(encoding))
    assert OTHER in hashes_noted(model)
    with pytest.raises(ModelRefusedError, match="is not the file"):
        refuse_other(model, SHA256)
