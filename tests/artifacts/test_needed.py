"""Stored pictures that some file of settings names are needed, wherever the name stands."""

import os
import tracemalloc

import pytest
from PIL import Image, PngImagePlugin

from medialab.artifacts import needed
from medialab.artifacts.needed import pictures_needed
from medialab.errors import ArtifactError

NAME, OTHER = "ab" * 32, "0c" * 32


@pytest.fixture
def outputs(tmp_path):
    (tmp_path / "2026-11-01").mkdir()
    return tmp_path


@pytest.mark.parametrize("ending", [".json", ".jsonl", ".csv", ".txt", ".yaml", ".yml"])
def test_a_name_in_any_file_of_settings_is_needed_even_in_a_broken_one(outputs, ending):
    (outputs / "2026-11-01" / f"a{ending}").write_text(f'{{"mask": "{NAME}", broken\n{OTHER}')
    assert pictures_needed(outputs) == {NAME, OTHER}


@pytest.mark.parametrize("text", [f"{NAME}0", f"f{NAME}", NAME[:-1], NAME.upper()])
def test_a_longer_or_shorter_number_is_no_name(outputs, text):
    (outputs / "a.json").write_text(f"{text}\n")
    assert pictures_needed(outputs) == set()


@pytest.mark.parametrize("before", range(0, 140, 7))
def test_a_name_across_two_reads_of_a_file_is_found(outputs, monkeypatch, before):
    monkeypatch.setattr(needed, "_PIECE", 70)
    (outputs / "a.json").write_text("." * before + NAME + ".")
    assert pictures_needed(outputs) == {NAME}
    (outputs / "a.json").write_text("." * before + "f" + NAME + ".")
    assert pictures_needed(outputs) == set()


def test_a_large_file_is_not_held_in_memory_whole(outputs):
    with (outputs / "a.json").open("wb") as file:
        file.truncate(2**25)
        file.seek(2**24)
        file.write(NAME.encode())
    tracemalloc.start()
    try:
        assert pictures_needed(outputs) == {NAME}
        assert tracemalloc.get_traced_memory()[1] < 2**23
    finally:
        tracemalloc.stop()


def test_a_picture_tells_by_its_own_text_only_where_it_has_no_sidecar(outputs):
    info = PngImagePlugin.PngInfo()
    info.add_text("parameters", f"a cat\nSteps: 20, Mask: {NAME}")
    path = outputs / "2026-11-01" / "a.png"
    Image.new("RGB", (8, 8)).save(path, pnginfo=info)
    (outputs / "broken.png").write_bytes(b"no picture")
    assert pictures_needed(outputs) == {NAME}
    path.with_suffix(".json").write_text("{}")
    assert pictures_needed(outputs) == set()


def test_caches_and_the_stored_pictures_themselves_need_none(outputs):
    for folder in ("inputs", "cache", "thumbnails"):
        (outputs / folder).mkdir()
        (outputs / folder / "a.json").write_text(NAME)
        assert pictures_needed(outputs) == set()
        (outputs / "2026-11-01" / folder).mkdir()
    (outputs / "2026-11-01" / "cache" / "a.json").write_text(NAME)
    assert pictures_needed(outputs) == {NAME}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="a system without pipes")
def test_a_pipe_is_not_waited_for(outputs):
    os.mkfifo(outputs / "a.json")
    assert pictures_needed(outputs) == set()


def test_a_folder_that_cannot_be_read_is_an_error_since_what_it_needs_is_not_known(
    outputs, monkeypatch
):
    real = os.scandir

    def scandir(path):
        if str(path).endswith("2026-11-01"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(ArtifactError, match="cannot tell which pictures are needed"):
        pictures_needed(outputs)
