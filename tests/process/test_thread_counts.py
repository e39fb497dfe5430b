"""The number of CPU threads decides the last bits: it is part of key, config and record."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from medialab import PipelineConfig, Workbench
from medialab.artifacts.sidecar import Sidecar
from medialab.process.threads import computing_with

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import hashlib, json, sys
from pathlib import Path
from medialab import PipelineConfig, Workbench

models, outputs, sidecar = sys.argv[1:]
with Workbench(models, outputs, device="cpu") as bench:
    config = PipelineConfig(
        prompt="a red ball", seed=5, steps=4, width=256, height=256,
        refiner={"enabled": True, "scale": 1.25, "denoising_strength": 0.6},
    )
    runs = [bench.execute(config), bench.execute(config)]
    if sidecar:
        runs.append(bench.execute(bench.artifacts.load(sidecar), save=False))
    print(json.dumps([
        {
            "sha256": hashlib.sha256(run.image.tobytes()).hexdigest(),
            "threads": run.record["threads"],
            "config": run.config.threads,
            "cached": [stage["cached"] for stage in run.record["stages"]],
        }
        for run in runs
    ]))
    sys.stderr.write(str(runs[0].artifact.path))
"""


@pytest.fixture(scope="module")
def made(tiny_models, tmp_path_factory):
    """The same request in three processes of 1, 2 and 3 threads, over one folder of outputs.

    Each makes it twice; the second and third also make the first one's picture from its sidecar.
    """
    outputs = tmp_path_factory.mktemp("threads")
    told, first = {}, ""
    for threads in (1, 2, 3):
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, str(tiny_models), str(outputs), first],
            capture_output=True,
            text=True,
            env=os.environ | {"OMP_NUM_THREADS": str(threads)},
            cwd=ROOT,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        told[threads] = json.loads(done.stdout)
        first = first or done.stderr.splitlines()[-1]
    return told


@pytest.mark.thorough
@pytest.mark.parametrize("threads", [1, 2, 3])
def test_config_and_record_say_how_many_threads_computed(made, threads):
    assert [(run["threads"], run["config"]) for run in made[threads][:2]] == [
        (threads, threads)
    ] * 2


@pytest.mark.thorough
@pytest.mark.parametrize("threads", [1, 2, 3])
def test_what_other_threads_made_never_answers_and_what_the_same_made_does(made, threads):
    cold, warm = made[threads][:2]
    assert (set(cold["cached"]), set(warm["cached"])) == ({False}, {True})
    assert cold["sha256"] == warm["sha256"]


@pytest.mark.parametrize("threads", [2, 3])
def test_a_picture_is_made_again_with_the_threads_that_made_it(made, threads):
    again = made[threads][2]
    assert (again["threads"], again["sha256"]) == (1, made[1][0]["sha256"])


@pytest.mark.thorough
def test_without_the_cache_a_recorded_number_gives_the_recorded_bytes(tiny_models, made, tmp_path):
    config = PipelineConfig(
        prompt="a red ball",
        seed=5,
        steps=4,
        width=256,
        height=256,
        refiner={"enabled": True, "scale": 1.25, "denoising_strength": 0.6},
    )
    import hashlib

    with Workbench(tiny_models, tmp_path, device="cpu") as bench:
        for threads in (1, 2, 3):
            resolved = bench.resolve(config).model_copy(update={"threads": threads})
            image = bench.execute(resolved, save=False).image
            assert hashlib.sha256(image.tobytes()).hexdigest() == made[threads][0]["sha256"]


def test_a_rerun_computes_with_the_threads_of_its_run(bench):
    config = bench.resolve(PipelineConfig(prompt="a ball", seed=1, steps=1, width=64, height=64))
    run = bench.execute(config.model_copy(update={"threads": 2}), save=False)
    again = bench.rerun(run, from_stage="finish", changes={"sharpen": 0.5}, save=False)
    assert again.config.threads == 2
    assert [stage["cached"] for stage in again.record["stages"]] == [True, True, False]


def test_what_is_asked_of_another_machine_does_not_carry_this_ones_threads(bench):
    config = bench.resolve(PipelineConfig(prompt="a ball"))
    assert config.threads == 1
    assert "threads" not in config.asked().model_dump()


def test_a_sidecar_of_before_has_its_threads_from_the_record(bench):
    run = bench.execute(PipelineConfig(prompt="a ball", seed=1, steps=1, width=64, height=64))
    told = json.loads(run.artifact.sidecar.read_text())
    del told["config"]["threads"]
    told["record"]["threads"] = 3
    run.artifact.sidecar.write_text(json.dumps(told))
    assert Sidecar.read(run.artifact.sidecar).config.threads == 3
    assert bench.artifacts.load(run.artifact.path).threads == 3


def test_a_detector_computes_with_the_threads_of_the_run_that_loads_it():
    with Workbench(ROOT / "models", device="cpu") as bench:
        info = bench.registry.find("paperdoll", "detector")
        with computing_with(1):
            one = bench.registry.load(info)
            assert bench.registry.load(info) is one
        with computing_with(2):
            assert bench.registry.load(info) is not one


def test_what_a_model_remembers_was_computed_with_the_same_threads(tiny_models, tmp_path):
    models = tmp_path / "models"
    shutil.copytree(tiny_models, models)
    (models / "loras").mkdir()
    layer = "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn1_to_q"
    lora = {f"{layer}.lora_down.weight": torch.ones(4, 32)}
    lora[f"{layer}.lora_up.weight"] = torch.ones(32, 4)
    save_file(lora, models / "loras" / "ink.safetensors")
    asked = PipelineConfig.parse(
        {"seed": 1, "steps": 2, "width": 64, "height": 64, "loras": [{"name": "ink"}]}
    )
    with Workbench(models, tmp_path / "outputs", device="cpu") as bench:
        kept = []
        for threads in (1, 1, 2):
            bench.cache.clear()
            config = bench.resolve(asked).model_copy(update={"threads": threads})
            bench.execute(config, save=False)
            model = bench.registry.load(bench.registry.find("paperdoll", "checkpoint"))
            texts = model.cached("encoded texts", dict)
            kept.append((bench.loras.cached_bytes, len(texts)))
    assert kept[0] == kept[1]
    assert kept[2][0] > kept[0][0]
    assert kept[2][1] == 2 * kept[0][1]
