"""What a stage draws with is lent to it: nothing of a run stays on a model, or reaches another."""

import shutil
import threading
import time

import pytest
import torch
from safetensors.torch import load_file, save_file

from medialab import PipelineConfig, Workbench
from medialab.errors import CancelledError
from medialab.loading.registry import ModelRegistry
from tests.tiny.networks import make_vae_of_four_levels

QUICK = {"steps": 3, "width": 64, "height": 64, "seed": 7}
AGAIN = {"enabled": True, "scale": 1.0, "denoising_strength": 0.5}
# Each refines with the other's checkpoint: two locks would wait for each other for ever.
ASKED = [
    PipelineConfig.parse(
        QUICK
        | {
            "prompt": "a mina ball <lora:ink:1>",
            "vae": "soft",
            "refiner": AGAIN | {"checkpoint": "other"},
        }
    ),
    PipelineConfig.parse(
        QUICK
        | {
            "prompt": "a red hat",
            "checkpoint": "other",
            "loras": [{"name": "ink", "weight": -2.0, "stop": 0.6}],
            "refiner": AGAIN
            | {"checkpoint": "paperdoll", "loras": [{"name": "ink", "weight": 1.5}]},
        }
    ),
]


@pytest.fixture(scope="module")
def models(tiny_models, tmp_path_factory):
    """Two checkpoints of one family, and what a stage may put around them."""
    folder = tmp_path_factory.mktemp("lent") / "models"
    shutil.copytree(tiny_models, folder)
    other = folder / "checkpoints" / "other"
    shutil.copytree(folder / "checkpoints" / "paperdoll", other)
    torch.manual_seed(0)
    (weights,) = (other / "unet").glob("*.safetensors")
    save_file({name: one * 1.1 for name, one in load_file(weights).items()}, weights)
    for kind in ("loras", "embeddings", "vae"):
        (folder / kind).mkdir(exist_ok=True)
    key = "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn1_to_q"
    ink = {f"{key}.lora_down.weight": torch.randn(4, 32)}
    ink[f"{key}.lora_up.weight"] = torch.randn(32, 4)
    save_file(ink, folder / "loras" / "ink.safetensors")
    save_file({"emb_params": torch.randn(1, 32)}, folder / "embeddings" / "mina.safetensors")
    make_vae_of_four_levels().save_pretrained(folder / "vae" / "soft")
    return folder


@pytest.fixture
def registry(models):
    shared = ModelRegistry(models, device="cpu")
    yield shared
    shared.unload_all()


def entries(registry):
    """Every loaded model, and what it holds: the names of its attributes and their values."""
    return {model: dict(vars(model)) for model in registry._loaded.values()}


def cached(entries):
    return {model: set(held.get("_cached", ())) for model, held in entries.items()}


def test_after_a_run_nothing_of_it_is_on_any_model(registry, tmp_path):
    with Workbench(outputs=tmp_path, registry=registry) as bench:
        first, second = ASKED
        bench.execute(first, save=False)
        bench.execute(second, save=False)
        before = entries(registry)
        assert len(before) == 3
        bench.execute(first.changed(seed=8, prompt="a mina hat <lora:ink:2>"), save=False)
        after = entries(registry)
    assert after == before  # what is made for any run lies in one memory, by content
    assert cached(after) == cached(before)


def test_a_run_that_was_cancelled_leaves_nothing_either(registry, tmp_path):
    with Workbench(outputs=tmp_path, registry=registry) as bench:
        for config in ASKED:
            bench.execute(config, save=False)
        before = entries(registry)
        bench.cache.clear()
        known, jobs = threading.Event(), []

        def stop(event):
            if event.kind == "step" and event.stage == "refiner":
                known.wait()
                jobs[0].cancel()

        bench.executor.listen(stop)
        jobs.append(bench.submit(ASKED[0]))
        known.set()
        with pytest.raises(CancelledError):
            jobs[0].result()
        assert entries(registry) == before


@pytest.mark.thorough
def test_two_workbenches_on_one_registry_give_the_bytes_that_each_gives_alone(models, tmp_path):
    def configs(asked):
        return [asked.changed(seed=seed) for seed in (1, 2, 3)]

    alone = []
    for number, asked in enumerate(ASKED):
        with Workbench(models, tmp_path / f"alone {number}", "cpu") as bench:
            runs = [bench.execute(one, save=False) for one in configs(asked)]
            alone.append([run.image.tobytes() for run in runs])
    with (
        Workbench(models, tmp_path / "one", "cpu") as one,
        Workbench(outputs=tmp_path / "other", registry=one.registry) as other,
    ):
        jobs = [
            [bench.submit(config, save=False) for config in configs(asked)]
            for bench, asked in zip((one, other), ASKED, strict=True)
        ]
        together = [[job.result(60).image.tobytes() for job in queued] for queued in jobs]
    assert together == alone


def test_who_waits_for_the_models_can_be_cancelled(registry, tmp_path):
    with Workbench(outputs=tmp_path, registry=registry) as bench:
        with registry.lent():
            job = bench.submit(ASKED[0])
            while job.state != "running":
                time.sleep(0.01)
            job.cancel()
            with pytest.raises(CancelledError):
                job.result(30)
        assert not registry._loaded


def test_to_unload_waits_until_the_models_are_given_back(registry):
    registry.load(registry.find("paperdoll", "checkpoint"))
    unloading = threading.Thread(target=registry.unload_all)
    with registry.lent():
        unloading.start()
        unloading.join(0.2)
        assert registry._loaded
    unloading.join()
    assert not registry._loaded


def test_a_workbench_that_closes_leaves_shared_models_to_the_other(registry, tmp_path):
    with Workbench(outputs=tmp_path, registry=registry) as bench:
        bench.execute(ASKED[0], save=False)
    assert registry._loaded
