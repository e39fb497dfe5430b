"""The layers hold, importing the core stays cheap, and a module's tests are found by its name."""

import ast
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


def test_the_drawing_of_the_rooms_is_current():
    drawn = run_python("import runpy; print(runpy.run_path('docs/rooms.py')['drawing'](), end='')")
    assert drawn == (ROOT / "docs" / "rooms.svg").read_text(), "run make rooms"


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


# Where the tests of a module are that has no test file of its own name: those of a folder that is
# tested as a whole, since its parts mean little alone. A room that is not here has a file for each.
TESTED_WITH = {
    "medialab/__main__.py": "tests/api/test_command_line.py",
    "medialab/diffusion/denoising.py": "tests/stages/test_contract.py",
    "medialab/diffusion/prepared.py": "tests/stages/test_contract.py",
    "medialab/diffusion/steps.py": "tests/stages/test_contract.py",
    "medialab/families/capabilities.py": "tests/families/test_contract.py",
    "medialab/families/listed": "tests/families/test_layers.py",
    "medialab/families/needs.py": "tests/families/test_contract.py",
    "medialab/families/opening.py": "tests/families/test_contract.py",
    "medialab/families/schedulers.py": "tests/families/test_contract.py",
    "medialab/families/texts.py": "tests/families/test_contract.py",
    "medialab/families/unet_clip/tiling.py": "tests/diffusion/test_tiling.py",
    "medialab/files/foreign_configs.py": "tests/loading/test_single_files.py",
    "medialab/files/onnx.py": "tests/vision/test_hostile.py",
    "medialab/files/part_configs.py": "tests/loading/test_single_files.py",
    "medialab/files/vae_configs.py": "tests/loading/test_vaes.py",
    "medialab/infotext/keys.py": "tests/infotext/test_text.py",
    "medialab/stage.py": "tests/stages/test_contract.py",
    "medialab/vision/finders/clipseg.py": "tests/vision/test_roles.py",
    "medialab/vision/finders/instances.py": "tests/vision/test_roles.py",
    "medialab/vision/finders/semantic.py": "tests/vision/test_roles.py",
}


def modules_with_logic():
    """Every module that has a function; the others are data alone."""
    for package in ("medialab", "widgets"):
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = ast.walk(ast.parse(path.read_text()))
            if path.name != "__init__.py" and any(
                isinstance(one, ast.FunctionDef) for one in parts
            ):
                yield path.relative_to(ROOT)


def mirrored(module):
    """Return where the tests of a module are looked for: `tests` mirrors the tree."""
    room = module.relative_to("medialab") if module.parts[0] == "medialab" else module
    return ROOT / "tests" / room.parent / f"test_{module.stem}.py"


def test_every_module_with_logic_has_a_test_file_of_its_name_or_is_tested_with_its_folder():
    without = [
        module.as_posix()
        for module in modules_with_logic()
        if not mirrored(module).exists()
        and not {one.as_posix() for one in (module, *module.parents)} & TESTED_WITH.keys()
    ]
    assert not without, f"write a test file for each: {', '.join(without)}"


@pytest.mark.parametrize("place", TESTED_WITH)
def test_what_is_tested_with_its_folder_is_there_and_so_are_its_tests(place):
    assert (ROOT / place).exists()
    assert "def test_" in (ROOT / TESTED_WITH[place]).read_text()
    if place.endswith(".py"):  # else it has a file of its own by now
        assert not mirrored(Path(place)).exists()
