"""Cells that differ in their seeds alone are denoised at once, whenever they are made."""

from math import ceil

import pytest
from PIL import Image

from medialab import PipelineConfig, Workbench
from medialab.artifacts import Sidecar
from medialab.batch.neighbours import MOST_LATER, Neighbours
from medialab.batch.sweep import Sweep
from medialab.config.resolved import Together
from medialab.errors import MediaLabError, WorkerEndedError
from medialab.runs.request import Request
from medialab.runs.resolver import Resolver

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


LONG = ", ".join(["a red ball", "a blue hat", "green rain"] * 12)  # of more chunks than one


def joined_rows(bench, axes, base=BASE, how="grid", **options):
    sweep = Sweep(base, axes, how, **options)
    neighbours = Neighbours(sweep, bench)
    return [neighbours.joined(row) for row in range(len(sweep))]


def groups(bench, axes, base=BASE, how="grid", **options):
    """The seeds of the rows that each row is denoised with, itself among them."""
    every = joined_rows(bench, axes, base, how, **options)
    return [sorted({one.config.seed, *(other.seed for other in one.beside)}) for one in every]


def cells(bench, axes, **changes):
    """The first letter of the prompt and the seed of all rows of each row's group, by places."""
    found = []
    for one in joined_rows(bench, axes, BASE.changed(**changes)):
        every = sorted(
            (one.config, *one.beside), key=lambda config: config.together and config.together.place
        )
        found.append(" ".join(f"{config.prompt[0]}{config.seed}" for config in every))
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
        ({"prompt": f"{{a red ball|{LONG}}}"}, {"seed": [2, 3]}, {}),
        ({}, {"steps": [2, 3, 4]}, {}),
        ({}, {("seed", "steps"): [(1, 2), (2, 3), (3, 4)]}, {}),
        ({}, {"seed": "1-3", "steps": [2, 3, 4]}, {"how": "zip"}),
    ],
)
def test_all_others_are_drawn_alone(bench, settings, axes, options):
    found = groups(bench, axes, BASE.changed(**settings), **options)
    assert all(len(one) == 1 for one in found)


def test_seeds_and_prompts_stand_together_seed_by_seed(bench):
    axes = {"seed": "1-2", "prompt": ["red", "blue", "green"]}
    assert cells(bench, axes, draw_together=6) == ["r1 r2 b1 b2 g1 g2"] * 6
    # Two prompts with all their seeds, and the rest.
    assert cells(bench, axes, draw_together=5) == ["r1 r2 b1 b2", "r1 r2 b1 b2", "g1 g2"] * 2
    # A part of one prompt's seeds.
    axes = {"prompt": ["red", "blue"], "seed": "1-3"}
    assert cells(bench, axes, draw_together=2) == [
        *("r1 r2", "r1 r2", "r3", "b1 b2", "b1 b2", "b3"),
    ]


def test_prompts_alone_stand_together_and_what_is_between_them_apart(bench):
    axes = {"prompt": ["red", "blue", "green"], "steps": [2, 3]}
    assert cells(bench, axes) == ["r7 b7 g7"] * 6
    axes = {("prompt", "seed"): [("red", 1), ("blue", 2)], "negative_prompt": ["", "rain"]}
    assert cells(bench, axes) == ["r1 b2"] * 4
    axes = {"mode": ["txt2img"], "refiner.prompt": ["red", "blue"]}
    assert cells(bench, axes) == ["a7", "a7"]


@pytest.mark.parametrize(
    ("seeds", "devices", "found"),
    [
        ("1-6", 2, [[1, 2, 3]] * 3 + [[4, 5, 6]] * 3),  # as on one
        ("1-6", 1, [[1, 2, 3]] * 3 + [[4, 5, 6]] * 3),
        ("1-4", 2, [[1, 2]] * 2 + [[3, 4]] * 2),
        ("1-3", 2, [[1, 2]] * 2 + [[3]]),
        ("1-3", 3, [[1], [2], [3]]),
    ],
)
def test_groups_leave_no_device_without_pictures(bench, seeds, devices, found):
    neighbours = Neighbours(Sweep(BASE, {"seed": seeds}), bench, devices)
    rows = [neighbours.joined(row) for row in range(len(found))]
    assert [
        sorted([one.config.seed, *(other.seed for other in one.beside)]) for one in rows
    ] == found


@pytest.mark.parametrize("devices", [2, 3, 8])
@pytest.mark.parametrize("axes", [{}, {"prompt": ["red", "blue", "green"]}, {"steps": [2, 3]}])
def test_every_device_is_done_at_nearly_the_same_time(bench, devices, axes):
    for count in range(1, 30):
        sweep = Sweep(BASE, {"seed": f"1-{count}", **axes})
        neighbours = Neighbours(sweep, bench, devices)
        cells = len(sweep) if "steps" not in axes else count
        for most in (2, 3, 4, 8, 16):
            found = neighbours._balanced(most, cells)
            sizes = neighbours._sizes(found, cells)
            assert sum(sizes) == cells
            assert max(sizes) <= found <= most
            loads = [0] * devices
            for size in sizes * (len(sweep) // cells):
                loads[loads.index(min(loads))] += size
            assert max(loads) <= MOST_LATER * ceil(len(sweep) / devices)


def test_a_text_of_another_length_stands_apart_wherever_it_is(bench):
    axes = {"prompt": ["red", f"long: {LONG}", "blue"]}
    assert cells(bench, axes) == ["r7 b7", "l7", "r7 b7"]


def test_a_row_that_is_refused_leaves_the_others_alone(bench):
    sweep = Sweep(BASE, {"prompt": ["red", "<lora:no-such:1>", "blue"]})
    neighbours = Neighbours(sweep, bench)
    assert neighbours.joined(0).beside == neighbours.joined(2).beside == ()
    with pytest.raises(MediaLabError, match="no-such"):
        neighbours.joined(1)


@pytest.mark.parametrize("asked", [1, 3])
def test_a_process_that_died_of_a_question_leaves_no_row_alone(bench, asked):
    class Dying:
        """A workbench whose processes, which resolve for it, die once."""

        alike, questions = bench.alike, 0

        def resolve(self, config):
            self.questions += 1
            if self.questions == asked:
                raise WorkerEndedError("three died of it")
            return bench.resolve(config)

    neighbours = Neighbours(Sweep(BASE, {"seed": "1-3"}), Dying())
    with pytest.raises(WorkerEndedError):
        neighbours.joined(0)
    assert len(neighbours.joined(1).beside) == 2


def test_prompts_of_a_sweep_are_made_again_from_their_own_files(bench):
    batch = bench.sweep(BASE, {"prompt": ["a red ball", "a blue hat"], "seed": "1-2"}, name="both")
    batch.run()
    assert placed(batch) == [Together(pictures=2, place=place) for place in (1, 2)] * 2
    bench.cache.clear()
    batch = bench.sweep(
        BASE.changed(draw_together=4), {"prompt": ["a red ball", "a hat"]}, name="two"
    )
    batch.run()
    assert placed(batch) == [Together(pictures=2, place=place) for place in (1, 2)]
    for sidecar, expected in zip(sidecars(batch), pixels(batch), strict=True):
        bench.cache.clear()
        assert bench.execute(sidecar.config, save=False).image.tobytes() == expected


@pytest.mark.parametrize("count", [2, 4])
def test_a_group_is_resolved_once(bench, monkeypatch, count):
    """As many times a row as pictures that are drawn alone, and once for how many there are."""
    asked = []
    resolve = Resolver._resolve

    def counted(resolver, config, listing):
        asked.append(config)
        return resolve(resolver, config, listing)

    monkeypatch.setattr(Resolver, "_resolve", counted)
    bench.sweep(BASE.changed(draw_together=count), {"seed": "11-14"}, name="once").run()
    of_groups, of_rows, of_pictures_drawn_with = 4, 4, 4 - 4 // count
    assert len(asked) == 1 + of_groups + of_rows + of_pictures_drawn_with


def test_few_groups_are_kept(bench):
    sweep = Sweep(BASE.changed(draw_together=2), {"seed": "1-80"})
    neighbours = Neighbours(sweep, bench)
    rows = [neighbours.joined(row).config for row in range(80)]
    assert neighbours.joined(79).config is rows[79]
    assert neighbours.joined(0).config == rows[0]
    assert neighbours.joined(0).config is not rows[0]


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


def test_the_others_show_previews_alone_while_one_is_made(bench):
    heard, previews = [], {}

    def hear(row, event):
        heard.append((row, event))
        if event.kind == "beside":
            assert (event.place, event.together) == (row + 1, 3)
        if event.kind in {"step", "beside"}:
            previews.setdefault((row, event.step), event.preview)

    batch = bench.sweep(BASE, {"seed": "1-3"}, name="seeds")
    run = batch.start(on_event=hear)
    assert run.wait(120)
    neighbours = Neighbours(batch.sweep, bench)
    for row in range(3):  # each row's is its own: that of its picture with copies beside it
        own = []
        forget = bench.executor.listen(lambda event, own=own: own.append(event.preview))
        bench.cache.clear()
        bench.execute(neighbours.joined(row).config, save=False)
        forget()
        first = next(one for one in own if one is not None)
        assert previews[row, 1].tobytes() == first.tobytes()
    steps = [
        (row, event.image, event.images, event.place, event.together)
        for row, event in heard
        if event.kind == "step"
    ]
    assert [one for one in steps if one[0] == 0] == [(0, 1, 1, 1, 1)] * BASE.steps
    assert not [one for one in steps if one[0] != 0]
    assert {row for row, event in heard if event.kind == "beside"} == {1, 2}


def test_a_picture_that_was_drawn_alone_is_not_made_again(bench):
    alone = bench.sweep(BASE, {"seed": [5]}, name="alone").run()
    batch = bench.sweep(BASE, {"seed": [4, 5, 6]}, name="seeds").run()
    assert pictures(batch)[1] == pictures(alone)[0]
    assert placed(batch)[1] is None


def test_a_request_keeps_its_neighbours_as_json(bench):
    sweep = Sweep(BASE, {"seed": "1-3"})
    joined = Neighbours(sweep, bench).joined(0)
    request = Request(joined.config, beside=joined.beside)
    assert len(joined.beside) == 2
    assert Request.from_json(request.as_json()) == request
    assert Request.from_json(Request(joined.config).as_json()).beside == ()


@pytest.mark.parametrize(
    "refused",
    [
        "(" * 7600 + "a red ball" + ")" * 7600,  # by the prompt's own stage
        "(" * 7600 + "a [red|blue] ball" + ")" * 7600,  # by stage 3, which encodes what changes
    ],
)
def test_a_prompt_that_is_refused_fails_its_own_row_alone(bench, refused):
    texts = ["a red ball", refused, "a blue hat"]
    batch = bench.sweep(BASE, {"prompt": texts}, name="prompts").run()
    assert [*batch.table["status"]] == ["done", "failed", "done"]
    assert "nested brackets" in batch.table["error"][1]
    config = bench.resolve(BASE.changed(prompt=texts[0]))
    config = config.model_copy(update={"together": Together(pictures=3, place=1)})
    bench.cache.clear()
    made = Image.open(bench.artifacts.folder / batch.table["path"][0])
    assert made.tobytes() == bench.execute(config, save=False).image.tobytes()
