"""What a batch will cost is told before it begins, and for one that goes on."""

import pytest

from medialab import PipelineConfig
from medialab.batch.sweep import Sweep
from medialab.errors import BatchError
from widgets.batch_marks import BatchActs
from widgets.batches import Batches
from widgets.canvas import Canvas
from widgets.forecast import forecast
from widgets.queue_rows import QueueRows

BASE = PipelineConfig(prompt="a doll", steps=1, width=64, height=64, seed=3)


@pytest.fixture
def batches(bench):
    canvas = Canvas()
    queue = QueueRows(bench, canvas.foot, print, print, print)
    return Batches(bench, canvas, queue, BatchActs(), lambda error, trace: pytest.fail(trace))


def test_a_new_batch_is_counted_and_timed_by_pictures_of_this_machine(bench, batches):
    sweep = Sweep(BASE, {"seed": [1, 2, 1]})
    plan, is_there = forecast(bench, batches, sweep, "new")
    assert (plan.rows, plan.same, plan.left, is_there) == (3, 1, 2, False)
    assert (plan.seconds, plan.nbytes) == (None, None)
    size = bench.execute(BASE).artifact.path.stat().st_size
    plan, _ = forecast(bench, batches, sweep, "new")
    assert plan.seconds > 0
    assert plan.nbytes == 2 * size
    assert bench.batches() == []


def test_a_batch_that_is_there_counts_what_is_made_and_other_settings_are_refused(bench, batches):
    sweep = Sweep(BASE, {"seed": [1, 2]})
    bench.sweep(BASE, {"seed": [1, 2]}, name="there").run()
    plan, is_there = forecast(bench, batches, sweep, "there")
    assert (plan.made, plan.left, is_there) == (2, 0, True)
    with pytest.raises(BatchError, match="other settings"):
        forecast(bench, batches, Sweep(BASE, {"seed": [1]}), "there")
