"""The journal of a batch: nothing that was noted is lost, whatever happens to the process."""

import errno
import json
import os
import signal
import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialab.batch.journal import VERSION, Journal, check_name
from medialab.errors import BatchError

REQUEST = {
    "base": {"prompt": "a red car", "steps": 20},
    "axes": [{"name": "seed", "points": [{"seed": 1}, {"seed": 2}]}],
    "created": "2026-11-28T22:00:00+00:00",
    "versions": {"torch": "2.9"},
    "drawn_seed": 12,
}
# Notes one row after another for ever; says each number once it is on the disk.
WRITER = """
import sys
from pathlib import Path
from medialab.batch.journal import Journal

with Journal(Path(sys.argv[1])).writing() as journal:
    row = int(sys.argv[2])
    while True:
        journal.note(row, "done", path="é" * (row % 300))
        print(row, flush=True)
        row += 1
"""

# Begins a batch for each line that it reads, as another does at the same moment; says its seed.
BEGINNER = """
import json, sys
from pathlib import Path
from medialab.batch.journal import Journal
from medialab.errors import BatchError

print("ready", flush=True)
for line in sys.stdin:
    folder, seed = line.split()
    request = {"base": {"prompt": "x" * 100_000}, "drawn_seed": int(seed)}
    try:
        begun = Journal(Path(folder)).begin(request)["drawn_seed"]
    except BatchError as error:
        begun = str(error)
    print(begun, flush=True)
"""


@pytest.fixture
def journal(tmp_path):
    found = Journal(tmp_path / "poster")
    found.begin(REQUEST)
    return found


@pytest.mark.parametrize("name", ["con", "NUL", "nul.txt", "Com1", "lpt9.a.b", "aux"])
@pytest.mark.every_row
def test_a_name_that_windows_keeps_is_refused_everywhere(name):
    with pytest.raises(BatchError, match="Windows keeps"):
        check_name(name)


@pytest.mark.parametrize("name", [7, None, False, ["a"]])
@pytest.mark.every_row
def test_a_name_that_is_no_text_is_refused(name):
    with pytest.raises(BatchError, match="cannot be named"):
        check_name(name)


@pytest.mark.parametrize(
    "name", ["console", "com", "lpt10", "poster", "2026-11 night_palette.v2", "a" * 100]
)
def test_a_name_is_any_safe_folder_name(name):
    assert check_name(name) == name


@pytest.mark.parametrize(
    "name", ["", "..", ".hidden", "a/b", "a\\b", "a" * 101, "é", "a.", "a ", "-x", "a\n", "a\0"]
)
@pytest.mark.every_row
def test_a_name_that_leads_anywhere_else_is_refused(name):
    with pytest.raises(BatchError, match="cannot be named"):
        check_name(name)


def test_a_request_is_written_once_and_found_again(journal):
    again = Journal(journal.folder).begin(REQUEST | {"created": "later", "drawn_seed": 99})

    assert again["drawn_seed"] == 12
    assert again == Journal(journal.folder).request() == {"version": VERSION, **REQUEST}


def test_another_request_under_the_same_name_is_refused_with_the_difference(journal):
    changed = REQUEST | {"base": {"prompt": "a red car", "steps": 30}}

    with pytest.raises(BatchError, match=r"'poster'.*base\.steps: 20, now 30.*another name"):
        journal.begin(changed)
    assert journal.request()["base"]["steps"] == 20


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"version": 99}', b"\xff", b"[" * 99_999])
def test_a_request_that_is_none_is_refused(journal, content):
    journal.request_file.write_bytes(content)

    with pytest.raises(BatchError, match="'poster'"):
        journal.request()


def test_the_last_line_of_a_row_counts(journal):
    with journal.writing() as writer:
        writer.note(0, "started")
        writer.note(1, "failed", error="no such model")
        writer.note(0, "done", path="2026-11-28/00001-7-a-car.png")

    assert journal.states() == {
        0: {"row": 0, "state": "done", "path": "2026-11-28/00001-7-a-car.png"},
        1: {"row": 1, "state": "failed", "error": "no such model"},
    }


def test_without_a_journal_nothing_is_made_yet(journal):
    assert journal.states() == {}


@given(cut=st.integers(min_value=0))
def test_a_torn_last_line_is_no_line_and_the_next_is_whole(tmp_path_factory, cut):
    journal = Journal(tmp_path_factory.mktemp("batches") / "poster")
    journal.begin(REQUEST)
    with journal.writing() as writer:
        writer.note(0, "done")
        first = journal.file.stat().st_size
        writer.note(1, "done", path="x" * 40)
    end = journal.file.stat().st_size
    os.truncate(journal.file, first + cut % (end - first))

    assert [*journal.states()] == [0]
    with journal.writing() as writer:
        writer.note(2, "done")
    assert [*journal.states()] == [0, 2]


@pytest.mark.parametrize("line", [b"{}", b'{"row": "1", "state": "done"}', b"not json", b"7", b""])
@pytest.mark.every_row
def test_a_line_of_something_else_is_named(journal, line):
    journal.file.write_bytes(b'{"row": 0, "state": "done"}\n' + line + b"\n")

    with pytest.raises(BatchError, match=r"line 2 of journal\.jsonl"):
        journal.states()


@pytest.mark.parametrize(
    "line",
    [
        {"row": 6, "state": "done"},
        {"row": -1, "state": "done"},
        {"row": True, "state": "done"},
        {"row": 1, "state": "done", "path": "../../secret.png"},
        {"row": 1, "state": "done", "path": "/etc/passwd"},
        {"row": 1, "state": "done", "path": "C:\\x.png"},
        {"row": 1, "state": "done", "path": 7},
    ],
)
@pytest.mark.every_row
def test_a_line_of_another_batch_or_that_leads_elsewhere_is_named(journal, line):
    journal.rows = 6
    journal.file.write_text('{"row": 0, "state": "done"}\n' + json.dumps(line) + "\n")

    with pytest.raises(BatchError, match=r"line 2 of journal\.jsonl"):
        journal.states()


def test_two_processes_never_append_at_once(journal):
    with (
        journal.writing(),
        pytest.raises(BatchError, match="by another process"),
        Journal(journal.folder).writing(),
    ):
        pass


def test_of_two_processes_that_begin_a_batch_at_once_both_have_the_request_of_one(tmp_path):
    command = [sys.executable, "-c", BEGINNER]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as one, subprocess.Popen(command, **pipes) as other:
        both = (one, other)
        assert [process.stdout.readline() for process in both] == ["ready\n"] * 2
        for number in range(60):
            folder = tmp_path / f"b{number}"
            for seed, process in enumerate(both, 1):
                process.stdin.write(f"{folder} {seed}\n")
                process.stdin.flush()
            begun = [process.stdout.readline().strip() for process in both]
            assert begun == [str(Journal(folder).request()["drawn_seed"])] * 2
            assert [one.name for one in folder.iterdir()] == ["request.json"]
        for process in both:
            process.stdin.close()


def test_where_a_disk_has_no_hard_links_a_batch_is_begun_all_the_same(tmp_path, monkeypatch):
    def refused(*_):
        raise PermissionError(errno.EPERM, "no hard links here")

    monkeypatch.setattr(os, "link", refused)
    folder = tmp_path / "poster"
    assert Journal(folder).begin(REQUEST)["drawn_seed"] == 12
    assert Journal(folder).begin(REQUEST | {"drawn_seed": 99})["drawn_seed"] == 12
    assert [one.name for one in folder.iterdir()] == ["request.json"]


def test_an_error_in_the_block_passes_as_it_is(journal):
    with pytest.raises(FileNotFoundError, match="a picture's own"), journal.writing():
        raise FileNotFoundError("a picture's own")


def test_a_full_disk_is_said_and_what_was_noted_stays(journal):
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    with journal.writing() as writer:
        writer.note(0, "done")
        whole = journal.file.stat().st_size
        resource.setrlimit(resource.RLIMIT_FSIZE, (whole + 10, before[1]))
        try:
            with pytest.raises(
                BatchError, match=r"cannot be written.*nothing that is made is lost"
            ):
                writer.note(1, "done")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

        assert journal.file.stat().st_size == whole
        writer.note(2, "done")
    assert [*journal.states()] == [0, 2]


def test_what_was_noted_survives_kill_9(journal):
    noted = -1
    for pause in (0.0, 0.01, 0.03):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(journal.folder), str(noted + 1)],
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(pause)
            process.send_signal(signal.SIGKILL)
            said = [int(line) for line in process.stdout if line.endswith("\n")]
        noted = max([noted + 1, *said])

        rows = [*journal.states()]
        # One more may have reached the disk before it was said.
        assert rows[: noted + 1] == [*range(noted + 1)]
        assert len(rows) <= noted + 2
        noted = rows[-1]
    lines = journal.file.read_text(encoding="utf-8").splitlines()
    assert all(json.loads(line)["state"] == "done" for line in lines)
