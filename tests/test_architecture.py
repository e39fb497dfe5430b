"""The layers hold, importing the core stays cheap, and a module's tests are found by its name."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LIBRARIES = {"torch", "diffusers", "transformers", "numpy", "scipy", "tokenizers", "distributed"}
HEAVY = LIBRARIES | {"IPython", "ipywidgets", "traitlets", "httpx", "tqdm"}


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


def test_the_help_of_the_command_loads_no_more():
    command = [sys.executable, "-X", "importtime", "-m", "medialab", "--help"]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "medialab.api.reference" in loaded
    assert loaded & HEAVY == set()


def test_importing_the_panels_loads_only_the_notebook_beside_the_core():
    loaded = run_python("import widgets, sys; print(*sys.modules)").split()
    assert set(loaded) & LIBRARIES == set()


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
    "medialab/api/http/a1111": "tests/api/http/a1111/test_clients.py",
    "medialab/api/agents": "tests/api/agents/test_server.py",
    "medialab/api/doctor": "tests/api/test_doctor.py",
    "medialab/api/__main__.py": "tests/api/test_http.py",
    "medialab/api/http": "tests/api/test_http.py",
    "medialab/worker/__main__.py": "tests/runs/test_executor.py",
    "medialab/worker/start.py": "tests/devices/test_process.py",
    "medialab/api/bench_of_batch.py": "tests/api/test_batches.py",
    "medialab/api/jobs.py": "tests/api/test_service.py",
    "medialab/api/pictures.py": "tests/api/test_service.py",
    "medialab/batch/cluster/session.py": "tests/batch/cluster/test_executor.py",
    "medialab/batch/cluster/worker.py": "tests/batch/cluster/test_executor.py",
    "medialab/batch/cluster/workforce.py": "tests/batch/cluster/test_executor.py",
    "medialab/client": "tests/client/test_studio.py",
    "medialab/devices/device.py": "tests/devices/test_executor.py",
    "medialab/devices/listeners.py": "tests/devices/test_executor.py",
    "medialab/devices/messages.py": "tests/devices/test_executor.py",
    "medialab/devices/processes.py": "tests/devices/test_executor.py",
    "medialab/diffusion/denoising.py": "tests/stages/test_contract.py",
    "medialab/diffusion/inputs.py": "tests/stages/test_contract.py",
    "medialab/diffusion/prepared.py": "tests/stages/test_contract.py",
    "medialab/diffusion/preparing.py": "tests/stages/test_contract.py",
    "medialab/diffusion/steps.py": "tests/stages/test_contract.py",
    "medialab/batch/metrics/scores.py": "tests/batch/metrics/test_asked.py",
    "medialab/families/capabilities.py": "tests/families/test_contract.py",
    "medialab/families/chroma": "tests/families/t5_clip/test_families.py",
    "medialab/families/flux": "tests/families/t5_clip/test_families.py",
    "medialab/families/sd3": "tests/families/t5_clip/test_families.py",
    "medialab/families/t5_clip": "tests/families/t5_clip/test_families.py",
    "medialab/families/denoisers.py": "tests/families/test_contract.py",
    "medialab/families/encoders.py": "tests/families/test_published.py",
    "medialab/families/flux2_klein": "tests/families/test_flux2_klein.py",
    "medialab/families/listed": "tests/families/test_layers.py",
    "medialab/families/needs.py": "tests/families/test_contract.py",
    "medialab/families/opening.py": "tests/families/test_contract.py",
    "medialab/families/schedulers.py": "tests/families/test_contract.py",
    "medialab/families/texts.py": "tests/families/test_contract.py",
    "medialab/families/unet_clip/editing.py": "tests/stages/test_contract.py",
    "medialab/families/unet_clip/tiling.py": "tests/diffusion/test_tiling.py",
    "medialab/runs/tile_checks.py": "tests/families/test_by_hand.py",
    "medialab/files/foreign_configs.py": "tests/loading/test_single_files.py",
    "medialab/files/hash_database.py": "tests/files/test_hashes.py",
    "medialab/files/onnx.py": "tests/vision/test_hostile.py",
    "medialab/files/part_configs.py": "tests/loading/test_single_files.py",
    "medialab/files/vae_configs.py": "tests/loading/test_vaes.py",
    "medialab/infotext/interpretation.py": "tests/infotext/test_reader.py",
    "medialab/infotext/programs": "tests/infotext/programs/test_programs.py",
    "medialab/listing/note_files.py": "tests/listing/test_notes.py",
    "medialab/process/failures.py": "tests/process/test_queue.py",
    "medialab/process/jobs.py": "tests/process/test_queue.py",
    "medialab/remote/civitai_permissions.py": "tests/remote/test_civitai_answers.py",
    "medialab/remote/download.py": "tests/remote/test_downloads.py",
    "medialab/remote/fetching.py": "tests/remote/test_downloads.py",
    "medialab/remote/folders.py": "tests/remote/test_third_source.py",
    "medialab/remote/refusals.py": "tests/remote/test_downloads.py",
    "medialab/remote/transfer.py": "tests/remote/test_downloads.py",
    "medialab/remote/huggingface_answers.py": "tests/remote/test_huggingface.py",
    "medialab/runs/reference_checks.py": "tests/families/test_flux2_klein.py",
    "medialab/runs/run_models.py": "tests/runs/test_context.py",
    "medialab/runs/stage_needs.py": "tests/runs/test_memory_plan.py",
    "medialab/stage.py": "tests/stages/test_contract.py",
    "medialab/vision/finders/clipseg.py": "tests/vision/test_roles.py",
    "medialab/vision/finders/instances.py": "tests/vision/test_roles.py",
    "medialab/vision/scorers/clip.py": "tests/vision/test_roles.py",
    "medialab/workbench": "tests/test_workbench.py",
    "widgets/app/__main__.py": "tests/widgets/app/test_main.py",
    "widgets/app/server.py": "tests/ui/test_app.py",
    "widgets/lab/__main__.py": "tests/ui/test_first_minute.py",
    "widgets/sheet/description.py": "tests/widgets/sheet/test_sheet.py",
    "widgets/sheet/values.py": "tests/widgets/sheet/test_sheet.py",
    "widgets/shelf_tabs/shelf_tabs.py": "tests/widgets/test_shelf.py",
    "widgets/viewer/callbacks.py": "tests/widgets/viewer/test_viewer.py",
    "widgets/viewer/page_files.py": "tests/widgets/viewer/test_viewer.py",
    "widgets/viewer/pictures.py": "tests/widgets/viewer/test_viewer.py",
    "widgets/viewer/tiles.py": "tests/widgets/viewer/test_viewer.py",
    "widgets/words.py": "tests/widgets/sheet/test_words.py",
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
