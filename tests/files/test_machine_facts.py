"""Facts of a machine are measured once; a damaged file costs one more measurement, never a run."""

import json
import multiprocessing
import time

import pytest

from medialab.files.machine_facts import MachineFacts


def refuse():
    raise AssertionError("measured again")


def test_a_fact_is_measured_once_and_outlives_the_process(tmp_path):
    file = tmp_path / "new" / "machine.json"
    assert MachineFacts(file).known("gain") is None
    assert MachineFacts(file).measured("gain", lambda: 2) == 2.0
    assert MachineFacts(file).measured("gain", refuse) == 2.0
    assert MachineFacts(file).measured("another", lambda: 0.5) == 0.5
    assert json.loads(file.read_text()) == {"gain": 2.0, "another": 0.5}
    assert {one.name for one in file.parent.iterdir()} == {"machine.json", ".machine.lock"}


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b'{"gain": 2.', b"[1]", b"\xff", b"[" * 100_000),
        *(b'{"gain": true}', b'{"gain": NaN}', b'{"gain": "2"}', b'{"gain": 1e999}'),
        b'{"gain": -2}',
        b'{"gain": ' + b"9" * 400 + b"}",
    ],
)
def test_a_torn_file_is_measured_again_and_mended(tmp_path, content):
    file = tmp_path / "machine.json"
    file.write_bytes(content)
    assert MachineFacts(file).measured("gain", lambda: 3.0) == 3.0
    assert MachineFacts(file).measured("gain", refuse) == 3.0


def test_a_folder_that_cannot_be_written_stops_no_run(tmp_path):
    (tmp_path / "file").write_text("in the way")
    facts = MachineFacts(tmp_path / "file" / "machine.json")
    assert facts.measured("gain", lambda: 2.0) == 2.0
    assert facts.measured("gain", refuse) == 2.0  # in memory


def test_a_failed_measurement_keeps_nothing(tmp_path):
    facts = MachineFacts(tmp_path / "machine.json")
    with pytest.raises(AssertionError):
        facts.measured("gain", refuse)
    assert facts.known("gain") is None
    assert not (tmp_path / "machine.json").exists()


def _measure_many(file, which):
    for number in range(50):
        MachineFacts(file).measured(f"{which}{number}", lambda number=number: float(number))


def test_processes_that_write_at_once_leave_a_whole_file(tmp_path):
    file = tmp_path / "machine.json"
    spawning = multiprocessing.get_context("spawn")
    started = [spawning.Process(target=_measure_many, args=(file, which)) for which in "ab"]
    for one in started:
        one.start()
    for one in started:
        one.join(60)
    assert [one.exitcode for one in started] == [0, 0]
    found = json.loads(file.read_text())
    assert all(value == float(name[1:]) for name, value in found.items())
    assert {"a49", "b49"} & set(found)


def _measure_slowly(file, value, found):
    def measure():
        time.sleep(0.5)
        return float(value)

    found.put(MachineFacts(file).measured("gain", measure))


def test_processes_that_measure_at_once_agree(tmp_path):
    spawning = multiprocessing.get_context("spawn")
    found = spawning.Queue()
    started = [
        spawning.Process(target=_measure_slowly, args=(tmp_path / "machine.json", value, found))
        for value in (1, 2, 3)
    ]
    for one in started:
        one.start()
    facts = {found.get(timeout=60) for _ in started}
    for one in started:
        one.join(60)
    assert facts == {MachineFacts(tmp_path / "machine.json").known("gain")}
