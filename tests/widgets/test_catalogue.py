"""The names that the form offers are those in the models folder, and are read again on refresh."""

import pytest

from medialab import Workbench
from tests.tiny.headers import write_lora
from widgets.catalogue import STYLE, AvailableNames, Catalogue


@pytest.fixture
def models(tmp_path):
    """A folder with a LoRA and its trigger words, a pickle, a style and a wildcard."""
    folder = tmp_path / "models"
    write_lora(folder / "loras" / "ink.safetensors")
    (folder / "loras" / "ink.json").write_text('{"activation text": "ink wash, paper"}')
    (folder / "loras" / "old.pt").write_bytes(b"a pickle")
    (folder / "styles.csv").write_text("name,prompt,negative_prompt\ngold,gilded,\n")
    (folder / "wildcards" / "people").mkdir(parents=True)
    (folder / "wildcards" / "people" / "hair.txt").write_text("red\n")
    return folder


@pytest.fixture
def catalogue(models, tmp_path):
    with Workbench(models=models, outputs=tmp_path / "outputs") as bench:
        made = Catalogue(bench)
        made.refresh()
        yield made


def test_names_are_offered_by_kind_and_refused_files_with_the_reason(catalogue):
    assert catalogue.of("lora").names == ("ink",)
    assert list(catalogue.of("lora").refused) == ["old.pt"]
    assert "pickle" in catalogue.of("lora").refused["old.pt"]
    assert catalogue.of(STYLE).names == ("gold",)
    assert catalogue.of("checkpoint") == AvailableNames()


def test_a_prompt_is_completed_by_all_that_it_can_name(catalogue):
    inserted = {word["kind"]: word["insert"] for word in catalogue.words[:2]}
    assert inserted == {"lora": "<lora:ink:1>", "wildcard": "__people/hair__"}
    assert catalogue.trigger_words == {"ink": ("ink wash", "paper")}
    words = [word["label"] for word in catalogue.words if word["kind"] == "word"]
    assert words == ["ink wash", "paper"]


def test_a_lora_begins_with_the_weight_that_is_noted_for_it(catalogue, models):
    assert (catalogue.lora("ink"), catalogue.tag("ink")) == ({"name": "ink"}, "<lora:ink:1>")
    (models / "loras" / "ink.json").write_text('{"preferred weight": 0.7}')
    catalogue.refresh()
    assert catalogue.lora("ink") == {"name": "ink", "weight": 0.7}
    assert catalogue.tag("ink") == catalogue.words[0]["insert"] == "<lora:ink:0.7>"
    assert catalogue.lora("unknown") == {"name": "unknown"}


def test_new_models_are_hashed_only_if_that_is_chosen(catalogue, models, monkeypatch):
    hashing = catalogue._bench.registry.hashing
    assert hashing.job is None
    monkeypatch.setenv("MEDIALAB_HASH_MODELS", "1")
    catalogue.refresh()
    assert hashing.job.wait(20)
    write_lora(models / "loras" / "new.safetensors")
    catalogue.refresh()
    assert hashing.job.wait(20)
    assert hashing.job.progress.files_total == 3


def test_before_it_is_read_it_offers_nothing(models, tmp_path):
    with Workbench(models=models, outputs=tmp_path / "outputs") as bench:
        catalogue = Catalogue(bench)
        assert (catalogue.of("lora"), catalogue.words, catalogue.infos) == (
            AvailableNames(),
            [],
            (),
        )


def test_listeners_are_called_at_once_and_after_each_refresh(catalogue, models):
    seen = []
    catalogue.on_refresh(lambda: seen.append(catalogue.of("lora").names))
    write_lora(models / "loras" / "wash.safetensors")
    (models / "loras" / "ink.safetensors").unlink()
    assert seen == [("ink",)]
    catalogue.refresh()
    assert seen == [("ink",), ("wash",)]


def test_a_kind_whose_last_file_is_gone_offers_nothing(catalogue, models):
    for path in (models / "loras").iterdir():
        path.unlink()
    catalogue.refresh()
    assert catalogue.of("lora") == AvailableNames()
    assert not [word for word in catalogue.words if word["kind"] in {"lora", "word"}]


def test_a_broken_file_of_styles_is_named_and_leaves_the_models(catalogue, models):
    (models / "styles.csv").write_text("no,columns\nof,styles\n")
    catalogue.refresh()
    assert catalogue.of(STYLE).names == ()
    assert list(catalogue.of(STYLE).refused) == ["styles.csv"]
    assert catalogue.of("lora").names == ("ink",)
