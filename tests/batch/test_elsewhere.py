"""Pictures that a sweep asks for and that were saved before are used, not made again."""

import json
import shutil

import numpy as np
import pytest
from safetensors.numpy import save_file

from medialab import PipelineConfig, Workbench
from medialab.batch.elsewhere import Elsewhere
from medialab.batch.sweep import Sweep

BASE = PipelineConfig(prompt="a red ball", steps=1, width=64, height=64, seed=7)
KEY = "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn1_to_q"
INK = {f"{KEY}.lora_down.weight": np.ones((4, 32), "f4")}
INK |= {f"{KEY}.lora_up.weight": np.ones((32, 4), "f4")}
KEY = "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn1_to_q"
INK = {f"{KEY}.lora_down.weight": np.ones((4, 32), "f4")}
INK |= {f"{KEY}.lora_up.weight": np.ones((32, 4), "f4")}
HAND = {"enabled": True, "detector": "centre", "guide_size": 64}


def found(bench, sweep, known=()):
    return {
        row: one.path
        for row, one in Elsewhere(sweep, bench.resolve).find(bench.artifacts, known).items()
    }


@pytest.mark.parametrize(
    ("changes", "axes", "row"),
    [
        ({"seed": 2}, {"seed": [1, 2, 3]}, 1),
        ({"seed": 2, "steps": 2}, {"seed": [1, 2], "steps": [1, 2]}, 3),
        ({"prompt": "a cat"}, {"prompt": ["a dog", "a cat"]}, 1),
        ({"width": 128}, {"width, height": [[64, 64], [128, 64]]}, 1),
        ({"steps": 2}, {"look": [{"guidance_scale": 3}, {"steps": 2}]}, 1),
        ({"hand": HAND | {"denoising_strength": 0.5}}, {"hand.denoising_strength": [0.4, 0.5]}, 1),
        ({"seed": 3}, {"seed": [3, 3]}, 0),
        ({}, {}, 0),
    ],
)
def test_a_saved_picture_is_found_by_its_settings(bench, changes, axes, row):
    base = BASE.changed(hand=HAND) if "hand" in changes else BASE
    run = bench.execute(base.changed(**changes))

    assert found(bench, Sweep(base, axes)) == {row: run.artifact.path}


@pytest.mark.parametrize("how", ["zip", "random"])
def test_it_is_found_in_every_kind_of_sweep(bench, how):
    sweep = Sweep(
        BASE, {"seed": [1, 2], "steps": [1, 2]}, how, count=2 if how == "random" else None
    )
    run = bench.execute(sweep.config(1))

    assert found(bench, sweep) == {1: run.artifact.path}


@pytest.mark.parametrize(
    "changes",
    [
        {"negative_prompt": "blue"},
        {"guidance_scale": 3},
        {"sharpen": 0.5},
        {"seed": 9},
        {"format": "webp"},
    ],
)
def test_a_picture_of_any_other_setting_is_another_one(bench, changes):
    bench.execute(BASE.changed(**changes))

    assert found(bench, Sweep(BASE, {"seed": [7, 8]})) == {}


def test_weights_of_loras_count(tiny_models, tmp_path):
    shutil.copytree(tiny_models, tmp_path / "models")
    (tmp_path / "models" / "loras").mkdir(exist_ok=True)
    save_file(INK, tmp_path / "models" / "loras" / "ink.safetensors")
    sweep = Sweep(BASE, {"loras": [[], ["ink"], ["ink:0.5"]]})
    with Workbench(tmp_path / "models", tmp_path / "outputs", device="cpu") as bench:
        run = bench.execute(BASE.changed(loras=[{"name": "ink", "weight": 0.5}]))

        assert found(bench, sweep) == {2: run.artifact.path}


def test_choices_are_drawn_from_each_rows_own_seed(bench):
    base = BASE.changed(prompt="a {red|green|blue|white} ball")
    runs = [bench.execute(base.changed(seed=seed)) for seed in (1, 2, 3)]

    assert found(bench, Sweep(base, {"seed": [3, 2, 1]})) == {
        row: run.artifact.path for row, run in enumerate(reversed(runs))
    }


def test_what_is_known_cancelled_or_broken_is_not_used(bench):
    first, second = (bench.execute(BASE.changed(seed=seed)) for seed in (1, 2))
    sweep = Sweep(BASE, {"seed": [1, 2]})
    known = first.artifact.path.relative_to(bench.artifacts.folder).as_posix()

    assert [*found(bench, sweep, {known})] == [1]
    bench.artifacts.annotate(second.artifact.path, tags=["interrupted"])
    assert [*found(bench, sweep)] == [0]
    first.artifact.sidecar.write_text("{")
    assert found(bench, sweep) == {}


def test_a_sidecar_of_an_older_version_is_read_as_one(bench):
    run = bench.execute(BASE)
    content = json.loads(run.artifact.sidecar.read_text())
    del content["config"]["switch_at"]
    run.artifact.sidecar.write_text(json.dumps(content))

    assert [*found(bench, Sweep(BASE, {"seed": [7]}))] == [0]


def test_without_the_model_nothing_is_found_and_nothing_fails(bench):
    bench.execute(BASE)

    assert found(bench, Sweep(BASE, {"vae": ["gone"]})) == {}


def test_a_batch_uses_what_was_made_elsewhere_and_counts_it(bench):
    run = bench.execute(BASE.changed(seed=2))
    batch = bench.sweep(BASE, {"seed": [1, 2, 2]}, name="poster")

    assert str(batch.plan).startswith(
        "3 pictures; 1 of them the same as others, made once; 1 saved already, asked for "
        "elsewhere; 1 to make"
    )
    batch.run()
    path = run.artifact.path.relative_to(bench.artifacts.folder).as_posix()
    assert [*batch.table["path"]][1:] == [path, path]
    assert len(bench.artifacts.find()) == 2
    assert str(batch.plan).endswith("2 made already; 0 to make")


def test_a_row_that_is_asked_for_again_is_made_anew(bench):
    batch = bench.sweep(BASE, {"seed": [1]}, name="poster").run()

    batch.rerun([0])

    assert len(bench.artifacts.find()) == 2
