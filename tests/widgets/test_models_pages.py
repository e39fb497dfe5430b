"""The models on this machine, and the search for more in their place."""

import pytest

from medialab import Workbench
from medialab.infotext.restored_models import MissingModel
from tests.remote.packages.made import TFLITE, bundle_in
from widgets import models_pages
from widgets.models_pages import ModelsPages
from widgets.models_shelf import ModelsShelf


@pytest.fixture
def pages(tmp_path):
    shelf = ModelsShelf(lambda *_: b"", lambda _: None)
    with Workbench(models=tmp_path / "models", outputs=tmp_path / "outputs") as bench:
        yield ModelsPages(bench, shelf, lambda: None, lambda _, trace: pytest.fail(trace))


def shown(pages):
    return [one for one in pages.panel.children if one.layout.display != "none"]


def test_the_finder_takes_the_place_of_the_shelf_until_a_person_goes_back(pages):
    shelf = pages.panel.children[0]
    assert shown(pages) == [shelf]
    assert shelf.can_find
    shelf._handle_custom_msg({"kind": "find"}, [])
    finder = pages.found.finder
    assert shown(pages) == [finder]
    finder._handle_custom_msg({"kind": "back"}, [])
    assert shown(pages) == [shelf]
    pages.find()
    assert pages.found.finder is finder  # with what was found


def test_missing_models_are_listed_when_the_finder_is_shown_next(pages):
    pages.offer([MissingModel("lora", "ink", hash="0" * 64), MissingModel("vae", "unknown")])
    assert pages.found is None
    pages.find()
    assert [row[1] for row in pages.found.finder.found] == ["ink"]


def test_a_choice_among_those_that_are_here_shows_them(pages):
    pages.find()
    shelf = pages.panel.children[0]
    shelf.pick("lora", "Add a LoRA", {})
    assert shown(pages) == [shelf]


def test_models_for_photos_come_at_a_click_and_their_progress_is_shown(
    pages, tmp_path, monkeypatch
):
    bundle = bundle_in(tmp_path / "wheels", {"photo-a.tflite": TFLITE})
    monkeypatch.setattr(models_pages, "PHOTOS", bundle)
    shelf = pages.panel.children[0]
    shelf._handle_custom_msg({"kind": "photos"}, [])
    assert shown(pages) == [pages.found.finder]
    (download,) = pages._bench.downloads
    assert download.wait(30).state == "done"
    ((_, name, state, done, total, told, error),) = pages.found.finder.downloads
    assert (name, state, done, total, error) == ("photos", "done", len(TFLITE), len(TFLITE), "")
    assert "1 model, 0.0 MB: photo-a.tflite" in told
    assert [one.name for one in pages._bench.models("detector")] == ["photo-a"]
