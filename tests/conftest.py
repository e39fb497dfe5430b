"""What every test stands on: a tiny real checkpoint, no network, no thread left behind."""

import gc
import hashlib
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import weakref
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import hypothesis
import pytest

ROOT = Path(__file__).resolve().parents[1]

# A machine that is busy with something else fails no test.
hypothesis.settings.register_profile(
    "patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("patient")
# CI tries a hundred examples of a property, a developer's run a few (see pytest_configure).
hypothesis.settings.register_profile(
    "quick", hypothesis.settings.get_profile("patient"), max_examples=20
)

# Before torch is imported: one thread that sleeps while it waits, and no hub to reach for.
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_OFFLINE"] = "1"
# Its advice (that there is no torchvision) is said by no test and would stand among the results.
os.environ["TRANSFORMERS_VERBOSITY"] = "error"
# Jupyter's own word for: use the platform's folders, and do not warn about it.
os.environ["JUPYTER_PLATFORM_DIRS"] = "1"

# Tests and the programs that they start look for models where they say, wherever a developer's are.
for name in ("MEDIALAB_MODELS", "MEDIALAB_OUTPUTS"):
    os.environ.pop(name, None)

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


def pytest_configure(config):
    """Where thorough tests are left out, properties that say no number are tried on 20 examples."""
    if config.getoption("markexpr").startswith("not thorough"):
        hypothesis.settings.load_profile("quick")


# Rows of a long table that a quick run tries: the first, the one in the middle and the last.
QUICK_ROWS = 3
# Rooms whose tables are what others send or wrote: each row is tried in every run, as are those of
# tests that are called hostile, and of the tests beside this file, whose rows are this project's.
GUARDS = frozenset({"api", "client", "files", "listing", "pictures", "remote", "vision"})


def mark_further_rows(items):
    """Mark the rows of each long table that a quick run leaves out as `further_row`.

    Where some rows are marked `thorough`, or the test `every_row`, somebody has chosen already.
    """
    tables = {}
    for item in items:
        *rooms, file = item.path.relative_to(ROOT).parts[1:]
        if rooms and rooms[0] not in GUARDS and "hostile" not in file:
            tables.setdefault(item.nodeid.partition("[")[0], []).append(item)
    for rows in tables.values():
        marks = {mark.name for row in rows for mark in row.iter_markers()}
        last = len(rows) - 1
        tried = {last * place // (QUICK_ROWS - 1) for place in range(QUICK_ROWS)}
        if not marks & {"thorough", "every_row"}:
            for number in set(range(len(rows))) - tried:
                rows[number].add_marker(pytest.mark.further_row)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Browsers first: with two processes the longest files must not be the last to begin.

    In CI, where nobody can look again, a browser test that fails is tried once more; the summary
    names it. On a developer's machine it fails.
    """
    mark_further_rows(items)
    items.sort(key=lambda item: item.get_closest_marker("browser") is None)
    if os.environ.get("CI"):
        for item in items:
            if item.get_closest_marker("browser"):
                item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(autouse=True)
def no_worker_left():
    """Every workbench that a test opens, it closes."""
    before = set(threading.enumerate())
    yield
    threads = set(threading.enumerate()) - before
    for thread in threads:
        if thread.name.startswith("medialab"):
            thread.join(1)  # one that has done its work ends a moment later
    left = [thread.name for thread in threads if thread.is_alive()]
    assert not [name for name in left if name.startswith("medialab")], f"threads left: {left}"


@pytest.fixture(scope="session")
def tiny_models(tmp_path_factory):
    """A models folder whose `paperdoll` has the real classes and random weights of a few kB."""
    import torch

    from medialab.process import threads
    from models.paperdoll import family
    from tests.tiny.checkpoints import write_paperdoll

    folder = tmp_path_factory.mktemp("tiny") / "models"
    torch.manual_seed(0)
    tokenizer = family.make_tokenizer(tmp_path_factory.mktemp("tokenizer"))
    write_paperdoll(folder / "checkpoints" / "paperdoll", tokenizer)
    # Every workbench that closes looks for garbage twice, 0.3 s each among all that torch and
    # diffusers have in memory. What is here by now stays anyway: it is not looked through again.
    threads.preload()
    gc.collect()
    gc.freeze()
    return folder


@pytest.fixture(scope="session")
def models(tiny_models):
    """The models folder of `bench`: a test file that needs another has a fixture of this name."""
    return tiny_models


@pytest.fixture
def bench(models, tmp_path):
    """A workbench over the models, with outputs of its own."""
    from medialab import Workbench

    with Workbench(models=models, outputs=tmp_path / "outputs", device="cpu") as workbench:
        yield workbench


@pytest.fixture(scope="session")
def detector_models(tmp_path_factory):
    """Gives the models folder that holds one detector of a kind, `mine`; written once a session."""
    import torch

    from tests.tiny.detectors import NETWORKS, ONNX_KINDS, tiny_yolo

    @cache
    def write(kind):
        root = tmp_path_factory.mktemp("detector") / "models"
        folder = root / "detectors" / "mine"
        if kind in ONNX_KINDS:
            tiny_yolo(kind, folder.with_suffix(".onnx"))
            return root
        make, seed = NETWORKS[kind]
        torch.manual_seed(seed)
        network, processor = make(root.parent) if kind == "grounding dino" else make()
        network.save_pretrained(folder)
        if processor is not None:
            processor.save_pretrained(folder)
        return root

    return write


@pytest.fixture(scope="session")
def photo_files():
    """MediaPipe's networks, by network, where `make photos` has put their files; or skips."""
    from medialab.files.mediapipe_networks import NETWORKS, network_of

    pytest.importorskip("ai_edge_litert", reason="LiteRT is not installed (extra photos)")
    models = Path(os.environ.get("MEDIALAB_PHOTOS") or ROOT / "models")
    files = {network_of(path): path for path in sorted(models.glob("detectors/*.tflite"))}
    missing = [network.source for network in NETWORKS if network not in files]
    if missing:
        pytest.skip(f"{models} lacks {', '.join(missing)}: run `make photos`")
    return files


@pytest.fixture
def info_of(detector_models):
    """What the registry makes of a detector of a kind."""
    from medialab.loading.registry import ModelRegistry

    return lambda kind: ModelRegistry(detector_models(kind)).find("mine", "detector")


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


# Seconds. Cold caches on two busy cores: a server takes 10, a kernel as long again.
SERVER_STARTUP = 120


def is_open(port):
    """Whether anything listens there."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return False
    return True


def _wait(condition, complaint):
    end = time.monotonic() + SERVER_STARTUP
    while not condition():
        assert time.monotonic() < end, complaint()
        time.sleep(0.1)


@pytest.fixture(scope="session")
def make():
    """The command `make target …` over this Makefile, with this interpreter's programs."""
    program = shutil.which("make")
    if program is None:
        pytest.skip("no make")

    def command(*words):
        programs = f"BIN={Path(sys.executable).parent}"
        # Under `make test` it would tell the folders that it enters, too.
        quiet = "--no-print-directory"
        return [program, quiet, "-f", str(ROOT / "Makefile"), "-o", "environment", programs, *words]

    return command


@pytest.fixture(scope="session")
def serving(make, tiny_checkout, tmp_path_factory):
    """`with serving(target, environment) as (port, log)`: a server that `make` starts and ends.

    It runs in the checkout with the tiny checkpoint; `log` is the file of what it says.
    """

    @contextmanager
    def serve(target, environment):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        log = tmp_path_factory.mktemp("server") / f"{target}.log"
        with (
            log.open("w") as output,
            subprocess.Popen(
                make(target, f"PORT={port}"),
                cwd=tiny_checkout,
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            ) as server,
        ):
            try:
                _wait(lambda: is_open(port) or server.poll() is not None, log.read_text)
                assert server.poll() is None, log.read_text()
                yield port, log
            finally:
                server.terminate()
                server.wait(30)
        _wait(lambda: not is_open(port), lambda: f"the server outlived make: {log.read_text()}")

    return serve


@pytest.fixture(scope="module")
def api_server(tiny_models, tmp_path_factory):
    """A running server of the API over the tiny models, one for each file: `api_server.client`."""
    from tests.api.serving import serving_api

    with serving_api(tiny_models, tmp_path_factory.mktemp("api")) as server:
        yield server


@pytest.fixture(scope="session")
def own_home(tiny_environment, tmp_path_factory):
    """An environment whose Jupyter and IPython keep their files in a folder of their own; both."""
    home = tmp_path_factory.mktemp("home")
    environment = tiny_environment | {
        "HOME": str(home),
        "IPYTHONDIR": str(home / "ipython"),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
    }
    environment.pop("MEDIALAB_TOKEN", None)
    return environment, home


@pytest.fixture
def failing():
    """Makes a network's next calls raise; gives a list of weak references to what they were given.

    `after` calls go through first.
    """
    hooks = []

    def install(network, times, fault, after=0):
        calls, given = iter(range(after + times)), []

        def fail(_module, arguments):
            number = next(calls, None)
            if number is not None and number >= after:
                given.append(weakref.ref(arguments[0]))
                raise fault

        hooks.append(network.register_forward_pre_hook(fail))
        return given

    yield install
    for hook in hooks:
        hook.remove()


@pytest.fixture
def spoiling():
    """Makes a network's next calls give NaN."""
    hooks = []

    def spoiled(output):
        if isinstance(output, (tuple, list)):
            return type(output)(spoiled(one) for one in output)
        return output * float("nan")

    def install(network, times):
        calls = iter(range(times))

        def spoil(_module, _arguments, output):
            if next(calls, None) is None:
                return output
            return spoiled(output)

        hooks.append(network.register_forward_hook(spoil))

    yield install
    for hook in hooks:
        hook.remove()


@pytest.fixture
def checksum():
    """Of all the weights of a loaded checkpoint, and of their types and strides."""
    import torch

    def of(model):
        digest = hashlib.sha256()
        for part in ("unet", "text_encoder", "vae"):
            for name, value in sorted(model.components[part].state_dict().items()):
                digest.update(f"{part}.{name} {value.dtype} {value.stride()}".encode())
                digest.update(value.reshape(-1).clone().view(torch.uint8).numpy().tobytes())
        return digest.hexdigest()

    return of
