"""Downloads in other processes: killed at any moment, continued by the next, two at once."""

import os
import random
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path

import pytest

from tests.remote.civitai_server import held_after, lora, slowly

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 60
BIG = lora(5, rank=1000)  # 1.5 MB
PROGRAM = """
import sys
from pathlib import Path
from medialab.errors import MediaLabError
from medialab.files.hashes import HashCache
from medialab.remote.civitai import CivitAI
from medialab.remote.downloads import Downloads

url, models = sys.argv[1:]
queue = Downloads(Path(models), HashCache())
queue.listen(lambda one: print(one.state, one.done, flush=True))
try:
    print(queue.start(CivitAI(url).version("100")).result().name)
except MediaLabError as error:
    print("refused:", error)
queue.close()
"""


@pytest.fixture
def program(server, models):
    """Starts a process that downloads version 100."""
    server.add_model("Ink", content=BIG)
    started = []

    def start():
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, server.url, str(models)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=os.environ | {"CIVITAI_TOKEN": "k3y"},
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def until_some_is_there(part, least=1):
    end = time.monotonic() + SECONDS
    while not (part.exists() and part.stat().st_size >= least):
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.thorough
def test_a_killed_download_is_continued_by_the_next_process(program, server, models, gate):
    part = models / "loras" / "Ink.safetensors.part"
    server.storage.faults = [held_after(100_000, gate)]
    first = program()
    until_some_is_there(part, 100_000)
    assert "k3y" not in Path(f"/proc/{first.pid}/cmdline").read_text()
    # Meanwhile another one that wants the same says so, and changes nothing.
    said, _ = program().communicate(timeout=SECONDS)
    assert "refused: Ink.safetensors is being downloaded by another program" in said
    first.kill()
    first.wait()
    assert not (models / "loras" / "Ink.safetensors").exists()
    server.storage.requests.clear()
    said, _ = program().communicate(timeout=SECONDS)
    assert said.splitlines()[-1] == "Ink.safetensors"
    assert (models / "loras" / "Ink.safetensors").read_bytes() == BIG
    assert server.storage.requests[0].headers["Range"] == "bytes=100000-"
    assert sorted(path.name for path in part.parent.iterdir()) == [
        "Ink.civitai.info",
        "Ink.safetensors",
    ]


@pytest.mark.thorough
def test_killed_at_any_moment_nothing_unfinished_has_a_models_name(program, server, models):
    draw, whole = random.Random(1), models / "loras" / "Ink.safetensors"
    for _ in range(15):
        server.storage.faults = [slowly(30, 0.01)]
        process = program()
        time.sleep(draw.uniform(0.3, 1.6))
        process.kill()
        process.wait()
        if whole.exists():
            assert sha256(whole.read_bytes()).digest() == sha256(BIG).digest()
            whole.unlink()
    server.storage.faults.clear()
    program().communicate(timeout=SECONDS)
    assert whole.read_bytes() == BIG
    assert not list(whole.parent.glob("*.part*"))
