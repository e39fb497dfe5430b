"""Every test of the room begins without tokens, without a keyring, and allowed to connect."""

import pytest


@pytest.fixture(autouse=True)
def no_tokens(monkeypatch):
    for name in (
        *("CIVITAI_API_TOKEN", "CIVITAI_TOKEN", "HF_TOKEN"),
        *("MEDIALAB_OFFLINE", "MEDIALAB_CIVITAI_URL"),
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")


@pytest.fixture
def server():
    """CivitAI on this machine; see `civitai_server`."""
    from tests.remote.civitai_server import CivitaiServer

    with CivitaiServer() as civitai:
        yield civitai


@pytest.fixture
def civitai(server):
    """The source that asks it."""
    from medialab.remote.civitai import CivitAI

    return CivitAI(server.url)


@pytest.fixture
def models(tmp_path):
    folder = tmp_path / "models"
    folder.mkdir()
    return folder


@pytest.fixture
def downloads(models):
    """A queue of downloads into `models`; nothing unfinished has a model's name after any test."""
    from medialab.files.hashes import HashCache
    from medialab.remote.downloads import Downloads

    queue = Downloads(models, HashCache())
    yield queue
    queue.close()


@pytest.fixture
def gate():
    """Lets the rest of a held answer through (`civitai_server.held_after`)."""
    import threading

    event = threading.Event()
    yield event
    event.set()
