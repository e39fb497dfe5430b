"""The layers hold, and importing the core stays cheap."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
HEAVY = {"torch", "diffusers", "transformers", "IPython", "ipywidgets", "traitlets"}


def run_python(code):
    return subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT
    ).stdout


def test_importing_the_core_loads_neither_torch_nor_the_notebook():
    loaded = run_python("import medialab, sys; print(*sys.modules)").split()
    assert set(loaded) & HEAVY == set()


@pytest.mark.parametrize(("chosen", "expected"), [("", "PASSIVE"), ("ACTIVE", "ACTIVE")])
def test_idle_threads_sleep_unless_the_user_chose_otherwise(chosen, expected):
    code = "import os\nos.environ.pop('OMP_WAIT_POLICY', None)\n"
    if chosen:
        code += f"os.environ['OMP_WAIT_POLICY'] = '{chosen}'\n"
    code += "import medialab\nprint(os.environ['OMP_WAIT_POLICY'])"
    assert run_python(code).strip() == expected


def test_the_import_contracts_hold():
    # In a process of its own: it switches off every logger that there is by then.
    code = "from importlinter.cli import lint_imports; print(lint_imports(no_cache=True))"
    assert run_python(code).splitlines()[-1] == "0"
