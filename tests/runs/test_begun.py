"""Pictures that were drawn with an earlier one go on from there, also where none may be cached."""

import pytest

from medialab import PipelineConfig
from medialab.config.pipeline import MOST_TOGETHER
from tests.tiny.small_memory import one_row_at_a_time

BASE = PipelineConfig(prompt="a red ball", steps=2, width=64, height=64, seed=1, draw_together=3)


@pytest.fixture
def calls(bench, monkeypatch):
    """The rows of each call of a denoiser that has memory for a single one."""
    return one_row_at_a_time(bench, monkeypatch)


def requests(bench, count=3):
    """A request for each of some seeds, as a sweep makes them: with the others beside it."""
    singles = bench.resolve(BASE.changed(batch_size=count, draw_together=count)).singles()
    return [(one, [other for other in singles if other is not one]) for one in singles]


def make(bench, row, **options):
    config, beside = row
    return bench.submit(config, beside=tuple(beside), save=False, **options).result(60)


def drawn(run):
    return next(one for one in run.records[0]["stages"] if one["name"] == "txt2img")


def waiting(bench):
    return len(bench._maker._ahead._others)


def test_where_memory_runs_out_a_sweep_computes_no_more_than_a_batch(bench, calls):
    batch = bench.execute(BASE.changed(batch_size=3), save=False)
    expected = len(calls)
    calls.clear()
    bench.cache.clear()
    runs = [make(bench, row) for row in requests(bench)]
    assert len(calls) == expected
    assert [run.image.tobytes() for run in runs] == [image.tobytes() for image in batch.images]
    told = [drawn(run)["applied"] for run in runs]
    assert [one["together"]["place"] for one in told] == [1, 2, 3]
    assert all(one["retries"] for one in told)
    assert waiting(bench) == 0


def test_pictures_that_wait_are_those_that_the_cache_does_not_have(bench):
    rows = requests(bench)
    assert not drawn(make(bench, rows[0]))["cached"]
    assert waiting(bench) == 0
    assert drawn(make(bench, rows[1]))["cached"]


@pytest.mark.thorough
def test_another_request_or_one_that_is_made_anew_finds_none_waiting(bench, calls):
    rows = requests(bench)
    make(bench, rows[0])
    assert waiting(bench) == 2
    calls.clear()
    make(bench, rows[1], anew_from="txt2img")
    assert calls
    make(bench, rows[1])
    bench.execute(BASE, save=False)
    assert waiting(bench) == 0


@pytest.mark.thorough
def test_a_picture_that_waits_does_so_while_another_of_its_group_is_drawn_once_more(bench, calls):
    rows = requests(bench)
    first = make(bench, rows[0])
    again = make(bench, rows[0])
    assert again.image.tobytes() == first.image.tobytes()
    calls.clear()
    make(bench, rows[1])
    make(bench, rows[2])
    assert calls == []


@pytest.mark.thorough
def test_no_more_wait_than_are_drawn_at_once(bench, calls):
    for seed in (1, 100):
        first = requests(bench, MOST_TOGETHER)[0]
        row = [one.model_copy(update={"seed": one.seed + seed}) for one in (first[0], *first[1])]
        make(bench, (row[0], row[1:]))
    assert waiting(bench) == MOST_TOGETHER
