"""Pictures made again, and why two differ."""

import json

import numpy as np
import pytest
from PIL import Image

from medialab import PipelineConfig, Workbench
from medialab.artifacts import Sidecar
from medialab.errors import ArtifactError

QUICK = {"prompt": "a red ball", "steps": 2, "width": 64, "height": 64, "seed": 7}


def quick(**settings):
    return PipelineConfig(**QUICK | settings)


@pytest.mark.parametrize("changes", [{}, {"format": "jpeg"}, {"format": "webp", "lossless": False}])
def test_a_picture_made_again_is_equal_and_nothing_is_saved(bench, changes):
    run = bench.execute(quick(**changes))
    found = bench.verify(run)
    assert (found.outcome, found.is_equal, found.pixels, found.of) == ("equal", True, 0, 64 * 64)
    assert found.difference is None
    assert str(found) == f"{run.artifact.path.name} was made again, and is equal in every pixel."
    assert bench.verify(run.artifact.path).is_equal
    assert bench.artifacts.count() == 1


def test_it_is_made_again_and_not_taken_from_the_cache(bench):
    run = bench.execute(quick())
    stages = bench.execute(quick(), save=False).record["stages"]
    assert [one["cached"] for one in stages] == [True, True, True]
    before = bench.cache.get
    bench.cache.get = lambda key: pytest.fail("it was taken from the cache")
    assert bench.verify(run).is_equal
    bench.cache.get = before


def edit(sidecar, **changes):
    content = json.loads(sidecar.read_text())
    for place, value in changes.items():
        *inner, last = place.split("__")
        part = content
        for name in inner:
            part = part[name]
        part[last] = value
    sidecar.write_text(json.dumps(content))


def test_where_it_differs_is_said_and_what_would_explain_it(bench):
    run = bench.execute(quick())
    edit(
        run.artifact.sidecar,
        config__seed=8,
        record__versions=run.record["versions"] | {"torch": "0.1"},
        record__device="cuda",
    )
    found = bench.verify(run.artifact)
    assert found.outcome == "differs"
    other = bench.execute(quick(seed=8), save=False)
    apart = np.abs(np.asarray(run.image, int) - np.asarray(other.image, int))
    assert found.pixels == apart.any(axis=2).sum() > 0
    assert (found.largest, found.mean) == (apart.max(), pytest.approx(apart.mean()))
    shown = np.asarray(found.difference)
    assert shown.max() == 255
    assert ((shown > 0).any(axis=2) <= apart.any(axis=2)).all()
    assert found.made.tobytes() == other.image.tobytes()
    assert found.first_stage == "Text to image"
    assert [one.name for one in found.why.reasons] == ["device", "torch"]
    said = str(found)
    assert "pixels differ" in said
    assert "The device is cuda for 00001, cpu for the check." in said
    assert "torch is 0.1 for 00001" in said


def test_the_first_stage_that_differs_is_named(bench):
    run = bench.execute(quick())
    edit(run.artifact.sidecar, config__sharpen=2.0)
    found = bench.verify(run)
    assert (found.outcome, found.first_stage) == ("differs", "Output")


def test_a_file_that_was_edited_is_said(bench):
    run = bench.execute(quick())
    with Image.open(run.artifact.path) as opened:
        changed = opened.convert("RGB")
    changed.putpixel((3, 4), (1, 2, 3))
    changed.save(run.artifact.path)
    found = bench.verify(run)
    assert (found.outcome, found.pixels) == ("differs", 1)
    assert "The file of 00001 was changed after it was saved." in found.sentences
    Image.new("RGB", (8, 8)).save(run.artifact.path)
    found = bench.verify(run)
    assert (found.outcome, found.of) == ("differs", 0)
    assert "it is 8 × 8, the new one 64 × 64 pixels" in str(found)


def test_a_picture_that_cannot_be_made_again_is_said_why(bench, tiny_models, tmp_path):
    run = bench.execute(quick())
    content = run.artifact.sidecar.read_text()
    edit(run.artifact.sidecar, config__checkpoint="gone", config__checkpoint_sha256="b" * 64)
    found = bench.verify(run)
    assert found.outcome == "impossible"
    assert "cannot be made again: no checkpoint 'gone'" in str(found)
    run.artifact.sidecar.write_text(content)
    edit(run.artifact.sidecar, config__checkpoint_sha256="b" * 64)
    assert bench.verify(run).outcome == "impossible"
    run.artifact.sidecar.write_text(content)
    edit(run.artifact.sidecar, record={"interrupted": {"stage": "txt2img"}})
    assert "cancelled on the way" in bench.verify(run).reason
    run.artifact.sidecar.unlink()
    assert "no sidecar" in bench.verify(run.artifact.path).reason


def test_what_is_no_saved_picture_is_refused(bench):
    unsaved = bench.execute(quick(), save=False)
    with pytest.raises(ArtifactError, match="save=False: there is no picture to check"):
        bench.verify(unsaved)
    with pytest.raises(ArtifactError, match="int is no picture"):
        bench.verify(7)
    with pytest.raises(ArtifactError, match="no file"):
        bench.verify("no-such.png")


def test_why_takes_runs_artifacts_and_paths(bench):
    one, other = (bench.execute(quick(seed=seed)) for seed in (7, 8))
    for pair in ((one, other), (one.artifact, str(other.artifact.path))):
        found = bench.why(*pair)
        assert found.names == ("00001", "00002")
        assert [(reason.name, reason.one, reason.other) for reason in found.reasons] == [
            ("seed", 7, 8)
        ]
        assert found.first_stage == "Text to image"
        assert {"prompt", "steps", "the models' files", "device", "threads"} <= {*found.same}
    unsaved = bench.execute(quick(steps=3), save=False)
    assert bench.why(one, unsaved).names == ("00001", "the second")
    other.artifact.sidecar.unlink()
    found = bench.why(one, other.artifact.path)
    assert "versions" in found.unknown
    assert "seed" in [reason.name for reason in found.reasons]


def test_results_of_stages_are_recorded_cached_or_not(bench, tiny_models, tmp_path):
    cold = bench.execute(quick()).record["stages"]
    warm = bench.execute(quick()).record["stages"]
    assert [one.get("result") for one in cold] == [one.get("result") for one in warm]
    assert cold[0].get("result") is None  # the prompt's stage makes no picture
    assert len(cold[1]["result"]) == 64
    saved = Sidecar.read(bench.artifacts.find()[0].sidecar)
    assert saved.record["stages"][1]["result"] == cold[1]["result"]
    with Workbench(tiny_models, tmp_path / "elsewhere", device="cpu") as elsewhere:
        again = elsewhere.execute(quick()).record["stages"]
    assert again[1]["result"] == cold[1]["result"]
