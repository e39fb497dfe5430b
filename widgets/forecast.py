"""What a batch will cost before it begins."""

from medialab import Workbench
from medialab.batch.batch import Batch
from medialab.batch.elsewhere import Elsewhere
from medialab.batch.order import same_pictures
from medialab.batch.plan import BatchPlan, Records, expected_seconds
from medialab.batch.sweep import Sweep
from widgets.batches import Batches


def forecast(bench: Workbench, batches: Batches, sweep: Sweep, name: str) -> tuple[BatchPlan, bool]:
    """Return what a sweep without faults will cost, and whether it goes on with a batch.

    Args:
        bench: has made the pictures by which time and disk are told.
        batches: those that there are.
        sweep: the sweep.
        name: the name under which it is made.

    Raises:
        BatchError: it cannot be a batch's name, or that batch has other settings.
    """
    if batches.exists(name):
        return Batch.begin(bench, sweep, name).plan, True  # writes nothing, since it is there
    same = same_pictures(sweep)
    found = Elsewhere(sweep, bench.resolve).find(bench.artifacts, ())
    saved = {same.get(row, row) for row in found}
    records = Records.of(bench.artifacts, sweep.base)
    left = len(sweep) - len(same) - len(saved)
    plan = BatchPlan(
        rows=len(sweep),
        same=len(same),
        made=0,
        seconds=expected_seconds(sweep, {*same, *saved}, records),
        nbytes=None if records.nbytes is None else records.nbytes * left,
        saved=len(saved),
    )
    return plan, False
