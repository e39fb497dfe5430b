"""Devices are named by a person: what is wrong is told before a process starts."""

import pytest

from medialab import Workbench
from medialab.devices import names
from medialab.devices.names import chosen_devices, read_devices, threads_each
from medialab.errors import ConfigError


@pytest.fixture
def two_cards(monkeypatch):
    """A machine with two CUDA devices, as its driver tells."""
    monkeypatch.setattr(names, "cuda_count", lambda: 2)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("cpu", ("cpu",)),
        (" cpu, cpu ", ("cpu", "cpu")),
        (["cpu"], ("cpu",)),
        ("all", ("cuda:0", "cuda:1")),
        (["all"], ("cuda:0", "cuda:1")),
        ("cuda:1,cuda:0", ("cuda:1", "cuda:0")),
        ("cuda, cuda", ("cuda:0", "cuda:0")),
    ],
)
def test_names_are_read_from_a_list_or_a_text(two_cards, asked, found):
    assert read_devices(asked) == found


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("cuda:2", "no 'cuda:2' here; known: cpu, cuda:0, cuda:1"),
        ("cpu,tpu", "no 'tpu' here"),
        ("CPU", "no 'CPU' here"),
        ("cuda:0,all", "no 'all' here"),
        ("", "0 are named; name 1 to 64"),
        (" , ", "0 are named"),
        ([], "0 are named"),
        (["cpu"] * 65, "65 are named"),
        ("cpu,cuda:0", "name devices of one kind"),
        (2, "2 is no list of names"),
    ],
)
def test_what_is_no_device_is_told_with_the_choices(two_cards, asked, said):
    with pytest.raises(ConfigError, match=said) as refused:
        read_devices(asked)
    assert refused.value.setting == "devices"


def test_all_of_none_is_an_error(monkeypatch):
    monkeypatch.setattr(names, "cuda_count", lambda: 0)
    with pytest.raises(ConfigError, match="none is here; known: cpu"):
        read_devices("all")


def test_the_variable_names_them_for_the_studio(monkeypatch):
    monkeypatch.delenv("MEDIALAB_DEVICES", raising=False)
    assert chosen_devices() is None
    monkeypatch.setenv("MEDIALAB_DEVICES", " ")
    assert chosen_devices() is None
    monkeypatch.setenv("MEDIALAB_DEVICES", "cpu,cpu")
    assert chosen_devices() == ("cpu", "cpu")
    monkeypatch.setenv("MEDIALAB_DEVICES", "tpu")
    with pytest.raises(ConfigError, match="'tpu'"):
        chosen_devices()


@pytest.mark.parametrize(
    ("devices", "threads", "each"),
    [
        (("cpu", "cpu"), "8", 4),
        (("cpu", "cpu", "cpu"), "8", 2),
        (("cpu", "cpu"), "1", 1),
        (("cpu",), "8", None),
        ((None,), "8", None),
        (("cuda:0", "cuda:1"), "8", None),
    ],
)
def test_processes_on_the_cpu_share_its_threads(monkeypatch, devices, threads, each):
    monkeypatch.setenv("OMP_NUM_THREADS", threads)
    assert threads_each(devices) == each


@pytest.mark.parametrize("other", ["device", "registry", "executor"])
def test_a_workbench_takes_devices_or_something_else(tiny_models, tmp_path, bench, other):
    with pytest.raises(ConfigError, match="give no other of device, registry and executor"):
        Workbench(tiny_models, tmp_path, devices="cpu,cpu", **{other: getattr(bench, other)})


def test_a_workbench_refuses_unknown_devices_and_starts_nothing(tiny_models, tmp_path):
    with pytest.raises(ConfigError, match="'cuda:77'"):
        Workbench(tiny_models, tmp_path / "outputs", devices="cuda:77")
    assert not (tmp_path / "outputs").exists()
