"""From a request to files on the disk, and back to the same bytes."""

import json
import shutil
import threading

import pytest
from PIL import Image

from medialab import PipelineConfig, Workbench
from medialab.errors import CancelledError, ConfigError, ModelNotFoundError, ModelRefusedError

QUICK = {"prompt": "a red ball", "steps": 2, "width": 64, "height": 64}


def quick(**settings):
    return PipelineConfig(**QUICK | settings)


def test_a_request_becomes_a_picture_with_its_sidecar(bench):
    run = bench.execute(quick(seed=7))
    with Image.open(run.artifact.path) as saved:
        assert saved.tobytes() == run.image.tobytes()
        assert "a red ball" in saved.text["parameters"]
    sidecar = json.loads(run.artifact.sidecar.read_text())
    assert sidecar["config"]["seed"] == 7
    assert [stage["name"] for stage in sidecar["record"]["stages"]] == [
        "prompt",
        "txt2img",
        "finish",
    ]


def test_the_same_request_gives_the_same_file_cold_and_warm(bench, tiny_models, tmp_path):
    first, second = (bench.execute(quick(seed=7)).artifact.path for _ in range(2))
    with Workbench(tiny_models, tmp_path / "elsewhere", device="cpu") as cold:
        third = cold.execute(quick(seed=7)).artifact.path
    assert first.read_bytes() == second.read_bytes() == third.read_bytes()


def test_picture_k_of_a_batch_is_the_picture_of_seed_plus_k_alone(bench):
    batch = bench.execute(quick(seed=7, batch_size=3))
    for k, artifact in enumerate(batch.artifacts):
        alone = bench.execute(quick(seed=7 + k))
        assert artifact.path.read_bytes() == alone.artifact.path.read_bytes()


def test_other_runs_in_between_change_nothing(bench):
    before = bench.execute(quick(seed=7)).image.tobytes()
    bench.execute(quick(seed=8, sampler="Euler a", width=96))
    bench.execute(quick(seed=9, sampler="DPM++ SDE", guidance_scale=1.0))
    assert bench.execute(quick(seed=7)).image.tobytes() == before


def test_a_picture_is_made_again_from_its_own_file(bench):
    run = bench.execute(quick(seed=-1, sampler="Heun", sharpen=0.5))
    again = bench.execute(bench.artifacts.load(run.artifact.path))
    assert again.artifact.path.read_bytes() == run.artifact.path.read_bytes()


def test_a_picture_is_found_by_the_path_that_the_panel_and_the_readme_show(bench, monkeypatch):
    run = bench.execute(quick(seed=7))
    shown = run.artifact.path.relative_to(bench.artifacts.folder.parent)
    assert str(shown).startswith("outputs")
    assert bench.artifacts.load(shown) == run.config
    monkeypatch.chdir(run.artifact.path.parent)
    assert bench.artifacts.load(run.artifact.path.name) == run.config


def test_the_infotext_alone_makes_the_picture_again(bench):
    run = bench.execute(quick(seed=7, sampler="Euler a", sharpen=0.5, negative_prompt="blue"))
    run.artifact.sidecar.unlink()
    again = bench.execute(bench.artifacts.load(run.artifact.path))
    assert again.image.tobytes() == run.image.tobytes()


def test_a_config_that_was_changed_past_its_checks_is_checked_before_it_runs(bench):
    resolved = bench.resolve(quick(seed=7)).model_copy(update={"seed": -1, "steps": 999})
    with pytest.raises(ConfigError, match=r"steps=999.*seed=-1|seed=-1.*steps=999"):
        bench.execute(resolved)


def test_an_open_seed_is_drawn_once_and_recorded(bench):
    first, second = (bench.execute(quick()) for _ in range(2))
    assert first.config.seed != second.config.seed
    assert first.image.tobytes() != second.image.tobytes()


def test_sizes_left_open_are_the_models_own(bench):
    resolved = bench.resolve(PipelineConfig())
    assert (resolved.width, resolved.height) == (128, 128)


def test_nothing_is_written_when_saving_is_off(bench, tmp_path):
    run = bench.execute(quick(), save=False)
    assert run.artifacts == []
    assert not list((tmp_path / "outputs").rglob("*.png"))
    with pytest.raises(AttributeError, match="save=False"):
        _ = run.artifact


def test_a_run_shows_itself_as_a_png_of_all_its_pictures(bench, tmp_path):
    run = bench.execute(quick(batch_size=2), save=False)
    png, shown_as = run._repr_png_()
    (tmp_path / "shown.png").write_bytes(png)
    with Image.open(tmp_path / "shown.png") as shown:
        assert shown.size == (128, 64)
    assert shown_as["width"] > 128


def test_an_unknown_checkpoint_is_named_with_the_known_ones_before_anything_is_queued(bench):
    with pytest.raises(ModelNotFoundError, match=r"'paperdol'.*known: paperdoll.*Did you mean"):
        bench.submit(quick(checkpoint="paperdol"))


def test_a_checkpoint_replaced_under_the_same_name_is_not_taken_for_the_old_one(
    bench, tiny_models, tmp_path
):
    models = tmp_path / "models"
    shutil.copytree(tiny_models, models)
    with Workbench(models, tmp_path / "outputs", device="cpu") as other:
        run = other.execute(quick(seed=7))
        config = models / "checkpoints" / "paperdoll" / "unet" / "config.json"
        config.write_text(config.read_text() + "\n")
        with pytest.raises(ModelRefusedError, match="another file now"):
            other.execute(other.artifacts.load(run.artifact.path))


def test_a_cancelled_batch_keeps_the_pictures_that_were_finished(bench, tmp_path):
    second_started = threading.Event()
    job = None

    def cancel_in_the_second(event):
        if event.kind == "step" and event.image == 2:
            second_started.set()
            job.cancel()

    bench.queue.listen(cancel_in_the_second)
    ready = threading.Event()
    bench.queue.submit(lambda _: ready.wait(10))
    job = bench.submit(quick(seed=7, batch_size=3))
    ready.set()
    with pytest.raises(CancelledError):
        job.result(60)
    assert second_started.is_set()
    assert len(list((tmp_path / "outputs").rglob("*.png"))) == 1
    assert bench.execute(quick(seed=7)).image.size == (64, 64)


def test_steps_and_previews_are_told(bench):
    events = []
    bench.queue.listen(events.append)
    bench.execute(quick(steps=3))
    steps = [(e.step, e.steps) for e in events if e.kind == "step" and e.stage == "txt2img"]
    assert steps == [(1, 3), (2, 3), (3, 3)]
    previews = [event.preview for event in events if event.preview]
    assert previews
    assert previews[0].size == (64, 64)
    assert events[-1].kind == "done"
