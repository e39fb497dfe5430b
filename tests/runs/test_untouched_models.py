"""A run looks at what has changed in the models folder, and lists and opens nothing again."""

import os
import shutil
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from medialab import PipelineConfig, Workbench
from tests.tiny.headers import write_lora

ASKED = PipelineConfig(prompt="a red ball", steps=1, width=64, height=64, seed=7)
_WATCHED: list[tuple[Path, list[str]]] = []


def _watch(event, arguments):
    if _WATCHED and event in {"open", "os.scandir", "os.listdir"}:
        folder, seen = _WATCHED[-1]
        path = arguments[0]
        if isinstance(path, (str, os.PathLike)) and Path(path).is_relative_to(folder):
            seen.append(f"{event} {path}")


sys.addaudithook(_watch)


@contextmanager
def watching(bench):
    """Give the list of what is listed or opened below the models folder within the block."""
    seen: list[str] = []
    time.sleep(0.05)  # the models were written just before: their stamps have settled by now
    _WATCHED.append((bench.registry.folder, seen))
    try:
        yield seen
    finally:
        _WATCHED.pop()


@pytest.fixture
def touched(bench):
    """What was listed or opened below the models folder since."""
    with watching(bench) as seen:
        yield seen


def test_a_second_run_lists_and_opens_nothing_of_the_models(bench, touched):
    bench.execute(ASKED, save=False)
    assert touched
    touched.clear()
    bench.execute(ASKED.changed(seed=8))
    batch = bench.sweep(ASKED, {"seed": "10-12"}, name="seeds")
    batch.run()
    assert touched == []


@pytest.mark.parametrize("kind", ["segmenter", "yolo"])
def test_nor_of_detectors_among_which_it_chooses(tiny_models, detector_models, tmp_path, kind):
    shutil.copytree(tiny_models, tmp_path / "models")
    shutil.copytree(detector_models(kind) / "detectors", tmp_path / "models" / "detectors")
    detailed = ASKED.changed(**{name: {"enabled": True, "steps": 1} for name in ("face", "hand")})
    folders = tmp_path / "models", tmp_path / "outputs"
    with Workbench(*folders, device="cpu") as bench, watching(bench) as touched:
        bench.execute(detailed, save=False)
        assert touched
        touched.clear()
        bench.execute(detailed.changed(seed=8))
        assert touched == []


def test_what_is_added_replaced_or_removed_is_seen(bench, touched):
    bench.execute(ASKED, save=False)
    root = bench.registry.folder
    path = root / "loras" / "styles" / "ink.safetensors"
    assert bench.registry.models("lora") == []
    try:
        write_lora(path)
        assert [one.name for one in bench.registry.models("lora")] == ["ink"]
        write_lora(path, width=2048)
        assert bench.registry.models("lora")[0].family == "sdxl"
        write_lora(root / "loras" / "styles" / "more.safetensors")
        assert [one.name for one in bench.registry.models("lora")] == ["ink", "more"]
    finally:
        for one in (root / "loras" / "styles").iterdir():
            one.unlink()
        (root / "loras" / "styles").rmdir()
        (root / "loras").rmdir()
    assert bench.registry.models("lora") == []
