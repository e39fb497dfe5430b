"""A kernel that answers requests keeps none; a person's keeps its history."""

import atexit
import linecache

import pytest
from IPython.core.interactiveshell import InteractiveShell

from widgets import serving


@pytest.fixture
def shell(monkeypatch, tmp_path):
    made = InteractiveShell(ipython_dir=str(tmp_path))
    monkeypatch.setattr(serving, "get_ipython", lambda: made)
    monkeypatch.setenv("IPYKERNEL_CELL_NAME", "before")
    yield made
    atexit.unregister(made.atexit_operations)
    made.atexit_operations()


def kept(shell):
    """All that the shell still knows of its inputs."""
    history = shell.history_manager
    names = {name: value for name, value in shell.user_ns.items() if name.startswith("_i")}
    hidden = dict(shell.user_ns_hidden)
    lines = [entry[2] for entry in linecache.cache.values() if len(entry) > 2]
    return repr([history.input_hist_raw, history.db_input_cache, names, hidden, lines])


def test_for_the_gateway_no_cell_is_remembered(shell, monkeypatch):
    monkeypatch.setenv("KERNEL_GATEWAY", "1")
    assert serving.forget_requests()
    for number in range(5):
        ran = shell.run_cell(f"REQUEST = 'secret {number}'", store_history=True)
        assert ran.success
    assert shell.user_ns["REQUEST"] == "secret 4"
    shell.user_ns["REQUEST"] = None
    assert "secret" not in kept(shell)


def test_elsewhere_a_person_keeps_their_history(shell, monkeypatch):
    monkeypatch.delenv("KERNEL_GATEWAY", raising=False)
    assert not serving.forget_requests()
    shell.run_cell("REQUEST = 'secret'", store_history=True)
    assert "secret" in kept(shell)


def test_without_ipython_there_is_nothing_to_forget(monkeypatch):
    monkeypatch.setenv("KERNEL_GATEWAY", "1")
    monkeypatch.setattr(serving, "get_ipython", lambda: None)
    assert not serving.forget_requests()
