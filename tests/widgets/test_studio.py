"""The panel works from its buttons to the picture, with no browser and no kernel."""

import re
import shutil
from contextlib import closing
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from ipywidgets.widgets import widget as widget_module
from PIL import Image

from medialab import PipelineConfig, Workbench
from medialab.artifacts import Query
from medialab.errors import ConfigError, MediaLabError, ModelNotFoundError
from widgets import Studio

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 120


def test_generate_shows_the_picture_that_was_written(studio, press):
    studio.fill(PipelineConfig(prompt="a green tree", seed=7, steps=2))
    press("generate")
    run = studio.wait(SECONDS)
    (shown,) = studio.canvas.pictures
    assert shown == run.artifact.path.read_bytes()
    assert Image.open(BytesIO(shown)).size == (128, 128)
    assert run.config.prompt == "a green tree"


def test_the_caption_tells_seed_size_and_file(studio):
    studio.fill(PipelineConfig(seed=7, steps=1))
    studio.generate()
    run = studio.wait(SECONDS)
    caption = studio.canvas.foot.caption["text"]
    assert "Seed 7" in caption
    assert "128 × 128" in caption
    assert run.artifact.path.name in caption


def test_progress_is_shown_step_by_step_with_previews(studio, monkeypatch):
    said, previews = [], []
    studio.canvas.foot.observe(lambda change: said.append(change.new["text"]), "status")
    show = studio.canvas.viewer.preview
    monkeypatch.setattr(
        studio.canvas.viewer, "preview", lambda jpeg: (previews.append(jpeg), show(jpeg))
    )
    studio.fill(PipelineConfig(seed=1, steps=3))
    studio.generate()
    studio.wait(SECONDS)
    assert [step for text in said for step in re.findall(r"step \d of 3", text)] == [
        "step 1 of 3",
        "step 2 of 3",
        "step 3 of 3",
    ]
    needed = [number for number, text in enumerate(said) if "needs" in text and "free" in text]
    assert needed[0] < next(number for number, text in enumerate(said) if "step 1" in text)
    assert "Text to image" in said[-3]
    assert Image.open(BytesIO(previews[0])).format == "JPEG"
    assert studio.canvas.viewer._files["preview"] == b""  # the picture itself is there


def test_every_picture_of_a_batch_is_shown(studio):
    studio.fill(PipelineConfig(seed=1, steps=1, batch_size=3))
    studio.generate()
    studio.wait(SECONDS)
    assert len(studio.canvas.pictures) == 3


def test_pictures_do_not_pile_up_in_memory(studio):
    studio.fill(PipelineConfig(steps=1))
    studio.generate()
    studio.wait(SECONDS)
    before = len(widget_module._instances)
    studio.generate()
    studio.wait(SECONDS)
    assert len(widget_module._instances) == before


def test_a_bad_value_is_named_in_the_panel_and_nothing_is_queued(studio, press):
    studio.form.set({"width": -8})
    press("generate")
    assert studio.form.said("size") == "Must be greater than or equal to 1."
    assert studio.canvas.foot.error_text == ""  # it is said once
    assert studio.wait() is None


def test_a_script_gets_the_bad_value_as_its_own_error(studio):
    studio.form.set({"width": -8})
    with pytest.raises(ConfigError, match="width=-8"):
        studio.generate()


def test_a_failure_on_the_worker_is_shown_with_its_traceback(studio, press, monkeypatch):
    def fail(*_, **_options):
        message = "the <disk> is gone"
        raise OSError(message)

    monkeypatch.setattr(studio.bench.registry, "load", fail)
    press("generate")
    with pytest.raises(OSError, match="disk"):
        studio.wait(SECONDS)
    assert "OSError" in studio.canvas.foot.error_text
    assert "The <disk> is gone" in studio.canvas.foot.error_text
    assert "test_studio.py" in studio.canvas.foot.error["trace"]  # where it happened
    assert "Failed" in studio.canvas.foot.status["text"]


def test_the_strip_tells_what_each_stage_does_and_did(studio):
    seen = []
    studio.canvas.foot.observe(lambda change: seen.append(change.new), "stages")
    studio.fill(PipelineConfig(seed=1, steps=2))
    studio.generate()
    studio.wait(SECONDS)
    states = [{one["name"]: one["state"] for one in stages} for stages in seen]
    now = {"prompt": "done", "txt2img": "running", "finish": "waiting"}.items()
    assert [one for one in states if now <= one.items()]
    assert states[-1] == {"prompt": "done", "txt2img": "done", "finish": "done"}
    assert all(one["seconds"] >= 0 for one in seen[-1] if one["state"] == "done")


def test_generate_does_what_its_menu_says(studio):
    studio.fill(PipelineConfig(prompt="a green tree", seed=7, steps=1))
    studio.making.button.ask(mode="lines", lines="a cat\na dog")
    studio.generate()
    studio.wait(SECONDS)
    made = [one.prompt for one in studio.bench.artifacts.find()]
    assert made == ["a dog", "a cat"]
    assert studio.form.value("prompt") == "a green tree"


def test_a_failed_picture_stays_in_the_queue_with_its_reason_and_the_next_is_made(
    studio, monkeypatch
):
    load = studio.bench.registry.load
    calls = []

    def fail_once(info, **options):
        calls.append(info)
        if len(calls) == 1:
            message = "the disk is gone"
            raise OSError(message)
        return load(info, **options)

    monkeypatch.setattr(studio.bench.registry, "load", fail_once)
    studio.fill(PipelineConfig(prompt="first", seed=1, steps=1))
    studio.generate()
    studio.form.set({"prompt": "second"})
    studio.generate()
    assert studio.wait(SECONDS).config.prompt == "second"
    (row,) = studio.canvas.foot.jobs
    assert (row["label"], row["state"]) == ("first", "failed")
    assert row["why"] == "Something went wrong (OSError): The disk is gone."
    assert len(studio.canvas.pictures) == 1


def test_the_next_picture_takes_the_last_error_away(studio, press):
    studio.form.set({"width": -8})
    press("generate")
    studio.fill(PipelineConfig(steps=1))
    press("generate")
    studio.wait(SECONDS)
    assert studio.canvas.foot.error_text == ""


def test_a_held_seed_repeats_the_picture_and_a_random_one_is_new(studio):
    studio.fill(PipelineConfig(steps=1))
    studio.generate()
    first = studio.wait(SECONDS)
    studio.form.hold_seed()
    assert studio.form.value("seed") == first.config.seed
    studio.generate()
    assert studio.wait(SECONDS).image.tobytes() == first.image.tobytes()
    studio.form.set({"seed": None})
    assert studio.config().seed == -1


def test_fill_refuses_an_unknown_checkpoint_by_name(studio):
    with pytest.raises(ModelNotFoundError, match="known: paperdoll"):
        studio.fill(PipelineConfig(checkpoint="pony"))


def test_one_studio_lives_in_a_kernel(studio):
    assert Studio() is studio
    assert Studio(studio.bench) is studio


def test_a_studio_over_another_workbench_is_refused(studio, tiny_models, tmp_path):
    with (
        Workbench(models=tiny_models, outputs=tmp_path / "other") as other,
        pytest.raises(ValueError, match="another workbench"),
    ):
        Studio(other)


def test_a_closed_studio_leaves_the_kernel(bench):
    before = set(widget_module._instances)
    studio = Studio(bench)
    made = set(widget_module._instances) - before
    studio.close()
    left = set(widget_module._instances) - before
    assert studio.comm is None
    assert len(left) < 0.05 * len(made)  # inputs that were never placed


def test_after_close_a_new_studio_can_be_opened(studio):
    studio.close()
    successor = Studio(studio.bench)
    assert successor is not studio
    successor.close()


def test_a_studio_of_its_own_closes_its_workbench():
    studio = Studio()
    studio.close()
    with pytest.raises(MediaLabError, match="this workbench is closed"):
        studio.bench.executor.queue.submit(lambda job: None)


@pytest.mark.thorough
def test_a_studio_on_the_devices_that_the_variable_names_makes_pictures_on_all(
    tiny_models, tmp_path, monkeypatch
):
    monkeypatch.setenv("MEDIALAB_DEVICES", "cpu,cpu")
    monkeypatch.setenv("MEDIALAB_MODELS", str(tiny_models))
    monkeypatch.setenv("MEDIALAB_OUTPUTS", str(tmp_path / "outputs"))
    with closing(Studio()) as studio:
        for seed in (7, 8):
            studio.fill(PipelineConfig(prompt="a green tree", seed=seed, steps=2))
            studio.generate()
        assert len(studio.bench.executor.pids) == 2
        runs = [job.result(SECONDS) for job in studio.bench.executor.jobs()]
        last = studio.wait(SECONDS)
        (shown,) = studio.canvas.pictures
        assert shown in [run.artifact.path.read_bytes() for run in (*runs, last)]
        assert studio.bench.artifacts.count() == 2


def test_a_model_of_the_shelf_is_used_and_its_words_are_added_once(studio):
    info = studio.bench.registry.find("paperdoll", "checkpoint")
    studio.use_model(replace(info, kind="vae", name=""))
    for _ in range(2):
        studio.use_model(replace(info, kind="lora", name="ink"))
        studio.form.add_to_prompt("ink wash")
    assert [one["name"] for one in studio.form.value("loras")] == ["ink"]
    studio.catalogue.lora = lambda name: {"name": name, "weight": 0.7}  # as its note says
    studio.use_model(replace(info, kind="lora", name="pen"))
    assert studio.form.value("loras")[1]["weight"] == 0.7
    assert studio.form.value("prompt").count("ink wash") == 1
    studio.use_model(info)
    assert studio.config().checkpoint == "paperdoll"


def test_a_new_studio_begins_with_the_default_checkpoint(tmp_path):
    models = tmp_path / "models"
    for name in ("first", "second"):
        shutil.copytree(
            ROOT / "models" / "checkpoints" / "paperdoll", models / "checkpoints" / name
        )
    with Workbench(models=models, outputs=tmp_path / "outputs", device="cpu") as bench:
        bench.default_checkpoint = "second"
        studio = Studio(bench)
        assert studio.config().checkpoint == "second"
        studio.close()


@pytest.mark.parametrize("folder", ["none", "empty", "broken"])
def test_without_a_model_the_panel_opens_and_says_what_to_do(folder, tmp_path):
    models = tmp_path / "models"
    if folder != "none":
        (models / "checkpoints" / "paperdoll").mkdir(parents=True)
    if folder == "broken":
        (models / "checkpoints" / "paperdoll" / "model_index.json").write_text("{")
    with Workbench(models=models, outputs=tmp_path / "outputs", device="cpu") as bench:
        studio = Studio(bench)
        studio.begin(PipelineConfig(prompt="a green tree"))
        said = studio.canvas.foot.error_text
        studio.begin(PipelineConfig(prompt="a green tree"))  # the cell once more
        assert studio.canvas.foot.error_text == said
        assert studio.form.read()["prompt"] == "a green tree"
        studio.close()
    wrong = "copy the model again" if folder == "broken" else "Put a checkpoint"
    assert wrong in said


def test_the_pictures_made_with_a_model_are_shown_in_the_history(studio):
    studio.fill(PipelineConfig(prompt="a green tree", seed=7, steps=1))
    studio.generate()
    studio.wait(SECONDS)
    studio.history.narrow(text="nothing like it")
    studio.models.shelf._handle_custom_msg(
        {"kind": "act", "action": "pictures", "id": "checkpoints/paperdoll"}, []
    )
    assert studio.shelf.chosen == "History"
    assert (studio.history.filters.model, studio.history.filters.text) == ("paperdoll", "")
    studio.show_pictures(Query(lora="my ink"))
    assert studio.history.filters.text == 'lora:"my ink"'


def test_a_request_that_is_there_shows_that_picture_and_writes_no_second_file(studio, press):
    studio.fill(PipelineConfig(seed=7, steps=1))
    press("generate")
    path = studio.wait(SECONDS).artifact.path
    count = studio.bench.artifacts.count()
    studio.canvas.clear()
    press("generate")
    assert studio.bench.artifacts.count() == count
    assert studio.canvas.path == path
    assert studio.session.is_busy is False


def test_an_error_of_the_settings_goes_when_they_are_changed_and_another_stays(studio):
    studio.canvas.show_error(ConfigError("no mask is painted"), "")
    studio.form.set({"steps": 7})
    assert studio.canvas.foot.error == {}
    studio.canvas.show_error(OSError("the disk is full"), "")
    studio.form.set({"steps": 8})
    assert "disk is full" in studio.canvas.foot.error_text
