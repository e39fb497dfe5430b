"""The panel works from its buttons to the picture, with no browser and no kernel."""

import re
import subprocess
import sys
from io import BytesIO

import pytest
from ipywidgets.widgets import widget as widget_module
from PIL import Image

from medialab import PipelineConfig, Workbench
from medialab.errors import ConfigError, MediaLabError, ModelNotFoundError
from widgets import Studio

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
    caption = studio.canvas.caption.value
    assert "Seed 7" in caption
    assert "128 × 128" in caption
    assert run.artifact.path.name in caption


def test_progress_is_shown_step_by_step_with_previews(studio, monkeypatch):
    said, previews = [], []
    studio.canvas.status.observe(lambda change: said.append(change.new), "value")
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
    studio.form.size.show(PipelineConfig(width=256, height=256))
    studio.form.size.width.value = -8
    press("generate")
    assert "Check the settings" in studio.canvas.error.value
    assert "width=-8" in studio.canvas.error.value
    assert studio.wait() is None


def test_a_script_gets_the_bad_value_as_its_own_error(studio):
    studio.form.size.show(PipelineConfig(width=256, height=256))
    studio.form.size.width.value = -8
    with pytest.raises(ConfigError, match="width=-8"):
        studio.generate()


def test_a_failure_on_the_worker_is_shown_with_its_traceback_escaped(studio, press, monkeypatch):
    def fail(*_, **_options):
        message = "the <disk> is gone"
        raise OSError(message)

    monkeypatch.setattr(studio.bench.registry, "load", fail)
    press("generate")
    with pytest.raises(OSError, match="disk"):
        studio.wait(SECONDS)
    assert "OSError" in studio.canvas.error.value
    assert "the &lt;disk&gt; is gone" in studio.canvas.error.value
    assert "<details>" in studio.canvas.error.value
    assert "test_studio.py" in studio.canvas.error.value  # where it happened
    assert "Failed" in studio.canvas.status.value


def test_the_strip_tells_what_each_stage_does_and_did(studio):
    seen = []
    studio.canvas.strip.observe(lambda change: seen.append(change.new), "stages")
    studio.fill(PipelineConfig(seed=1, steps=2))
    studio.generate()
    studio.wait(SECONDS)
    states = [{one["name"]: one["state"] for one in stages} for stages in seen]
    now = {"prompt": "done", "txt2img": "running", "finish": "waiting"}.items()
    assert [one for one in states if now <= one.items()]
    assert {"prompt": "done", "txt2img": "done", "face": "off"}.items() <= states[-1].items()
    assert all(one["seconds"] >= 0 for one in seen[-1] if one["state"] == "done")


def test_a_tab_shows_its_own_inputs_and_names_the_button(studio, parts_of):
    button = next(part for part in parts_of(studio) if "mls-generate" in part._dom_classes)
    studio.tabs.value = "enhance"
    assert button.description == "Enhance"
    assert "mls-task-enhance" in studio._dom_classes
    studio.tabs.value = "models"
    assert "mls-task-models" in studio._dom_classes
    assert "mls-task-enhance" not in studio._dom_classes


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
    studio.form["prompt"].value = "second"
    studio.generate()
    assert studio.wait(SECONDS).config.prompt == "second"
    (row,) = studio.queue.list.children
    assert "first" in row.text.value
    assert "Something went wrong (OSError): The disk is gone." in row.text.value
    assert len(studio.canvas.pictures) == 1


def test_the_next_picture_takes_the_last_error_away(studio, press):
    studio.form.size.show(PipelineConfig(width=256, height=256))
    studio.form.size.width.value = -8
    press("generate")
    studio.fill(PipelineConfig(steps=1))
    press("generate")
    studio.wait(SECONDS)
    assert studio.canvas.error.value == ""


def test_use_last_seed_repeats_the_picture_and_the_dice_draws_a_new_one(studio, press):
    studio.fill(PipelineConfig(steps=1))
    studio.generate()
    first = studio.wait(SECONDS)
    press("last-seed")
    assert studio.form.read()["seed"] == first.config.seed
    studio.generate()
    assert studio.wait(SECONDS).image.tobytes() == first.image.tobytes()
    press("dice")
    assert studio.form.read()["seed"] == -1


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


def test_importing_the_panels_loads_no_torch():
    program = "import sys, widgets; sys.exit('torch' in sys.modules or 'diffusers' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True, timeout=SECONDS)
