"""What was ever written is opened for ever: sidecars, presets and batches of every age."""

import json
from pathlib import Path

import pytest

from medialab import PipelineConfig
from medialab.artifacts import Sidecar
from medialab.errors import BatchError
from medialab.presets import Preset
from medialab.process.versions import OPTIONAL
from tests.older.schema import schema
from tests.older.write import batch_request

HERE = Path(__file__).resolve().parent
SIDECARS, PRESETS, BATCHES = (
    sorted((HERE / kind).glob("*.json")) for kind in ("sidecars", "presets", "batches")
)
HOW = "the layout changed: python -m tests.older.write adds a sample of the new one"


def leaves(values, prefix=""):
    """Yield each value with its dotted name."""
    if isinstance(values, dict):
        for name, value in values.items():
            yield from leaves(value, f"{prefix}{name}.")
    elif isinstance(values, list):
        for number, value in enumerate(values):
            yield from leaves(value, f"{prefix}{number}.")
    else:
        yield prefix[:-1], values


def of_names(paths):
    return pytest.mark.parametrize("path", paths, ids=lambda path: path.stem)


def test_there_are_samples_of_every_layout_that_there_was():
    assert len(SIDECARS) >= 19
    assert PRESETS
    assert BATCHES


@of_names(SIDECARS)
def test_a_sidecar_of_every_age_is_read_with_all_that_it_says(path):
    written = json.loads(path.read_text())
    read = dict(leaves(json.loads(Sidecar.read(path).encode())))
    for name, value in leaves(written):
        assert read[name] == value, name
    asked = Sidecar.read(path).config.asked()
    assert PipelineConfig.parse(json.loads(asked.model_dump_json())) == asked


@of_names(SIDECARS)
def test_pictures_of_every_age_are_listed(manager, path):
    folder = manager.folder / "2026-11-22"
    folder.mkdir(parents=True)
    (folder / "00001-7-x.json").write_bytes(path.read_bytes())
    (folder / "00001-7-x.png").touch()
    assert [*manager.table()["seed"]] == [7]
    assert manager.left_out() == []


@of_names(PRESETS)
def test_a_preset_of_every_age_is_used(path):
    preset = Preset.parse(path.read_bytes(), path.name)
    found = dict(leaves(json.loads(preset.applied(PipelineConfig()).model_dump_json())))
    for name, value in leaves(json.loads(path.read_text())["settings"]):
        assert found[name] == value, name


@of_names(BATCHES)
def test_a_batch_of_every_age_is_opened(bench, path):
    folder = bench.artifacts.folder / "batches" / "old"
    folder.mkdir(parents=True)
    (folder / "request.json").write_bytes(path.read_bytes())
    batch = bench.batch("old")
    rows = json.loads(path.read_text())["axes"]
    assert len(batch) == len(rows[0]["points"]) * len(rows[1]["points"])
    assert batch.config(3).steps == 4


def test_no_layout_changes_without_a_sample_of_the_new_one():
    assert schema() == json.loads((HERE / "fields.json").read_text()), HOW


@pytest.mark.parametrize(("paths", "kind"), [(SIDECARS, "sidecars"), (PRESETS, "presets")])
def test_the_newest_sample_has_every_field(paths, kind):
    has = {name for name, _ in leaves(json.loads(paths[-1].read_text()))}
    parts = {".".join(name.split(".")[: n + 1]) for name in has for n in range(name.count(".") + 1)}
    fields = {one.partition(":")[0] for one in json.loads((HERE / "fields.json").read_text())[kind]}
    if kind == "presets":
        fields = {one for one in fields if "." not in one} - {"measured"}
    else:
        fields = {one for one in fields if one.count(".") < 2}
    missing = fields - parts - {"config.made_for", "config.styles", "config.models_sha256"}
    assert not missing, HOW


def test_a_batch_is_written_as_the_newest_sample_is():
    def names(content):
        optional = {f"versions.{name}" for name in OPTIONAL}  # as far as they are installed
        every = {name for name, _ in leaves(json.loads(content))} - optional
        return {name for name in every if not name.startswith("base")}

    assert names(batch_request()) == names(BATCHES[-1].read_bytes()), HOW


@of_names(BATCHES)
def test_a_batch_of_every_age_is_begun_again_by_its_notebook(bench, path):
    """A setting that came later was as its default is: the same pictures are asked for."""
    folder = bench.artifacts.folder / "batches" / "old"
    folder.mkdir(parents=True)
    (folder / "request.json").write_bytes(path.read_bytes())
    sweep = {"seed": [1, 2], ("steps", "guidance_scale"): [(2, 1), (4, 5)]}
    config = PipelineConfig.parse({"prompt": "a ball", "steps": 2})
    assert len(bench.sweep(config, sweep, name="old")) == 4
    with pytest.raises(
        BatchError, match=r"begun with other settings: base\.sharpen: 0.*, now 0\.5"
    ):
        bench.sweep(config.changed(sharpen=0.5), sweep, name="old")
