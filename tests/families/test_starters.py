"""The list of usual models: in the docs as in the code, and for families that run."""

import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from medialab.families import RUNNING
from medialab.families.starters import STARTERS, as_table, starter_of, starters
from medialab.listing.info import FOLDER_OF_KIND
from medialab.remote import huggingface
from medialab.remote.huggingface import HuggingFace
from medialab.remote.verifying import check_name

ROOT = Path(__file__).resolve().parents[2]
EACH = pytest.mark.parametrize("one", STARTERS, ids=lambda one: one.name)


def test_the_page_has_the_table():
    page = (ROOT / "docs" / "models.md").read_text(encoding="utf-8")
    assert as_table() in page, "put as_table() of medialab/families/starters.py there"
    assert len(as_table().splitlines()) == len(STARTERS) + 2


@pytest.mark.parametrize("family", [one for one in RUNNING if one != "paperdoll"])
def test_each_family_that_runs_has_a_checkpoint_to_begin_with(family):
    assert any(starters("checkpoint", family))


def test_a_family_whose_files_come_in_parts_has_each_of_them():
    for name in {family for one in STARTERS if one.kind == "checkpoint" for family in one.families}:
        (checkpoint,) = starters("checkpoint", name)
        if not checkpoint.file:
            continue  # a folder has all its parts
        for wanted in RUNNING[name].opening.encoder_files.values():
            parts = [one.part for one in starters("text encoder", name)]
            assert (wanted.family, wanted.width) in parts
        if RUNNING[name].opening.encoder_files:
            assert any(starters("vae", name))


@EACH
def test_a_row_names_what_the_studio_has(one):
    assert one.kind in FOLDER_OF_KIND
    assert set(one.families) <= set(RUNNING)
    assert re.fullmatch(r"[\w.-]+/[\w.-]+", one.repository)
    assert one.sha256 == "" or re.fullmatch(r"[0-9a-f]{64}", one.sha256)
    assert one.size is None or one.size > 10**6
    assert one.licence
    if one.file:
        check_name(one.file.rpartition("/")[2])
    assert (one.part[1] > 0) == (one.kind == "text encoder")


@EACH
def test_its_address_is_one_that_the_source_reads(one, monkeypatch):
    monkeypatch.delenv("HF_ENDPOINT", raising=False)
    monkeypatch.setattr(HuggingFace, "version", lambda _, key: ("version", key))
    there = [SimpleNamespace(key=one.file)]
    monkeypatch.setattr(HuggingFace, "files", lambda _, key: there if one.repository in key else [])
    monkeypatch.setattr(huggingface, "as_model", lambda file: ("file", file.key))
    found = HuggingFace().find(one.address)
    assert found == (("file", one.file) if one.file else ("version", one.repository))


def test_no_two_rows_are_the_same_file():
    files = [(one.repository, one.file) for one in STARTERS]
    assert len(set(files)) == len(files)
    hashes = [one.sha256 for one in STARTERS if one.sha256]
    assert len(set(hashes)) == len(hashes)


def test_one_is_found_by_its_name_in_settings():
    found = starter_of("SD_XL_base_1.0", "checkpoint")
    assert found.families == ("sdxl",)
    assert starter_of("styles/sd_xl_base_1.0", "checkpoint") is found
    assert starter_of("Qwen-Image", "checkpoint").file == ""
    assert starter_of("sd_xl_base_1.0", "lora") is None
    assert starter_of("mine", "checkpoint") is None


def test_in_words_only_what_is_known_is_told():
    one = starter_of("sd_xl_base_1.0", "checkpoint")
    assert str(one) == (
        "stabilityai/stable-diffusion-xl-base-1.0: sd_xl_base_1.0.safetensors "
        "(6.9 GB, CreativeML Open RAIL++-M, sha256 31e35c80fc…)"
    )
    bare = replace(one, size=None, sha256="", file="")
    assert str(bare).endswith("base-1.0, the folder (CreativeML Open RAIL++-M)")
