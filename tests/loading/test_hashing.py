"""All models are hashed in the background, once; what others need the machine for comes first."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from medialab import Workbench
from medialab.errors import CancelledError
from medialab.files import hashes
from medialab.files.hashes import HashCache, Stamp
from medialab.loading.hashing import HASH_VARIABLE, BackgroundHashing, HashingProgress
from medialab.loading.registry import ModelRegistry
from tests.tiny.headers import write_lora

ROOT = Path(__file__).resolve().parents[2]
LONG = 20  # seconds, of a test that would otherwise wait for ever


@pytest.fixture(autouse=True)
def settled(monkeypatch):
    """Files count as settled at once, so that a test need not wait for the clock."""
    monkeypatch.setattr(Stamp, "is_settled", lambda stamp: True)


@pytest.fixture
def root(tmp_path):
    return tmp_path / "models"


@pytest.fixture
def loras(root):
    return [write_lora(root / "loras" / f"{name}.safetensors", fill=at) for at, name in NAMES]


NAMES = list(enumerate(("ink", "pen", "wash"), 1))


@pytest.fixture
def registry(root, tmp_path):
    made = ModelRegistry(root, hash_cache=tmp_path / "hashes.sqlite")
    yield made
    made.hashing.close()


@pytest.fixture
def held(monkeypatch):
    """Reading waits after each piece: the event of its leave to go on, and that of its begin."""
    leave, begun = threading.Event(), threading.Event()
    real = hashes.read_digests

    def waiting(path, file, step):
        def stop(count):
            begun.set()
            assert leave.wait(LONG)
            step(count)

        return real(path, file, stop)

    monkeypatch.setattr(hashes, "read_digests", waiting)
    yield leave, begun
    leave.set()


def test_all_models_are_hashed_and_the_progress_says_so(registry, loras):
    job = registry.hashing.start()
    assert job.wait(LONG)
    total = sum(path.stat().st_size for path in loras)
    assert job.progress == HashingProgress(3, 3, total, total, "")
    assert (job.state, job.faults, job.error) == ("done", [], None)
    assert all(registry.hashes.known_digests(path).is_complete for path in loras)
    assert job.result() == job.progress
    assert repr(job).startswith("hashing is done: 3 of 3 files, ")


def test_what_is_hashed_is_never_read_again_not_even_after_a_restart(registry, loras, held):
    held[0].set()
    registry.hashing.start().wait(LONG)
    held[1].clear()
    again = ModelRegistry(registry.folder, hash_cache=registry.folder.parent / "hashes.sqlite")
    job = again.hashing.start()
    assert job.wait(LONG)
    assert (job.state, job.progress.files_done) == ("done", 3)
    assert not held[1].is_set()


def test_a_cancelled_job_ends_at_once_and_the_next_one_goes_on(registry, loras, held):
    leave, begun = held
    first = registry.hashing.start()
    assert begun.wait(LONG)
    assert first.progress.current
    first.cancel()
    leave.set()
    assert first.wait(LONG)
    assert (first.state, first.progress.current) == ("cancelled", "")
    with pytest.raises(CancelledError, match="what is hashed stays known"):
        first.result()
    assert first.progress.files_done < first.progress.files_total
    second = registry.hashing.start()
    assert second is not first
    assert second.wait(LONG)
    assert (second.state, second.progress.files_done) == ("done", 3)


def test_a_running_job_is_not_started_twice(registry, loras, held):
    first = registry.hashing.start()
    assert registry.hashing.start() is first is registry.hashing.job
    with pytest.raises(TimeoutError, match="it goes on"):
        first.result(0)
    held[0].set()
    first.wait(LONG)


def test_after_a_kill_in_the_middle_of_a_file_the_next_process_goes_on(registry, loras):
    code = f"""
import os, sys
from pathlib import Path
from medialab.errors import CancelledError
from medialab.files import hashes
from medialab.loading.registry import ModelRegistry
hashes.Stamp.is_settled = lambda stamp: True
hashes.WRITE_SECONDS = 0
real, files = hashes.read_digests, []
def killed(path, file, step):
    files.append(path)
    return real(path, file, lambda count: os._exit(9) if len(files) == 3 else step(count))
hashes.read_digests = killed
models = Path({str(registry.folder)!r})
ModelRegistry(models, hash_cache=models.parent / "hashes.sqlite").hashing.start().wait()
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False)
    assert done.returncode == 9
    registry.hashes.recall()
    known = [registry.hashes.known_digests(path) for path in loras]
    assert [one for one in known if one is None] == [None]
    job = registry.hashing.start()
    assert job.wait(LONG)
    assert (job.state, job.progress.files_done, job.faults) == ("done", 3, [])


@pytest.mark.skipif(sys.platform != "linux", reason="threads have no priority of their own there")
def test_it_has_the_lowest_priority_and_nobody_else_has():
    def priority():
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    before, seen = priority(), []
    job = BackgroundHashing(HashCache(), lambda: seen.append(priority()) or (), bool).start()
    assert job.wait(LONG)
    assert (seen, priority()) == ([19], before)


def test_it_waits_while_a_stage_computes(registry, loras):
    paused, reports = threading.Event(), []

    def heard(job):
        reports.append(job.state)
        if job.state == "paused":
            paused.set()

    with registry.lent():
        job = registry.hashing.start()
        job.listen(heard)
        assert job.state == "paused" or paused.wait(LONG)
        assert job.progress.files_done == 0
        assert job.progress.current == ""
    assert job.wait(LONG)
    assert (job.state, reports[-1]) == ("done", "done")


def test_it_waits_while_someone_waits_for_a_hash(registry, loras):
    paused = threading.Event()
    with registry.hashes._awaited():
        job = registry.hashing.start()
        job.listen(lambda job: job.state == "paused" and paused.set())
        assert job.state == "paused" or paused.wait(LONG)
        assert job.progress.files_done == 0
    assert job.wait(LONG)
    assert job.state == "done"


def test_a_cancelled_job_that_waits_ends_too(registry, loras):
    with registry.lent():
        job = registry.hashing.start()
        job.cancel()
        assert job.wait(LONG)
    assert job.state == "cancelled"


def test_a_file_that_cannot_be_hashed_is_named_and_the_others_are_hashed(registry, loras, held):
    leave, begun = held
    job = registry.hashing.start()
    assert begun.wait(LONG)
    gone = next(path for path in loras if path.stem != job.progress.current)
    gone.unlink()
    leave.set()
    assert job.wait(LONG)
    assert (job.state, job.faults) == ("done", [(gone, "it is gone")])
    assert (job.progress.files_done, job.progress.bytes_done) == (3, job.progress.bytes_total)


def test_a_file_that_changes_while_it_is_read_is_named(registry, root, held):
    leave, begun = held
    path = write_lora(root / "loras" / "ink.safetensors")
    job = registry.hashing.start()
    assert begun.wait(LONG)
    write_lora(path, fill=2)
    os.utime(path, (1, 1))
    leave.set()
    assert job.wait(LONG)
    assert [(one.path, one.reason) for one in job.faults] == [
        (path, "it was changed while it was read")
    ]
    assert job.progress.bytes_done == job.progress.bytes_total


def test_a_file_that_may_not_be_read_is_named(registry, loras, monkeypatch):
    real = hashes.open_regular

    def refusing(path):
        if path == loras[0]:
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(hashes, "open_regular", refusing)
    job = registry.hashing.start()
    assert job.wait(LONG)
    assert job.faults == [(loras[0], "Permission denied")]
    assert job.progress.files_done == 3


def test_links_to_one_file_are_read_once_and_links_out_never(registry, loras, tmp_path):
    os.link(loras[0], loras[0].with_name("hard.safetensors"))
    loras[0].with_name("soft.safetensors").symlink_to(loras[0].name)
    secret = tmp_path / "secret.safetensors"
    secret.write_bytes(b"secret")
    loras[0].with_name("out.safetensors").symlink_to(secret)
    loras[0].with_name("circle.safetensors").symlink_to("circle.safetensors")
    job = registry.hashing.start()
    assert job.wait(LONG)
    assert (job.progress.files_total, job.faults) == (3, [])
    assert registry.hashes.known_digests(secret) is None


def test_a_pickle_is_hashed_but_never_opened_as_one(registry, root):
    pickle = root / "loras" / "old.pt"
    pickle.parent.mkdir(parents=True)
    pickle.write_bytes(b"cos\nsystem\n(S'exit'\ntR.")
    assert registry.hashing.start().wait(LONG)
    assert registry.hashes.known_digests(pickle).tensors == ""


def test_a_huge_file_of_holes_can_be_cancelled_and_counts_with_its_size(registry, root, held):
    leave, begun = held
    path = root / "checkpoints" / "holes.safetensors"
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        file.truncate(20 * 2**30)
    job = registry.hashing.start()
    assert begun.wait(LONG)
    assert job.progress.bytes_total == 20 * 2**30
    job.cancel()
    leave.set()
    assert job.wait(LONG)
    assert job.progress.bytes_done < 2**24


def test_a_listing_that_fails_ends_the_job_with_the_reason():
    def fails():
        raise OSError(5, "Input/output error")

    job = BackgroundHashing(HashCache(), fails, lambda: False).start()
    assert job.wait(LONG)
    assert (job.state, job.error.strerror) == ("failed", "Input/output error")
    with pytest.raises(OSError, match="Input/output"):
        job.result()


def test_a_listener_hears_of_the_end_before_whoever_waits_and_not_once_it_has_left(
    registry, loras, held
):
    heard, others = [], []
    job = registry.hashing.start()
    stop = job.listen(others.append)
    job.listen(lambda job: heard.append((job.state, job.progress.files_done)))
    stop()
    held[0].set()
    assert job.wait(LONG)
    assert (heard[-1], others) == (("done", 3), [])


@pytest.mark.parametrize(("chosen", "starts"), [("1", True), ("0", False), ("", False)])
def test_a_workbench_hashes_unasked_only_if_the_environment_says_so(
    root, loras, tmp_path, monkeypatch, chosen, starts
):
    monkeypatch.setenv(HASH_VARIABLE, chosen)
    with Workbench(root, tmp_path / "outputs", device="cpu") as bench:
        assert (bench.registry.hashing.job is not None) == starts


def test_closing_a_workbench_ends_its_job(root, loras, tmp_path, held):
    bench = Workbench(root, tmp_path / "outputs", device="cpu")
    job = bench.hash_models()
    held[1].wait(LONG)
    held[0].set()
    bench.close()
    assert job.state in {"cancelled", "done"}
    assert not [one for one in threading.enumerate() if one.name == "medialab-hashes"]
