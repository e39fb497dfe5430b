"""A cancel stops within one step, tile or find; what was finished stays, what was not is marked."""

import json
import threading

import numpy as np
import pytest
from PIL import Image

from medialab import PipelineConfig
from medialab.diffusion import interruptible
from medialab.errors import CancelledError
from medialab.pixels.geometry import Box
from medialab.pixels.masks import box_mask

QUICK = {"prompt": "a red ball", "steps": 4, "width": 64, "height": 64, "seed": 7}
FACE = {"enabled": True, "detector": "centre", "guide_size": 64, "denoising_strength": 1.0}


def quick(**settings):
    return PipelineConfig.parse(QUICK | settings)


@pytest.fixture
def cancelled(bench):
    """Runs a request that is cancelled at the first event for which `when` is true.

    Gives the events after it, and the error.
    """

    def run(config, when, **options):
        after, stopped = [], threading.Event()

        def listen(event):
            if stopped.is_set():
                after.append(event)
            elif when(event):
                job.cancel()
                stopped.set()

        ready = threading.Event()
        bench.executor.queue.submit(
            lambda _: ready.wait(10)
        )  # the worker, until the job has its name
        job = bench.submit(config, **options)
        end = bench.executor.listen(listen)
        ready.set()
        with pytest.raises(CancelledError) as raised:
            job.result(60)
        end()
        assert stopped.is_set()
        return after, raised.value

    return run


def test_a_prompt_of_many_texts_hears_a_cancel_between_two_of_them(cancelled):
    config = quick(prompt=" AND ".join(f"a {number}" for number in range(30)))
    after, _ = cancelled(config, at("prompt", 3))
    assert [event for event in after if event.kind == "step"] == []


def at(stage, step, image=1):
    def when(event):
        return (event.kind, event.stage, event.step, event.image) == ("step", stage, step, image)

    return when


@pytest.mark.parametrize(
    ("settings", "stage", "step"),
    [
        ({}, "txt2img", 1),
        ({"refiner": {"enabled": True, "denoising_strength": 1.0}}, "refiner", 2),
        ({"face": FACE}, "face", 1),
        ({"sampler": "Heun"}, "txt2img", 3),
        ({"prompt": "a hat AND rain"}, "txt2img", 2),
    ],
    ids=["base", "refiner", "detailer", "two calls a step", "composed"],
)
def test_pain_15_a_cancel_stops_within_one_step(bench, cancelled, checksum, settings, stage, step):
    model = bench.registry.load(bench.registry.find("paperdoll", "checkpoint"))
    before = checksum(model)
    calls = []
    hook = model.components["unet"].register_forward_pre_hook(lambda *_: calls.append(1))
    at_cancel = []

    def when(event):
        if at(stage, step)(event):
            at_cancel.append(len(calls))
            return True
        return False

    after, _ = cancelled(quick(**settings), when)
    hook.remove()
    assert [event.kind for event in after] == ["cancelled"]
    assert len(calls) - at_cancel[0] <= (2 if settings.get("sampler") == "Heun" else 1)
    assert checksum(model) == before


def test_pain_15_a_cancel_stops_before_the_next_find(bench, cancelled):
    mask = Image.new("L", (96, 64))
    for left in (4, 60):
        mask.paste(box_mask(Box(0, 0, 24, 24), 24, 24), (left, 20))
    picture = bench.keep(Image.effect_noise((96, 64), 90).convert("RGB"))
    config = quick(
        width=None,
        height=None,
        mode="enhance",
        image=picture,
        face=FACE | {"mask": bench.keep(mask), "prompt": "a[SEP]b"},
    )
    steps = []

    def when(event):
        if event.kind == "step":
            steps.append(event.step)
        return len(steps) == 4  # the last of the first find

    after, _ = cancelled(config, when)
    assert steps == [1, 2, 3, 4]
    assert [event.kind for event in after] == ["cancelled"]


def test_the_steps_of_a_detailer_are_counted_over_all_that_it_found(bench):
    mask = Image.new("L", (96, 64))
    for left in (4, 60):
        mask.paste(box_mask(Box(0, 0, 24, 24), 24, 24), (left, 20))
    steps = []
    forget = bench.executor.listen(
        lambda event: event.kind == "step" and steps.append((event.step, event.steps))
    )
    face = FACE | {"mask": bench.keep(mask), "prompt": "a[SEP]b"}
    picture = bench.keep(Image.effect_noise((96, 64), 90).convert("RGB"))
    bench.execute(
        quick(width=None, height=None, mode="enhance", image=picture, steps=2, face=face),
        save=False,
    )
    forget()
    assert [one for one in steps if one[1] > 1] == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_a_large_picture_is_cancelled_in_the_middle_of_a_step(bench, monkeypatch):
    entered = threading.Event()

    def slowed(self, query, key, value, *args, **kwargs):
        entered.set()
        while True:
            self._check()

    monkeypatch.setattr(interruptible.Interruptible, "_attention", slowed)
    monkeypatch.setattr(interruptible, "LARGE", 64 * 64)
    job = bench.submit(quick(steps=50), save=False)
    assert entered.wait(120)
    job.cancel()
    assert isinstance(job.error(120), CancelledError)
    monkeypatch.undo()
    assert bench.execute(quick(), save=False).image.size == (64, 64)


def test_nothing_is_kept_of_an_interrupted_picture_unless_asked(bench, cancelled, tmp_path):
    cancelled(quick(), at("txt2img", 2))
    assert not list((tmp_path / "outputs").rglob("*.png"))


def test_an_interrupted_picture_is_saved_as_far_as_it_was_and_marked(bench, cancelled, tmp_path):
    _, error = cancelled(quick(steps=8), at("txt2img", 6), keep_interrupted=True)
    (found,) = bench.artifacts.find("interrupted")
    assert found.tags == ("interrupted",)
    assert str(found.path) in str(error)
    record = json.loads(found.sidecar.read_text())["record"]
    assert record == {"interrupted": {"stage": "txt2img", "step": 7, "steps": 8}}
    whole = np.asarray(bench.execute(quick(steps=8)).image).astype(int)
    with Image.open(found.path) as kept:
        distance = np.abs(np.asarray(kept).astype(int) - whole).mean()
    assert 0 < distance < whole.std()


def test_a_person_decides_to_keep_it_when_they_cancel(bench):
    job = None

    def stop(event):
        if event.kind == "step" and event.stage == "txt2img" and event.step == 3:
            job.cancel(keep=True)

    forget = bench.executor.listen(stop)
    held = threading.Event()
    bench.executor.queue.submit(lambda _: held.wait(120))
    job = bench.submit(quick(steps=8))
    held.set()
    assert "what there was is" in str(job.error(120))
    forget()
    assert [one.tags for one in bench.artifacts.find("")] == [("interrupted",)]


def test_an_interrupted_picture_has_the_size_that_was_asked_for(bench, cancelled):
    config = quick(steps=8, width=100, height=67)
    cancelled(config, at("txt2img", 3), keep_interrupted=True)
    (found,) = bench.artifacts.find("interrupted")
    assert (found.width, found.height) == (100, 67)


def test_an_interrupted_picture_is_that_of_the_last_stage_that_was_done(bench, cancelled):
    before = bench.execute(quick(), save=False).image
    config = quick(face=FACE)
    cancelled(config, at("face", 2), keep_interrupted=True)
    (found,) = bench.artifacts.find("interrupted")
    with Image.open(found.path) as kept:
        assert kept.tobytes() == before.tobytes()


def test_a_cancelled_batch_has_its_finished_pictures_whole_and_the_other_marked(bench, cancelled):
    cancelled(quick(batch_size=3), at("txt2img", 3, image=2), keep_interrupted=True)
    pictures = bench.artifacts.find("")
    assert sorted(one.tags for one in pictures) == [(), ("interrupted",)]
    assert {one.seed for one in pictures if not one.tags} == {7}
