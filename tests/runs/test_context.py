"""A run's context lends a stage its models, and refuses a file that was replaced on the way."""

import shutil

import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from medialab import PipelineConfig, Workbench
from medialab.config.resolved import Together
from medialab.errors import CancelledError, ModelRefusedError
from medialab.loading.upscalers import compact_network
from medialab.process.events import no_preview
from medialab.process.jobs import Job
from medialab.runs.context import RunContext

ASKED = PipelineConfig(prompt="a red ball", steps=2, width=64, height=64, seed=7)


def recall(_facts, make):
    return make(), False


@pytest.fixture
def events():
    return []


@pytest.fixture
def job(events):
    return Job("job 1", lambda job: job, events.append, lambda job: None)


@pytest.fixture
def context(bench, job):
    """Makes the context of a request's run, with some of its facts changed after it was planned."""

    def make(which=(2, 3), **changes):
        plan = bench._resolver.plan(ASKED)
        config = plan.config.model_copy(update=changes)
        registry, pictures = bench.registry, bench.pictures
        loras = bench._maker.loras
        return RunContext(config, registry, pictures, loras, job, which, listing=plan.listing)

    return make


def test_events_name_the_job_the_stage_and_the_picture(context, events):
    made = context()
    with made.stage("txt2img", recall):
        made.step(1, 2)
        made.step(2, 2)
    made.finish(1.5, None)
    assert [(one.kind, one.step, one.steps) for one in events] == [
        ("stage", 0, 0),
        ("step", 1, 2),
        ("step", 2, 2),
        ("stage done", 0, 0),
    ]
    assert {(one.job, one.stage, one.image, one.images) for one in events} == {
        ("job 1", "txt2img", 2, 3)
    }
    assert events[-1].seconds == 1.5


def test_a_stage_recalls_by_what_it_was_given_and_makes_without(context):
    made = context()
    assert made.remembered({"a": 1}, lambda: b"made") == (b"made", False)
    with made.stage("face", lambda facts, _make: (str(facts).encode(), True)):
        assert made.remembered({"a": 1}, lambda: b"made") == (b"{'a': 1}", True)


def test_a_cancelled_job_stops_at_its_next_step_and_begins_no_stage(context, job, events):
    made = context()
    job.cancel()
    with pytest.raises(CancelledError):
        made.step(1, 2)
    with pytest.raises(CancelledError), made.stage("txt2img", recall):
        pass
    assert events == []


def test_the_checkpoint_is_lent_and_one_that_was_replaced_is_refused(context, bench):
    with context().opened() as drawing:
        info = bench.registry.find("paperdoll", "checkpoint")
        assert drawing.vae is bench.registry.load(info).components["vae"]
    made = context(checkpoint_sha256="0" * 64)
    with pytest.raises(ModelRefusedError, match="was replaced while it was being loaded; run thi"):
        made.opened().__enter__()


def test_an_upscaler_is_lent_by_its_name(tiny_models, tmp_path, job):
    folder = tmp_path / "models"
    shutil.copytree(tiny_models, folder)
    (folder / "upscalers").mkdir()
    weights = compact_network(features=8, layers=2, scale=2).state_dict()
    save_file(weights, folder / "upscalers" / "twice.safetensors")
    with Workbench(folder, tmp_path / "outputs", "cpu") as bench:
        asked = ASKED.changed(upscaler={"enabled": True, "upscaler": "twice"})
        plan = bench._resolver.plan(asked)
        loras = bench._maker.loras
        made = RunContext(
            plan.config, bench.registry, bench.pictures, loras, job, listing=plan.listing
        )
        assert made.upscaler("twice").scale == 2


def test_what_there_is_of_an_unfinished_picture_is_the_last_stages(context):
    made, image = context(), Image.new("RGB", (8, 8))
    assert made.unfinished() is None
    made.begin(image)
    with made.stage("face", recall):
        made.step(1, 4)
        assert made.unfinished() == (image, {"stage": "face", "step": 1, "steps": 4})


def test_a_preview_is_drawn_for_a_listener_that_looks_and_for_no_other(context, events):
    """A batch that nobody watches drew four a second for nobody."""
    made = context()
    with made.stage("txt2img", recall), made.opened() as drawing:
        latents = torch.zeros(1, drawing.family.latents.channels, 8, 8)
        made.step(1, 2, latents)
        owner = drawing.vae_owner
        assert "preview" not in owner._cached
        assert events[-1].preview.size == (64, 64)
        assert "preview" in owner._cached
        made.step(2, 2, latents)  # at once: there was one just now
        assert events[-1].preview is None


def test_what_a_listener_does_with_a_preview_counts_as_the_previews_time(context, job, monkeypatch):
    """A worker's process packs each as a PNG, which takes longer than drawing it."""
    clock = [100.0]
    monkeypatch.setattr("medialab.runs.context.time.monotonic", lambda: clock[0])
    given = []

    def pack(event):
        given.append(event.draws is not no_preview)
        clock[0] += 1.0 * given[-1]

    job.emit = pack
    made = context()
    with made.stage("txt2img", recall), made.opened() as drawing:
        latents = torch.zeros(1, drawing.family.latents.channels, 8, 8)
        given.clear()
        for _ in range(100):
            made.step(1, 2, latents)
            clock[0] += 0.5
    assert sum(given) == 3  # of 53 seconds


def test_of_another_jobs_picture_previews_are_told_alone(context, events):
    together = Together(pictures=3, place=2)
    made = context(which=(0, 1), together=together)
    with made.stage("txt2img", recall, (2, 1)), made.opened() as drawing:
        latents = torch.zeros(1, drawing.family.latents.channels, 8, 8)
        made._pace.is_due(0)
        made.step(1, 2, latents)
        made.step(2, 2)
    made.finish(1.0, None)
    (told,) = events
    assert (told.kind, told.step, told.place, told.together) == ("beside", 1, 2, 3)
    assert told.preview.size == (64, 64)
