"""Imports of diffusers beside a workbench's own: each in a fresh process, where nothing is loaded.

Without the gate one of the two threads fails with "cannot import name" at nearly every moment.
"""

import gc
import os
import subprocess
import sys
import weakref
from pathlib import Path

import pytest

from medialab.process.imports import without_collecting

ROOT = Path(__file__).resolve().parents[2]
CONFIG = 'PipelineConfig(prompt="a ball", seed=3, steps=1, width=64, height=64)'


@pytest.fixture
def told(tiny_models, tmp_path):
    """What a fresh process prints that runs this code with `bench`, a workbench."""

    def run(code, **environment):
        program = (
            "import sys, time\n"
            "from medialab import PipelineConfig, Workbench\n"
            f"bench = Workbench({str(tiny_models)!r}, {str(tmp_path / 'outputs')!r})\n"
            f"{code}\n"
            "bench.close()\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            env=os.environ | environment,
            cwd=ROOT,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.split()

    return run


@pytest.mark.thorough
@pytest.mark.parametrize("seconds", [0.0, 2.3])
def test_whoever_imports_diffusers_beside_a_run_gets_it_and_so_does_the_run(told, seconds):
    code = (
        f"job = bench.submit({CONFIG})\n"
        f"time.sleep({seconds})\n"
        "from diffusers import StableDiffusionXLPipeline\n"
        "print(StableDiffusionXLPipeline.__name__, job.result().image.size[0])\n"
        "import builtins, importlib\n"
        "real = [builtins.__import__, importlib.import_module]\n"
        "print(*[hasattr(one, '__wrapped__') for one in real])\n"
    )
    assert told(code) == ["StableDiffusionXLPipeline", "64", "False", "False"]


@pytest.mark.thorough
def test_a_library_that_was_there_before_gives_its_parts_beside_a_run(told):
    code = (
        "import transformers\n"
        f"job = bench.submit({CONFIG})\n"
        "print(transformers.CLIPTextModel.__name__, job.result().image.size[0])\n"
    )
    assert told(code) == ["CLIPTextModel", "64"]


@pytest.mark.thorough
def test_an_import_that_failed_is_tried_again_by_the_next_run(told, tmp_path):
    code = (
        "import importlib.abc\n"
        "class Broken(importlib.abc.MetaPathFinder):\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'diffusers':\n"
        "            raise ImportError('no diffusers for now')\n"
        "sys.meta_path.insert(0, Broken())\n"
        "try:\n"
        f"    bench.execute({CONFIG})\n"
        "except ImportError:\n"
        "    print('failed')\n"
        "del sys.meta_path[0]\n"
        f"print(bench.execute({CONFIG}).image.size[0])\n"
    )
    assert told(code) == ["failed", "64"]


# Each public entry as the first thing that a process does.
FIRST = {
    "execute": f"print(bench.execute({CONFIG}).image.size[0])",
    "enhance": (
        "from PIL import Image\n"
        'print(bench.enhance(Image.new("RGB", (64, 64)), PipelineConfig(seed=1)).image.size[0])'
    ),
    "models": "print(64 * len(bench.models('checkpoint')))",
    "explain": f"print(64 * (len(bench.explain({CONFIG})) > 1))",
    "service": (
        "from medialab.api.service import Service\n"
        "folders = [one.path for one in bench.registry.folders]\n"
        "service = Service(folders, bench.artifacts.folder, 'cpu')\n"
        f"job = service.generate({CONFIG})\n"
        "print(job.error(120) or job.run['pictures'][0]['width'])\n"
        "service.close()"
    ),
}


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param(entry, marks=[pytest.mark.thorough] if entry != "execute" else [])
        for entry in FIRST
    ],
)
def test_every_entry_works_as_the_first_thing_that_a_process_does(told, entry):
    assert told(FIRST[entry]) == ["64"]


@pytest.mark.thorough
def test_a_picture_that_is_kept_needs_neither_torch_nor_diffusers(told):
    assert told(f"print(bench.execute({CONFIG}).record['stages'][-1]['cached'])") == ["False"]
    heavy = "[name for name in ('torch', 'diffusers', 'transformers') if name in sys.modules]"
    code = (
        f"run = bench.execute({CONFIG})\n"
        f"print({heavy}, *[stage['cached'] for stage in run.record['stages']])\n"
    )
    assert told(code) == ["[]", "True", "True", "True"]


@pytest.mark.thorough
def test_a_workbench_that_is_left_alone_loads_what_it_needs_by_itself(told):
    code = "time.sleep(2.5)\nbench.executor.close()\nprint('diffusers' in sys.modules)"
    assert told(code) == ["True"]


# A script of diffusers that draws the same, and what may be loaded beside its libraries: those that
# the studio is built of.
BARE = """
import sys, torch
from diffusers import DDIMScheduler, StableDiffusionPipeline
pipeline = StableDiffusionPipeline.from_pretrained(sys.argv[1], local_files_only=True)
pipeline.scheduler = DDIMScheduler.from_config(pipeline.scheduler.config)
pipeline("a ball", width=64, height=64, num_inference_steps=1,
    generator=torch.Generator().manual_seed(3)).images[0]
print(*sys.modules)
"""
OF_THE_STUDIO = frozenset(
    {"medialab", "pydantic", "pydantic_core", "annotated_types", "typing_inspection", "zict", "PIL"}
)


@pytest.mark.thorough
def test_a_first_picture_loads_what_a_script_of_diffusers_does_and_no_other_library(
    told, tiny_models
):
    checkpoint = tiny_models / "checkpoints" / "paperdoll"
    command = [sys.executable, "-c", BARE, str(checkpoint)]
    bare = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout
    code = f"bench.execute({CONFIG}.changed(sampler='DDIM'))\nprint(*sys.modules)"
    beyond = set(told(code)) - set(bare.splitlines()[-1].split())
    packages = {name.partition(".")[0] for name in beyond}
    assert packages - sys.stdlib_module_names <= OF_THE_STUDIO
    assert "medialab.workbench" in beyond


class Node:
    """What only Python's search for cycles frees."""

    def __init__(self):
        self.itself = self


@pytest.fixture
def collecting():
    """The search for cycles as it was, after the test; within it nothing is frozen.

    What was frozen is frozen again: thawed, it cost every later test of this process that closes a
    workbench or looks for garbage.
    """
    before, frozen = gc.isenabled(), gc.get_freeze_count()
    gc.unfreeze()
    yield
    gc.unfreeze()
    if frozen:
        gc.collect()
        gc.freeze()
    (gc.enable if before else gc.disable)()


@pytest.mark.parametrize("collects", [True, False])
def test_cycles_are_searched_for_after_an_import_as_before_even_if_it_failed(collects, collecting):
    (gc.enable if collects else gc.disable)()
    seen = []

    def fail():
        with without_collecting():
            seen.append(gc.isenabled())
            raise ImportError

    with pytest.raises(ImportError):
        fail()
    assert (seen, gc.isenabled()) == ([False], collects)


def test_what_was_imported_is_not_searched_again_with_what_is_new_and_can_be_freed(collecting):
    with without_collecting():
        made = Node()
    assert gc.get_freeze_count() == 0
    assert any(one is made for one in gc.get_objects(generation=2))
    there = weakref.ref(made)
    del made
    gc.collect()
    assert there() is None


def test_what_others_froze_stays_frozen(collecting):
    gc.freeze()
    frozen = gc.get_freeze_count()
    with without_collecting():
        pass
    assert gc.get_freeze_count() == frozen
