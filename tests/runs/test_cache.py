"""The stage cache: found by content, bounded, safe against broken files, able to explain."""

import os
import pickle
import signal
import subprocess
import sys
import threading
import time

import pytest

from medialab.runs.cache import StageCache
from tests.runs.keys import key, numbered


@pytest.fixture
def cache(tmp_path):
    return StageCache(tmp_path / "cache")


def test_what_was_put_is_got_from_memory_and_after_a_restart(cache):
    assert cache.get(key()) is None
    cache.put(key(), b"a picture")
    assert cache.get(key()) == b"a picture"
    assert StageCache(cache.folder).get(key()) == b"a picture"


def test_a_miss_is_explained_by_the_nearest_result(cache):
    cache.put(key(), b"1")
    cache.put(key(settings={"strength": 0.9, "prompt": "two faces"}), b"2")
    again = StageCache(cache.folder)
    assert again.explain(key()).hit
    told = again.explain(key(settings={"strength": 0.6, "prompt": "a face"}))
    assert (told.hit, told.reason) == (False, "strength: 0.4 → 0.6")
    assert again.explain(key(models={"checkpoint": "ff"})).reason == "checkpoint is another file"
    assert again.explain(key(environment={"torch": "3"})).reason == "torch 2.13 → 3"
    assert again.explain(key(before="d" * 64)).reason == "a stage before it changed"
    assert again.explain(key(version=2)).reason == "the stage itself is newer"
    unlike = again.explain(key(stage="hand"))
    assert (unlike.hit, unlike.reason) == (False, "never made before")


def test_a_session_of_large_pictures_fits_into_the_memory_and_days_of_them_into_the_folder(
    tmp_path,
):
    cache, picture = StageCache(tmp_path), 2048 * 2048 * 3
    assert 40 < cache.memory_bytes / picture < 100
    assert 300 < cache.disk_bytes / picture < 1000


def test_memory_is_bounded_and_the_longest_unused_leaves_first():
    cache = StageCache(None, memory_bytes=30)
    for number in range(3):
        cache.put(numbered(number), b"x" * 10)
    cache.get(numbered(0))
    cache.put(numbered(3), b"x" * 10)
    held = [number for number in range(4) if cache.get(numbered(number))]
    assert held == [0, 2, 3]
    cache.put(numbered(4), b"x" * 31)  # too large to be kept: nothing goes for it
    assert [number for number in range(5) if cache.holds(numbered(number))] == [0, 2, 3]
    cache.memory_bytes = 10
    assert [number for number in range(4) if cache.holds(numbered(number))] == [3]


def test_the_folder_is_bounded_and_the_longest_unused_leaves_first(tmp_path):
    cache = StageCache(tmp_path, memory_bytes=0, disk_bytes=20_000)
    for number in range(12):
        cache.put(numbered(number), bytes(3000))
        time.sleep(0.01)
        cache.get(numbered(0))
    held = [number for number in range(12) if cache.get(numbered(number))]
    assert 0 in held
    assert 11 in held
    assert 1 not in held
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 20_000


def test_several_that_write_into_one_folder_keep_to_its_limit_together(tmp_path):
    several = [StageCache(tmp_path, memory_bytes=0, disk_bytes=20_000) for _ in range(3)]
    for number in range(36):
        several[number % 3].put(numbered(number), bytes(1000))
    assert several[0].holds(numbered(35))
    # Each may have written a sixteenth of it, and one more result, since it counted.
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 20_000 + 3 * 2500


def test_a_broken_file_is_a_miss_and_is_removed(cache):
    cache.put(key(), b"a picture")
    (path,) = cache.folder.iterdir()
    for content in (b"", path.read_bytes()[:-3], path.read_bytes()[:-1] + b"X"):
        path.write_bytes(content)
        assert StageCache(cache.folder).get(key()) is None
        assert not path.exists()


BROKEN = "a result in the stage cache was broken and was removed; it is computed again"


@pytest.mark.parametrize("kind", ["pipe", "link", "loop", "folder", "device link"])
def test_what_is_no_file_in_an_entrys_place_is_a_miss_and_is_told_once(cache, tmp_path, kind):
    cache.put(key(), b"a picture")
    (path,) = cache.folder.iterdir()
    elsewhere = tmp_path / "elsewhere"
    path.rename(elsewhere)
    make = {
        "pipe": lambda: os.mkfifo(path),
        "link": lambda: path.symlink_to(elsewhere),
        "loop": lambda: path.symlink_to(path.name),
        "folder": path.mkdir,
        "device link": lambda: path.symlink_to("/dev/zero"),
    }
    make[kind]()
    again = StageCache(cache.folder)
    assert not again.holds(key())
    assert again.explain(key(before="f" * 64)).reason == "never made before"
    assert again.get(key()) is None
    assert again.take_news() == [BROKEN]
    assert again.take_news() == []
    assert elsewhere.exists()
    again.put(key(), b"a picture")
    if kind != "folder":
        assert StageCache(cache.folder).get(key()) == b"a picture"
    again.clear()


def test_a_value_that_cannot_be_decoded_is_a_miss_and_is_removed(cache):
    def decode(value):
        raise ValueError(value)

    cache.put(key(), b"garbage with the right checksum")
    for one in (cache, StageCache(cache.folder)):
        assert one.read(key(), decode) is None
        assert one.get(key()) is None
        one.put(key(), b"garbage again")
    cache.put(key(), b"a picture")
    assert cache.read(key(), bytes.decode) == "a picture"


def test_a_label_of_another_shape_explains_nothing(cache):
    cache.put(key(), b"a picture")
    (path,) = cache.folder.iterdir()
    for label in (b"[]", b"3", b'{"settings": []}', b"[" * 5000, b"\xff", b'{"settings": {}}'):
        path.write_bytes(len(label).to_bytes(8, "little") + label)
        again = StageCache(cache.folder)
        assert again.explain(key(before="f" * 64)).reason == "never made before"


def test_links_that_lead_nowhere_do_not_stop_the_folder_from_being_bounded(tmp_path):
    cache = StageCache(tmp_path, memory_bytes=0, disk_bytes=20_000)
    (tmp_path / "face-gone.stage").symlink_to(tmp_path / "nowhere")
    for number in range(9):
        cache.put(numbered(number), bytes(3000))
    assert cache.trouble is None
    assert sum(path.lstat().st_size for path in tmp_path.iterdir()) <= 20_000


def test_a_pickle_in_a_results_place_is_never_opened_as_one(cache, tmp_path):
    class Bomb:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "boom"),)

    cache.put(key(), b"a picture")
    (path,) = cache.folder.iterdir()
    path.write_bytes(pickle.dumps(Bomb()))
    again = StageCache(cache.folder)
    again.explain(key(before="e" * 64))
    assert again.get(key()) is None
    assert not (tmp_path / "boom").exists()


def test_a_folder_that_cannot_be_written_leaves_the_memory_working(tmp_path):
    (tmp_path / "file").write_text("no folder")
    cache = StageCache(tmp_path / "file" / "cache")
    cache.put(key(), b"a picture")
    assert cache.get(key()) == b"a picture"
    assert "results are cached in memory" in cache.trouble
    cache.put(key(version=2), b"another")
    assert cache.take_news() == [cache.trouble]  # once
    assert cache.take_news() == []


def test_what_a_killed_writer_leaves_is_never_taken_for_a_result(cache):
    code = (
        "import sys, os; from pathlib import Path; sys.path.insert(0, sys.argv[2]);"
        "from tests.runs.keys import numbered; from medialab.runs.cache import StageCache;"
        "cache = StageCache(Path(sys.argv[1])); print('go', flush=True)\n"
        "for n in range(10**6): cache.put(numbered(n % 50), bytes([n % 50]) * 200_000)"
    )
    root = str(__file__).rsplit("/tests/", 1)[0]
    with subprocess.Popen(
        [sys.executable, "-c", code, str(cache.folder), root], stdout=subprocess.PIPE, cwd=root
    ) as writer:
        writer.stdout.readline()
        time.sleep(0.3)
        writer.send_signal(signal.SIGKILL)
    found = [value for n in range(50) if (value := cache.get(numbered(n))) is not None]
    assert found
    assert all(len(value) == 200_000 and len(set(value)) == 1 for value in found)


def test_what_a_killed_writer_left_an_hour_ago_is_swept_and_a_live_writers_file_stays(cache):
    cache.folder.mkdir()
    dead, live, own = (cache.folder / name for name in (".a.partial", ".b.partial", "c.partial"))
    for path in (dead, live, own):
        path.write_bytes(b"half a picture")
    for path in (dead, own):
        os.utime(path, (time.time() - 3700,) * 2)
    os.utime(live, (time.time() - 3500,) * 2)
    cache.put(key(), b"a picture")
    assert [path.exists() for path in (dead, live, own)] == [False, True, True]


@pytest.mark.parametrize("memory_bytes", [0, 10_000], ids=["from the disk", "from memory"])
def test_a_result_that_was_used_outlives_an_unused_one_over_a_restart(tmp_path, memory_bytes):
    cache = StageCache(tmp_path, memory_bytes=memory_bytes)
    for number in range(3):
        cache.put(numbered(number), bytes(1000))
    for hours, path in enumerate(sorted(tmp_path.iterdir()), start=1):
        os.utime(path, (time.time() - 3600 * hours,) * 2)
    # The one that was written, as the disk tells, longest ago.
    oldest = min(range(3), key=lambda number: _path_of(tmp_path, numbered(number)).stat().st_mtime)
    assert cache.get(numbered(oldest))
    again = StageCache(tmp_path, memory_bytes=0, disk_bytes=3000)
    again.put(numbered(3), bytes(1000))
    held = {number for number in range(4) if again.holds(numbered(number))}
    assert held == {oldest, 3}


def _path_of(folder, key):
    (path,) = folder.glob(f"*{key.digest}*")
    return path


def test_a_label_longer_than_any_is_not_read(cache, monkeypatch):
    cache.put(key(), b"a picture")
    monkeypatch.setattr("medialab.runs.cache._LONGEST_LABEL", len(key().label().encode()))
    assert cache.explain(key(version=2)).reason == "the stage itself is newer"
    monkeypatch.setattr("medialab.runs.cache._LONGEST_LABEL", len(key().label().encode()) - 1)
    assert cache.explain(key(version=2)).reason == "never made before"


def test_a_folder_that_is_not_there_yet_holds_nothing_and_can_be_cleared(cache):
    assert cache.explain(key()).reason == "never made before"
    cache.clear()
    assert cache.get(key()) is None
    assert cache.take_news() == []  # a miss is nothing to speak of


def test_a_file_larger_than_the_whole_cache_may_be_is_removed_unread(tmp_path):
    cache = StageCache(tmp_path, memory_bytes=0, disk_bytes=10_000)
    cache.put(key(), b"a picture")
    (path,) = tmp_path.iterdir()
    os.truncate(path, 100_000)
    assert cache.get(key()) is None
    assert not path.exists()
    assert cache.take_news() == [BROKEN]


def test_the_folder_is_listed_once_as_long_as_it_has_room(tmp_path, monkeypatch):
    listed, real = [], StageCache._files
    monkeypatch.setattr(StageCache, "_files", lambda cache: (listed.append(1), real(cache))[1])
    cache = StageCache(tmp_path, disk_bytes=400_000)
    for number in range(5):
        cache.put(numbered(number), bytes(3000))
    assert len(listed) == 1
    cache.disk_bytes = 20_000
    cache.put(numbered(5), bytes(3000))
    assert len(listed) > 1


def test_many_threads_may_put_and_get(cache):
    wrong = []

    def work(first):
        for number in range(first, first + 40):
            cache.put(numbered(number % 25), bytes([number % 25]) * 500)
            if (value := cache.get(numbered(number % 25))) != bytes([number % 25]) * 500:
                wrong.append(value)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_clearing_forgets_everything(cache):
    cache.put(key(), b"a picture")
    cache.clear()
    assert cache.get(key()) is None
    assert list(cache.folder.iterdir()) == []
