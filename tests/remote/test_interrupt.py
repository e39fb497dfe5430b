"""A request is ended from another thread, whatever its server does."""

import threading

import pytest

from medialab.remote.http import UnreachableError, asked
from medialab.remote.interrupt import Interrupt
from medialab.remote.source import DownloadRequest
from tests.remote.civitai_server import held_after


def read(request, interrupt):
    with asked("CivitAI", request, interrupt=interrupt) as answer:
        return answer.read()


def test_a_silent_body_is_cut(server, gate):
    server.storage.faults = [held_after(20, gate)]
    interrupt = Interrupt()
    request = DownloadRequest(f"{server.storage.site}/picture/1")
    timer = threading.Timer(0.1, interrupt.cut)
    timer.start()
    with pytest.raises(UnreachableError):
        read(request, interrupt)
    timer.join()


def test_what_is_cut_connects_no_more_until_it_is_allowed(server):
    interrupt = Interrupt()
    interrupt.cut()
    request = DownloadRequest(f"{server.storage.site}/picture/1")
    with pytest.raises(UnreachableError), asked("CivitAI", request, interrupt=interrupt):
        pass
    interrupt.allow()
    with asked("CivitAI", request, interrupt=interrupt) as answer:
        assert answer.status_code == 200


def test_to_cut_what_is_over_does_nothing(server):
    interrupt = Interrupt()
    with asked("CivitAI", DownloadRequest(f"{server.url}/models"), interrupt=interrupt) as answer:
        answer.read()
    interrupt.cut()
