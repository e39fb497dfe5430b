"""Cells that differ in their seeds alone are denoised at once, whenever they are made."""

import pytest
from PIL import Image

from medialab import PipelineConfig, Workbench
from medialab.artifacts import Sidecar
from medialab.batch.neighbours import Neighbours
from medialab.batch.sweep import Sweep
from medialab.config.resolved import Together
from medialab.runs.request import Request

BASE = PipelineConfig(prompt="a red ball", steps=2, width=64, height=64, seed=7, draw_together=3)


def pictures(batch):
    return [batch.bench.artifacts.folder / path for path in batch.table["path"]]


def sidecars(batch):
    return [Sidecar.read(path.with_suffix(".json")) for path in pictures(batch)]


def placed(batch):
    return [one.config.together for one in sidecars(batch)]


def pixels(batch):
    return [Image.open(path).tobytes() for path in pictures(batch)]


def drawn(sidecar):
    return next(one for one in sidecar.record["stages"] if one["name"] == "txt2img")


def groups(bench, axes, base=BASE, how="grid", **options):
    """The seeds of the rows that each row is denoised with, itself among them."""
    sweep = Sweep(base, axes, how, **options)
    neighbours = Neighbours(sweep, bench.resolve)
    found = []
    for row in range(len(sweep)):
        joined = neighbours.joined(row, bench.resolve(sweep.config(row)))
        found.append(sorted({joined.config.seed, *(one.seed for one in joined.beside)}))
    return found


def test_rows_of_neighbouring_seeds_are_drawn_at_once_and_the_bytes_are_a_batchs(bench):
    batch = bench.sweep(BASE, {"seed": "1-4"}, name="seeds").run()
    # The fourth is the rest of the seeds, and alone.
    assert placed(batch) == [*(Together(pictures=3, place=place) for place in (1, 2, 3)), None]
    assert [drawn(one)["cached"] for one in sidecars(batch)] == [False, True, True, False]
    bench.cache.clear()
    run = bench.execute(BASE.changed(seed=1, batch_size=3), save=False)
    assert pixels(batch)[:3] == [image.tobytes() for image in run.images]


def test_each_axis_beside_the_seeds_has_groups_of_its_own(bench):
    assert groups(bench, {"seed": "1-5", "steps": [2, 3]}) == [
        *([[1, 2, 3]] * 6),
        *([[4, 5]] * 4),
    ]
    assert groups(bench, {"guidance_scale": [1.0, 5.0], "seed": "1-2"}) == [[1, 2]] * 4


@pytest.mark.parametrize(
    ("settings", "axes", "options"),
    [
        ({"draw_together": 1}, {"seed": "1-3"}, {}),
        ({"draw_together": None}, {"seed": "1-3"}, {}),  # a small model on a CPU
        ({"prompt": "a {red|blue|green|white|black} ball"}, {"seed": "1-3"}, {}),
        ({}, {"steps": [2, 3, 4]}, {}),
        ({}, {("seed", "steps"): [(1, 2), (2, 3), (3, 4)]}, {}),
        ({}, {"seed": "1-3", "steps": [2, 3, 4]}, {"how": "zip"}),
    ],
)
def test_all_others_are_drawn_alone(bench, settings, axes, options):
    found = groups(bench, axes, BASE.changed(**settings), **options)
    assert all(len(one) == 1 for one in found)


def test_a_stopped_batch_goes_on_with_the_same_bytes(bench, tiny_models, tmp_path):
    batch = bench.sweep(BASE, {"seed": "1-3"}, name="seeds")
    run = batch.start(lambda *_: run.cancel())
    run.wait()
    batch.run()
    with Workbench(tiny_models, tmp_path / "others", device="cpu") as other:
        whole = other.sweep(BASE, {"seed": "1-3"}, name="seeds").run()
        assert pixels(batch) == pixels(whole)
        assert (
            placed(batch)
            == placed(whole)
            == [Together(pictures=3, place=place) for place in (1, 2, 3)]
        )


def test_the_others_tell_nothing_while_one_is_made(bench):
    heard = []
    batch = bench.sweep(BASE, {"seed": "1-3"}, name="seeds")
    run = batch.start(on_event=lambda row, event: heard.append((row, event)))
    assert run.wait(120)
    steps = [
        (row, event.image, event.images, event.place, event.together)
        for row, event in heard
        if event.kind == "step"
    ]
    assert [one for one in steps if one[0] == 0] == [(0, 1, 1, 1, 1)] * BASE.steps
    assert not [one for one in steps if one[0] != 0]


def test_a_picture_that_was_drawn_alone_is_not_made_again(bench):
    alone = bench.sweep(BASE, {"seed": [5]}, name="alone").run()
    batch = bench.sweep(BASE, {"seed": [4, 5, 6]}, name="seeds").run()
    assert pictures(batch)[1] == pictures(alone)[0]
    assert placed(batch)[1] is None


def test_a_request_keeps_its_neighbours_as_json(bench):
    sweep = Sweep(BASE, {"seed": "1-3"})
    joined = Neighbours(sweep, bench.resolve).joined(0, bench.resolve(sweep.config(0)))
    request = Request(joined.config, beside=joined.beside)
    assert len(joined.beside) == 2
    assert Request.from_json(request.as_json()) == request
    assert Request.from_json(Request(joined.config).as_json()).beside == ()
