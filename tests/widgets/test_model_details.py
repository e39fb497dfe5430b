"""The drawer says what is known of a model, and has the buttons that make sense for it."""

from pathlib import Path

import pytest

from medialab import Workbench
from medialab.artifacts import Query
from medialab.loading.registry import ModelInfo
from widgets.catalogue import Catalogue
from widgets.model_details import ModelDetails, query_for, size_text


def info(tmp_path, **facts):
    path = tmp_path / "ink.safetensors"
    path.write_bytes(b"0")
    told = {"name": "ink", "kind": "lora", "family": "sd15", "format": "kohya", "size_bytes": 1}
    return ModelInfo(**{"path": path, **told, **facts})


@pytest.fixture
def details(tmp_path):
    with Workbench(models=tmp_path / "models", outputs=tmp_path / "outputs") as bench:
        made = ModelDetails(bench, Catalogue(bench))
        yield lambda **facts: made.of("loras/ink", info(tmp_path, **facts), ["portrait"])


def test_a_model_of_another_program_is_only_looked_at(details):
    own, other = details(), details(program="ComfyUI")
    assert {one.name for one in own.changes} == {"hash", "hash_all", "rename", "bin"}
    assert {one.name for one in other.changes} == {"hash", "hash_all"}
    assert (own.fixed, own.weight, other.weight) == ("", "", None)
    assert "ComfyUI" in other.fixed


def test_a_refused_file_can_be_renamed_or_binned_but_not_used(details):
    refused = details(refused="it is a pickle")
    assert refused.actions == ()
    assert refused.hint == "it is a pickle"
    assert {one.name for one in refused.changes} == {"rename", "bin"}


def test_a_checkpoint_becomes_the_default_and_its_edition_is_asked_for_once(details):
    unknown = details(kind="checkpoint", editions=("turbo", "base"))
    assert [(one.name, one.text) for one in unknown.changes[:3]] == [
        ("default", ""),
        ("edition", "turbo"),
        ("edition", "base"),
    ]
    assert "“turbo” or “base”" in unknown.hint
    told = details(kind="checkpoint", editions=("turbo", "base"), edition="base")
    assert ("edition", "turbo") in {(one.name, one.text) for one in told.changes}
    assert (told.hint, dict(told.facts)["Edition"]) == ("", "base")


@pytest.mark.parametrize(
    ("kind", "query"),
    [("checkpoint", Query(checkpoint="ink")), ("lora", Query(lora="ink")), ("vae", None)],
)
def test_pictures_are_asked_for_by_what_they_know_of_a_model(tmp_path, kind, query):
    assert query_for(info(Path(tmp_path), kind=kind)) == query


@pytest.mark.parametrize(
    ("size", "text"),
    [(999, "999 B"), (1_100, "1 kB"), (20_700_000, "20.7 MB"), (6_940_000_000, "6.9 GB")],
)
def test_sizes_are_said_as_a_person_says_them(size, text):
    assert size_text(size) == text
