"""The rows of the GPU's benchmark run on a CPU at small sizes; what must hold there holds here."""

import json
import subprocess
import sys
from importlib import metadata

import pytest
import torch

from tests.gpu import bench, carry
from tests.gpu.rows import ROWS

# Of the rows, how long each takes here: those in seconds, and what the others need.
SLOW = {"regional compile": "a C++ compiler and a minute", "Z-Image, an eighth of its shapes": ""}
QUICK = [name for name in ROWS if name not in SLOW]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return bench.Place("cpu", is_small=True, folder=tmp_path_factory.mktemp("gpu"))


@pytest.mark.slow
@pytest.mark.thorough
@pytest.mark.parametrize("name", QUICK)
def test_a_row_gives_figures(place, name):
    row = bench.measured(place, name)
    assert "failed" not in row, row
    assert len(row) > 2
    assert bench.as_line(row).startswith(f"| {name} | ")
    if name == "memory after a killed process":
        assert row["ended"]
    if "diffusers" in row:
        assert set(row["studio"]) == set(row["diffusers"])
        assert row["studio"]["steps_a_second"] > 0


@pytest.mark.thorough
@pytest.mark.parametrize("name", SLOW)
def test_a_slow_row_gives_figures_or_says_why_not(place, name):
    row = bench.measured(place, name)
    assert len(row) > 2


# Rows that end in every way; the command that starts them in place of the benchmark's own.
_ROWS = """
import os, sys, time
import torch
from tests.gpu import bench

def fail(_):
    raise torch.OutOfMemoryError("CUDA out of memory\\nand more")

def chat(_):
    print("a library says something", flush=True)
    return {"ms": 1.5}

bench.ROWS |= {
    "fails": fail,
    "dies": lambda _: os._exit(9),
    "hangs": lambda _: time.sleep(600),
    "good": chat,
}
bench._computes = lambda _: False  # after any failure, as after a fault in a kernel
bench.main()
"""


@pytest.mark.thorough
def test_whatever_ends_a_row_the_next_ones_run_and_all_are_kept(place, monkeypatch, capsys):
    monkeypatch.setattr(bench, "COMMAND", (sys.executable, "-c", _ROWS))
    monkeypatch.setattr(bench, "LIMITS", {"hangs": 0.5})
    names, kept = ["fails", "dies", "good", "hangs"], []
    rows = bench.run(place, names, minutes=5, keep=lambda rows: kept.append(len(rows)))
    failed = {row["row"]: row.get("failed") for row in rows}
    assert failed == {
        "fails": "OutOfMemoryError: CUDA out of memory",
        "dies": "its process ended with 9",
        "good": None,
        "hangs": "took more than 5 s",
    }
    assert rows[2]["ms"] == 1.5
    assert kept == [1, 2, 3, 4]
    assert capsys.readouterr().out.count("\n| ") + 1 == len(names)


def test_rows_that_no_time_is_left_for_say_that(place):
    rows = bench.run(place, ["LoRA swap", "precisions"], minutes=0)
    assert [row["failed"] for row in rows] == [bench.LATER, bench.LATER]


def test_the_command_prints_a_table_and_writes_json(tmp_path, capsys):
    file = tmp_path / "new" / "gpu.json"
    bench.main(["--device", "cpu", "--json", str(file), "out of memory"])
    assert "| out of memory | not measured" in capsys.readouterr().out
    told = json.loads(file.read_text())
    assert told["device"] == "cpu"
    assert told["small"] is True
    assert [row["row"] for row in told["rows"]] == ["out of memory"]
    with pytest.raises(SystemExit):
        bench.main(["--json", str(file), "no such row"])


def test_what_to_carry_is_pinned_as_here_and_has_no_torch():
    done = subprocess.run(
        [sys.executable, "-m", "tests.gpu.carry", "scipy"],
        check=True,
        capture_output=True,
        text=True,
    )
    pins = dict(line.split("==") for line in done.stdout.splitlines())
    assert {"diffusers", "transformers", "peft", "safetensors", "pytest", "tokenizers"} <= set(pins)
    assert not {"torch", "triton", "scipy", "jupyterlab", carry.PROGRAM} & set(pins)
    assert all(metadata.version(name) == version for name, version in pins.items())


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU")
@pytest.mark.parametrize("name", QUICK)
def test_a_row_gives_figures_on_a_gpu_at_small_sizes(tmp_path, name):
    row = bench.measured(bench.Place("cuda", is_small=True, folder=tmp_path), name)
    assert "failed" not in row, row
