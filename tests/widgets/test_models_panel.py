"""The models table shows what there is, what is refused and why, and is searched."""

import shutil

import pytest

from medialab import Workbench
from widgets.catalogue import Catalogue
from widgets.models_panel import MOST_ROWS, ModelsPanel, size_text


@pytest.fixture
def panel(tiny_models, tmp_path):
    shutil.copytree(tiny_models, tmp_path / "models")
    (tmp_path / "models" / "loras").mkdir()
    (tmp_path / "models" / "loras" / "old<b>.pt").write_bytes(b"a pickle")
    with Workbench(models=tmp_path / "models", outputs=tmp_path / "outputs") as bench:
        catalogue = Catalogue(bench)
        catalogue.refresh()
        yield ModelsPanel(catalogue, catalogue.refresh, lambda error, trace: pytest.fail(trace))


def test_every_model_is_listed_the_refused_with_the_reason(panel):
    assert "2 of 2 models" in panel.table.value
    assert "<td>paperdoll</td><td>checkpoint</td><td>paperdoll</td>" in panel.table.value
    refused = panel.table.value.split('data-state="refused"')[1]
    assert "old&lt;b&gt;.pt" in refused
    assert "1 file is not used" in panel.table.value
    assert "pickle" in refused


def test_what_a_checkpoint_predicts_is_shown_and_searched(panel):
    assert "<td>v-prediction</td>" in panel.table.value
    panel.search.value = "v-prediction"
    assert "1 of 2 models" in panel.table.value


def test_words_and_kind_narrow_it(panel):
    panel.search.value = "PAPER checkpoint"
    assert "1 of 2 models" in panel.table.value
    panel.search.value = ""
    panel.kind.value = "lora"
    assert "old&lt;b&gt;" in panel.table.value
    assert "1 of 2 models" in panel.table.value
    panel.kind.value = "vae"
    assert "0 of 2 models" in panel.table.value


def test_refresh_finds_what_came_later(panel, tmp_path, press_in):
    (tmp_path / "models" / "loras" / "new.ckpt").write_bytes(b"a pickle")
    press_in(panel, "models-refresh")
    assert "3 of 3 models" in panel.table.value


def test_of_thousands_the_first_are_shown_and_the_others_are_found_by_searching(panel, tmp_path):
    for number in range(MOST_ROWS + 40):
        (tmp_path / "models" / "loras" / f"old-{number:04}.pt").touch()
    panel._catalogue.refresh()
    assert panel.table.value.count('data-state="refused"') == MOST_ROWS
    assert f"the first {MOST_ROWS} are shown" in panel.table.value
    panel.search.value = f"old-{MOST_ROWS + 39:04}"
    assert panel.table.value.count('data-state="refused"') == 1


@pytest.mark.parametrize(
    ("size", "text"),
    [(999, "999 B"), (1_100, "1 kB"), (20_700_000, "20.7 MB"), (6_940_000_000, "6.9 GB")],
)
def test_sizes_are_said_as_a_person_says_them(size, text):
    assert size_text(size) == text
