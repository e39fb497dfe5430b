"""Figures are printed and kept, always; they gate in `make benchmark` alone.

A ratio beside a busy neighbour is the neighbour's: `make test` looks at bytes, and at what is
counted. `make benchmark` runs enough rounds on a machine that its user leaves alone.
"""

import json
import os
import platform
from datetime import UTC, datetime
from pathlib import Path

import pytest

FIGURES = Path(__file__).resolve().parents[2] / "outputs" / "benchmarks.jsonl"


@pytest.fixture
def gates():
    """Whether figures decide: `make benchmark` says so."""
    return "BENCHMARKS" in os.environ


@pytest.fixture
def keep(request, gates):
    """Prints text and adds figures, by name, as a line to outputs/benchmarks.jsonl."""

    def keep_figures(text, **figures):
        print(f"\n{text}")
        line = {
            "when": datetime.now(UTC).isoformat(timespec="seconds"),
            "test": request.node.name,
            "gates": gates,
            "processor": platform.processor() or platform.machine(),
            "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
            **figures,
        }
        FIGURES.parent.mkdir(exist_ok=True)
        with FIGURES.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    return keep_figures
