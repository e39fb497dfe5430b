"""How the process uses the machine."""

import contextlib
import subprocess
import sys

import pytest

from medialab.config.resolved import ResolvedConfig
from medialab.process import threads


def test_a_device_that_was_asked_for_is_taken_and_loads_no_torch():
    code = (
        "import sys\n"
        "from medialab.process import threads\n"
        "print(threads.pick_device('cuda:1'), 'torch' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["cuda:1", "False"]


def test_there_is_at_least_one_core():
    assert threads.physical_cores() >= 1


@pytest.mark.parametrize("said", ["3", "3,1", " 3 "])
def test_the_users_word_decides_how_many_threads_compute(said, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", said)
    assert threads.default_threads() == 3


@pytest.mark.parametrize("said", [None, "", "0", "-2", "many"])
def test_without_a_word_that_can_be_followed_each_physical_core_has_one(said, monkeypatch):
    if said is None:
        monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    else:
        monkeypatch.setenv("OMP_NUM_THREADS", said)
    assert threads.default_threads() == threads.physical_cores()


@pytest.mark.parametrize("said", ["1000", "2000000000", "9" * 5000])
def test_more_threads_than_a_config_may_say_are_as_many_as_it_may(said, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", said)
    allowed = ResolvedConfig.model_json_schema()["properties"]["threads"]["anyOf"][0]
    assert threads.default_threads() == allowed["maximum"]


def test_threads_are_as_before_when_the_work_is_done_or_failed():
    import torch

    before = torch.get_num_threads()
    with contextlib.suppress(KeyError), threads.computing_with(before + 1):
        seen = torch.get_num_threads()
        raise KeyError
    assert seen == before + 1
    assert torch.get_num_threads() == before


def test_the_processor_is_known_by_what_decides_bits(monkeypatch):
    threads.processor.cache_clear()
    plain = threads.processor("cpu")
    threads.processor.cache_clear()
    monkeypatch.setenv("ATEN_CPU_CAPABILITY", "default")
    assert threads.processor("cpu") == f"{plain} ATEN_CPU_CAPABILITY=default"
    threads.processor.cache_clear()


def test_where_torch_finds_no_gpu_none_is_looked_for_with_it():
    import torch

    if not torch.cuda.is_available() and sys.platform == "linux":
        code = (
            "import sys\n"
            "from medialab.process import threads\n"
            "print(threads.pick_device(), 'torch' in sys.modules)\n"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
        assert done.stdout.split() == [b"cpu", b"False"]


class Driver:
    """What CUDA's driver answers, with its status codes."""

    def __init__(self, status, count):
        self.status, self.count = status, count

    def cuInit(self, _flags):  # noqa: N802 - the driver's name
        return self.status

    def cuDeviceGetCount(self, found):  # noqa: N802 - the driver's name
        found._obj.value = self.count
        return 0


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere torch is asked")
@pytest.mark.parametrize(("status", "count", "found"), [(0, 2, 2), (0, 0, 0), (100, 7, 0)])
def test_cuda_devices_are_counted_by_the_driver_without_torch(monkeypatch, status, count, found):
    threads.cuda_count.cache_clear()
    monkeypatch.setattr(threads, "_is_without_gpu", lambda: False)
    monkeypatch.setattr(threads.ctypes, "CDLL", lambda _name: Driver(status, count))
    assert threads.cuda_count() == found
    threads.cuda_count.cache_clear()


def test_where_torch_is_built_for_cpus_no_driver_is_asked(monkeypatch):
    threads.cuda_count.cache_clear()
    monkeypatch.setattr(threads, "_is_without_gpu", lambda: True)
    monkeypatch.setattr(threads.ctypes, "CDLL", None)
    assert threads.cuda_count() == 0
    threads.cuda_count.cache_clear()
