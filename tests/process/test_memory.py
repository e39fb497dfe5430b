"""How much memory there is: of the machine, of a container, of this process's own limit."""

import resource
import subprocess
import sys
from types import SimpleNamespace

import psutil
import pytest

from medialab.process import memory
from medialab.process.memory import (
    NoRoomError,
    claim,
    free_bytes,
    gigabytes,
    is_out_of_memory,
    total_bytes,
    used_bytes,
)


@pytest.fixture
def container(tmp_path, monkeypatch):
    """The files of a control group with 4 GB, 1 GB taken, 0.2 each of pages that can go."""

    def make(version):
        limit, used, reclaimable = memory._LIMITS[version]
        (tmp_path / limit).write_text("4000000000\n")
        (tmp_path / used).write_text("1000000000\n")
        pages = "".join(f"{name} 200000000\n" for name in reclaimable)
        (tmp_path / "memory.stat").write_text(f"anon 600000000\n{pages}")
        monkeypatch.setattr(memory, "_groups", lambda: (tmp_path,))
        return tmp_path

    return make


@pytest.mark.parametrize("version", [0, 1])
def test_a_containers_limit_counts(container, version):
    container(version)
    assert total_bytes() == min(psutil.virtual_memory().total, 4_000_000_000)
    assert free_bytes() <= 3_600_000_000


@pytest.mark.parametrize("version", [0, 1])
def test_a_models_file_that_was_read_twice_takes_nothing_of_a_containers_memory(
    container, version, monkeypatch
):
    folder = container(version)
    _, used, reclaimable = memory._LIMITS[version]
    (folder / used).write_text("3900000000\n")
    active = next(name for name in reclaimable if name.endswith("_active_file") or name[0] == "a")
    (folder / "memory.stat").write_text(f"anon 300000000\n{active} 3600000000\n")
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=64 * 10**9))
    assert free_bytes() == 3_700_000_000


def test_a_group_without_a_limit_is_the_machine(container):
    (container(0) / "memory.max").write_text("max\n")
    assert total_bytes() == psutil.virtual_memory().total


@pytest.mark.skipif(sys.platform != "linux", reason="ulimit -v is for Linux")
def test_the_limit_of_this_process_counts():
    code = "from medialab.process.memory import free_bytes as free, total_bytes as total\n"
    code += "print(free(), total())"
    limit = 2_000_000_000
    done = subprocess.run(
        [sys.executable, "-c", code],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
        capture_output=True,
        text=True,
        check=True,
    )
    free, total = map(int, done.stdout.split())
    assert 0 < free < total == limit


def test_what_this_process_uses_is_within_what_there_is():
    assert 10_000_000 < used_bytes("cpu") < total_bytes("cpu")


def test_what_is_not_there_is_refused_before_it_is_taken():
    with pytest.raises(NoRoomError, match=r"the moon needs 1000000\.0 GB of memory, .* are free"):
        claim(10**15, "cpu", "the moon")
    claim(1, "cpu", "a byte")
    assert is_out_of_memory(NoRoomError("of any text"))


@pytest.mark.parametrize(("nbytes", "said"), [(18_500_000_000, "18.5 GB"), (120_000_000, "120 MB")])
def test_bytes_are_told_as_people_say_them(nbytes, said):
    assert gigabytes(nbytes) == said
