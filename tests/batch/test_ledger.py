"""What becomes of rows is in the journal, whatever it is."""

import pytest

from medialab import PipelineConfig
from medialab.batch.cells import Outcome
from medialab.batch.journal import Journal
from medialab.batch.ledger import Ledger
from medialab.errors import BatchError, CancelledError, MediaLabError

BASE = PipelineConfig(prompt="a red ball", steps=2, width=64, height=64)


@pytest.fixture
def journal(tmp_path):
    journal = Journal(tmp_path / "outputs" / "batches" / "poster")
    journal.begin({})
    return journal


@pytest.fixture
def ledger(bench, journal):
    with journal.writing() as writer:
        yield Ledger(bench, lambda row: BASE.changed(seed=row), {}, {}, writer, lambda *_: None)


def test_a_begun_row_is_noted_with_the_time(ledger, journal):
    cell = ledger.begin(3)

    assert (cell.row, cell.config.seed, cell.is_again) == (3, 3, False)
    assert journal.states()[3]["state"] == "started"
    assert journal.states()[3]["at"]


def test_a_made_row_has_its_file_and_a_cancelled_one_waits_again(bench, ledger, journal):
    first, second = ledger.begin(1), ledger.begin(2)
    run = bench.execute(first.config)

    ledger.settle(Outcome(first, run.artifact))
    ledger.settle(Outcome(second, error=CancelledError("stop")))

    assert journal.states()[1]["state"] == "done"
    assert bench.artifacts.folder / journal.states()[1]["path"] == run.artifact.path
    assert journal.states()[2]["state"] == "waiting"
    assert isinstance(ledger.why_stopped, CancelledError)
    assert ledger.begin(5) is None


def test_a_row_that_was_asked_for_again_stays_so_when_it_is_cancelled(bench, journal):
    with journal.writing() as writer:
        noted = {0: {"state": "waiting", "again": True}}
        ledger = Ledger(bench, lambda row: BASE, noted, {}, writer, lambda *_: None)
        cell = ledger.begin(0)
        assert cell.is_again
        assert journal.states()[0]["again"]
        ledger.settle(Outcome(cell, error=CancelledError("stop")))
    assert journal.states()[0]["again"]


def test_an_error_that_is_not_ours_is_a_failed_row_too(ledger, journal):
    ledger.settle(Outcome(ledger.begin(0), error=RuntimeError("no kernel image\nfor this device")))

    assert journal.states()[0]["error"] == "RuntimeError: no kernel image"
    assert ledger.why_stopped is None


def test_a_picture_that_is_removed_as_soon_as_it_is_saved_is_a_failed_row(bench, ledger, journal):
    cell = ledger.begin(1)
    artifact = bench.execute(cell.config).artifact
    artifact.sidecar.unlink()
    ledger.settle(Outcome(cell, artifact))

    assert journal.states()[1]["state"] == "failed"
    assert artifact.sidecar.name in journal.states()[1]["error"]
    assert ledger.why_stopped is None


def test_a_picture_that_is_removed_when_it_was_just_found_is_made_again(
    bench, ledger, journal, monkeypatch
):
    cell = ledger.begin(1)
    artifact = bench.execute(cell.config).artifact
    found = Ledger._saved_since

    def removed(self, since, config):
        made = found(self, since, config)
        artifact.sidecar.unlink()
        return made

    monkeypatch.setattr(Ledger, "_saved_since", removed)
    ledger._noted = journal.states()
    assert ledger.begin(1) == cell


def test_three_alike_stop_and_a_success_between_them_does_not(bench, ledger):
    def fail(row, message):
        ledger.settle(Outcome(ledger.begin(row), error=MediaLabError(message)))

    fail(0, "out of disk")
    fail(1, "out of disk")
    made = ledger.begin(2)
    ledger.settle(Outcome(made, bench.execute(made.config).artifact))
    fail(3, "out of disk")
    fail(4, "another reason")
    fail(5, "out of disk")
    fail(6, "out of disk")
    assert ledger.why_stopped is None
    fail(7, "out of disk")

    assert isinstance(ledger.why_stopped, BatchError)
    assert "3 pictures in a row failed for the same reason: out of disk" in str(ledger.why_stopped)
