"""What is listed is plain values: a table, and texts that show no more than they should."""

from datetime import UTC, datetime

import pandas as pd
import pytest

from medialab.remote import RemoteFile, RemoteModel, RemoteVersion, Results
from medialab.remote.listings import Facts, Versions


def file(key, **facts):
    return RemoteFile(None, key, "9", f"{key}.safetensors", **facts)


def version(name, *files):
    return RemoteVersion(None, name, "1", name, "ink", files=files)


def models():
    day = datetime(2026, 5, 1, tzinfo=UTC)
    return Results(
        [
            RemoteModel("civitai", "1", "ink", downloads=12, published=day, is_mature=True),
            RemoteModel("civitai", "2", "墨", downloads=3, versions=Versions([version("v1")])),
        ]
    )


def test_results_are_a_list_and_become_a_table_with_typed_columns():
    found = models()
    assert isinstance(found, list)
    table = pd.DataFrame(found)
    assert list(table.name) == ["ink", "墨"]
    assert table.downloads.dtype == "int64"
    assert table.is_mature.dtype == "bool"
    assert str(table.published.dtype).startswith("datetime64")
    assert table.published.isna().tolist() == [False, True]
    assert table.versions[1][0] is found[1].versions[0]
    assert "1: v1" in table.to_csv()


def test_an_empty_search_is_an_empty_table():
    assert pd.DataFrame(Results()).empty


def test_the_primary_file_is_taken_if_it_can_be_and_else_the_first_that_can():
    pickle, first, second = file("a", refused="a pickle"), file("b"), file("c", is_primary=True)
    assert version("v", pickle, first, second).primary is second
    assert version("v", pickle, first).primary is first
    assert version("v", pickle).primary is None


def test_versions_are_a_sequence():
    versions = Versions([version("v2"), version("v1")])
    assert repr(versions) == "2: v2, v1"
    assert [one.name for one in versions[1:]] == ["v1"]
    assert repr(Versions()) == "none"


def test_a_sources_whole_answer_is_kept_and_shown_by_its_size():
    facts = Facts({"id": 1, "unknownField": [1, 2]})
    assert facts["unknownField"] == [1, 2]
    assert repr(facts) == "2 facts"
    assert "unknownField" not in repr(RemoteModel("civitai", "1", "ink", facts=facts))


@pytest.mark.parametrize("hashes", [{}, {"sha256": "a" * 64}])
def test_a_files_sha256_is_among_its_hashes_or_unknown(hashes):
    assert file("a", hashes=hashes).sha256 == hashes.get("sha256")
