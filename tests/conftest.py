"""What every test stands on: a tiny real checkpoint, no network, no thread left behind."""

import gc
import os
import shutil
import sys
import threading
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# Before torch is imported: one thread that sleeps while it waits, and no hub to reach for.
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_OFFLINE"] = "1"
# Jupyter's own word for: use the platform's folders, and do not warn about it.
os.environ["JUPYTER_PLATFORM_DIRS"] = "1"

_LOOPBACK = ("127.", "::1", "localhost")


def _refuse_the_network(event, arguments):
    """Only this machine may be spoken to. A hook cannot be taken off, and need not be."""
    if event == "socket.connect":
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else ""
    elif event == "socket.getaddrinfo":
        host = arguments[0]
    else:
        return
    host = host.decode() if isinstance(host, bytes) else str(host or "")
    if host and not host.startswith(_LOOPBACK):
        message = f"a test reached for the network: {host}"
        raise RuntimeError(message)


sys.addaudithook(_refuse_the_network)


@pytest.fixture(autouse=True)
def no_worker_left():
    """Every workbench that a test opens, it closes."""
    before = set(threading.enumerate())
    yield
    left = [thread.name for thread in set(threading.enumerate()) - before]
    assert not [name for name in left if name.startswith("medialab")], f"threads left: {left}"


@pytest.fixture(scope="session")
def tiny_models(tmp_path_factory):
    """A models folder whose `paperdoll` has the real classes and random weights of a few kB."""
    import torch

    from medialab import runtime
    from models.paperdoll import family

    size = family.Size(
        vae_channels=(16, 16, 16, 16),
        unet_channels=(32, 32, 32),
        unet_layers=1,
        text_width=32,
        text_layers=1,
        batch=1,
    )
    folder = tmp_path_factory.mktemp("tiny") / "models"
    torch.manual_seed(0)
    tokenizer = family.make_tokenizer(tmp_path_factory.mktemp("tokenizer"))
    family.save_checkpoint(
        folder / "checkpoints" / "paperdoll",
        vae=family.make_vae(size),
        text_encoder=family.make_text_encoder(size, tokenizer),
        tokenizer=tokenizer,
        unet=family.make_unet(size),
    )
    # Every workbench that closes looks for garbage twice, 0.3 s each among all that torch and
    # diffusers have in memory. What is here by now stays anyway: it is not looked through again.
    runtime.preload()
    gc.collect()
    gc.freeze()
    return folder


@pytest.fixture
def bench(tiny_models, tmp_path):
    """A workbench over the tiny checkpoint, with outputs of its own."""
    from medialab import Workbench

    with Workbench(models=tiny_models, outputs=tmp_path / "outputs", device="cpu") as workbench:
        yield workbench


@pytest.fixture(scope="session")
def tiny_checkout(tiny_models, tmp_path_factory):
    """This project with the tiny checkpoint in place of its own, for programs that a test starts.

    Copied, not linked: the core finds models and outputs beside its own files. `UI_MODELS` names
    another models folder, for screenshots of pictures worth looking at.
    """
    checkout = tmp_path_factory.mktemp("checkout")
    for package in ("medialab", "widgets", "notebooks"):
        no_caches = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
        shutil.copytree(ROOT / package, checkout / package, ignore=no_caches)
    shutil.copytree(os.environ.get("UI_MODELS", tiny_models), checkout / "models")
    return checkout


@pytest.fixture(scope="session")
def tiny_environment(tiny_checkout):
    """The environment in which started programs import that checkout instead of this one."""
    return os.environ | {"PYTHONPATH": str(tiny_checkout)}
