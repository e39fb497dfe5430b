"""A picture and its sidecar are written both or not at all, whoever else writes or dies."""

import errno
import os
import random
import signal
import subprocess
import sys
import threading
import time

import pytest
from PIL import Image

from medialab.artifacts import ArtifactManager, publishing, reservations
from medialab.errors import ArtifactError
from tests.artifacts.pictures import CHECKOUT, check_whole, config, files, image

SAVER = """
import sys
from PIL import Image
from medialab.artifacts import ArtifactManager
from medialab.config.resolved import ResolvedConfig

manager = ArtifactManager(sys.argv[1])
image = Image.effect_noise((256, 256), 64).convert("RGB")
print("ready", flush=True)
for seed in range(int(sys.argv[2])):
    config = ResolvedConfig(
        prompt="a red ball", width=256, height=256, seed=seed, checkpoint_sha256="0" * 64
    )
    manager.save(image, config, {"seconds": seed})
"""


def saver(outputs, count):
    """Another process that saves pictures, and has said that it is about to."""
    process = subprocess.Popen(
        [sys.executable, "-c", SAVER, str(outputs), str(count)],
        stdout=subprocess.PIPE,
        cwd=CHECKOUT,
    )
    assert process.stdout.readline() == b"ready\n"
    return process


@pytest.mark.parametrize("failing", ["write", "rename"])
@pytest.mark.parametrize("call", [1, 2])
@pytest.mark.parametrize(
    ("fault", "error", "message"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), ArtifactError, "the disk is full; free"),
        (
            PermissionError(errno.EACCES, "Permission denied"),
            ArtifactError,
            "may write to the folder",
        ),
        (KeyboardInterrupt(), KeyboardInterrupt, None),
    ],
)
def test_a_save_that_fails_half_way_leaves_nothing(
    manager, outputs, monkeypatch, failing, call, fault, error, message
):
    manager.save(image(), config(), {})
    before = files(outputs)
    calls = []
    real = getattr(publishing, failing)

    def fail_at_last(*arguments):
        calls.append(arguments)
        real(*arguments)
        if len(calls) == call:
            raise fault

    monkeypatch.setattr(publishing, failing, fail_at_last)
    with pytest.raises(error, match=message):
        manager.save(image(), config(), {})
    assert files(outputs) == before


@pytest.mark.thorough
def test_two_processes_saving_at_once_never_overwrite_each_other(outputs):
    processes = [saver(outputs, 25) for _ in range(2)]
    assert [process.wait(timeout=60) for process in processes] == [0, 0]
    for process in processes:
        process.stdout.close()
    numbers = [path.name.split("-")[0] for path in files(outputs, "*.png")]
    assert len(numbers) == len(set(numbers)) == check_whole(outputs) == 50


def test_a_number_that_another_took_after_the_folder_was_listed_is_not_taken_again(
    manager, outputs, monkeypatch
):
    real, others = reservations.claim, []

    def claim(path, flags=0):
        if not others:  # this save has listed the folder; another begins and ends before its claim
            others.append(None)
            others[0] = manager.save(image("blue"), config(), {})
        return real(path, flags)

    monkeypatch.setattr(reservations, "claim", claim)
    saved = manager.save(image("red"), config(), {})
    assert [path.name[:5] for path in (others[0].path, saved.path)] == ["00001", "00002"]
    with Image.open(others[0].path) as picture:
        assert picture.tobytes() == image("blue").tobytes()
    assert check_whole(outputs) == 2
    assert not files(outputs, ".*")  # no reservation is left


def test_threads_saving_at_once_never_overwrite_each_other(manager, outputs):
    threads = [
        threading.Thread(target=lambda: [manager.save(image(), config(), {}) for _ in range(10)])
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert check_whole(outputs) == 40


@pytest.mark.thorough
def test_a_writer_killed_at_any_moment_leaves_no_half_file(outputs):
    moments = random.Random(0)  # the moments differ each time anyway: the kernel's clock decides
    for killed in range(60):
        if killed >= 8 and files(outputs, "*.png"):  # a busy machine saves none in so short a time
            break
        process = saver(outputs, 10**6)
        time.sleep(moments.uniform(0.0, 0.15) * (1 + killed // 8))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        check_whole(outputs)  # before any sweep
    manager = ArtifactManager(outputs)
    left = [path for path in files(outputs) if path.suffix not in (".png", ".json")]
    assert left == []
    pictures = {path.with_suffix("") for path in files(outputs, "*.png")}
    assert pictures == {path.with_suffix("") for path in files(outputs, "*.json")}
    assert pictures
    found = manager.find(limit=10**6)
    assert len(found) == len(pictures)
    manager.rebuild_index()
    assert manager.find(limit=10**6) == found


@pytest.mark.thorough
@pytest.mark.parametrize("stop", range(1, 5))
def test_a_writer_killed_between_two_writes_is_swept(manager, outputs, stop):
    manager.save(image(), config(), {})
    kept = files(outputs)
    code = f"""
import os, signal, sys
from medialab.artifacts import publishing
from pathlib import Path
done = 0
def counted(real):
    def act(*arguments):
        global done
        real(*arguments)
        done += 1
        if done == {stop}:
            os.kill(os.getpid(), signal.SIGKILL)
    return act
publishing.write, publishing.rename = counted(publishing.write), counted(publishing.rename)
publishing.publish(Path(sys.argv[1]), "7-x", b"sidecar", b"picture")
"""
    arguments = [sys.executable, "-c", code, str(kept[0].parent)]
    assert subprocess.run(arguments, cwd=CHECKOUT, check=False).returncode == -signal.SIGKILL
    assert len(files(outputs)) > len(kept)
    ArtifactManager(outputs)
    finished = stop == 4  # both were renamed; only the reservation was left
    assert len(files(outputs)) == len(kept) + (2 if finished else 0)
    assert files(outputs, ".*") == []


def test_a_live_writers_files_are_not_swept(manager, outputs, monkeypatch):
    real = publishing.rename

    def rename_while_another_starts(source, target):
        ArtifactManager(outputs)
        real(source, target)
        ArtifactManager(outputs)

    monkeypatch.setattr(publishing, "rename", rename_while_another_starts)
    manager.save(image(), config(), {})
    assert check_whole(outputs) == 1


def test_another_users_dead_reservation_does_not_keep_the_studio_from_starting(
    manager, outputs, monkeypatch
):
    day = manager.save(image(), config(), {}).path.parent
    (day / ".00009.partial").touch()

    def refuse(*_):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    ArtifactManager(outputs)
    assert (day / ".00009.partial").exists()


def test_a_sidecar_whose_picture_a_person_moved_is_not_swept(manager, outputs):
    saved = manager.save(image(), config(), {})
    saved.path.unlink()
    ArtifactManager(outputs)
    assert saved.sidecar.exists()
    assert manager.save(image(), config(), {}).id.endswith("/00002")
