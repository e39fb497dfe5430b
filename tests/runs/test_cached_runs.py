"""The stage cache under a whole run: every stage explains itself, every re-run is the full run."""

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from medialab import PipelineConfig, Workbench
from medialab.loading.upscalers import compact_network
from medialab.pixels.geometry import Box
from medialab.pixels.masks import blurred, box_mask
from medialab.runs.cache import StageCache

DETAIL = {"enabled": True, "detector": "centre", "guide_size": 64, "denoising_strength": 0.7}
QUERY = "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn1_to_q"
RUN = {
    "prompt": "a red ball",
    "steps": 3,
    "width": 64,
    "height": 64,
    "seed": 7,
    "refiner": {"enabled": True, "scale": 1.5, "denoising_strength": 0.7},
    "body": DETAIL,
    "face": DETAIL | {"loras": [{"name": "ink"}]},
    "hand": DETAIL,
    "upscaler": {"enabled": True, "upscaler": "tiny"},
    "sharpen": 1.0,
}
STAGES = ["prompt", "txt2img", "refiner", "body", "face", "hand", "upscaler", "finish"]


def asked(**changes):
    return PipelineConfig.parse(RUN | changes)


@pytest.fixture(scope="module")
def models(tiny_models, tmp_path_factory):
    folder = tmp_path_factory.mktemp("cached") / "models"
    shutil.copytree(tiny_models, folder)
    torch.manual_seed(1)
    for kind in ("loras", "upscalers"):
        (folder / kind).mkdir()
    lora = {f"{QUERY}.lora_down.weight": torch.randn(4, 32)}
    lora[f"{QUERY}.lora_up.weight"] = torch.randn(32, 4)
    save_file(lora, folder / "loras" / "ink.safetensors")
    network = compact_network(features=8, layers=1, scale=2)
    tiny = {name: one.contiguous() for name, one in network.state_dict().items()}
    save_file(tiny, folder / "upscalers" / "tiny.safetensors")
    return folder


@pytest.fixture(scope="module")
def bench(models, tmp_path_factory):
    with Workbench(models, tmp_path_factory.mktemp("outputs"), device="cpu") as workbench:
        yield workbench


@pytest.fixture(scope="module")
def first(bench):
    return bench.execute(asked())


CHANGES = {
    "prompt": ({"clip_skip": 1, "prompt": "a blue ball"}, "prompt:"),
    "txt2img": ({"steps": 4}, "steps: 3 → 4"),
    "refiner": ({"refiner": {**RUN["refiner"], "scale": 1.25}}, "scale: 1.5 → 1.25"),
    "body": ({"body": {**DETAIL, "seed": 8}}, "seed: 7 → 8"),
    "face": ({"face": {**RUN["face"], "loras": []}}, "loras:"),
    "hand": (
        {"hand": {**DETAIL, "denoising_strength": 1.0}},
        "denoising_strength: 0.7 → 1.0",
    ),
    "upscaler": ({"upscaler": {**RUN["upscaler"], "tile": 48}}, "tile: 192 → 48"),
    "finish": ({"sharpen": 0.5}, "sharpen: 1.0 → 0.5"),
}


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_says_what_changed_and_those_before_it_are_kept(bench, first, stage):
    changes, reason = CHANGES[stage]
    told = {one.stage: one for one in bench.explain(asked(**changes))}
    assert list(told) == STAGES
    before, after = STAGES[: STAGES.index(stage)], STAGES[STAGES.index(stage) + 1 :]
    assert all(told[name].hit and told[name].reason == "cached" for name in before)
    assert not told[stage].hit
    assert reason in told[stage].reason
    assert all("a stage before it changed" in told[name].reason for name in after)


def test_a_run_that_is_kept_says_so_for_every_stage(bench, first):
    assert all(one.hit for one in bench.explain(asked()))
    assert all(one.hit for one in bench.explain(first.config))


@pytest.mark.thorough
@pytest.mark.parametrize("stage", ["refiner", "body", "face", "hand", "upscaler"])
def test_a_rerun_from_any_stage_is_byte_for_byte_the_full_run(
    bench, first, models, tmp_path, stage
):
    changes, _ = CHANGES[stage]
    rerun = bench.rerun(first, from_stage=stage, changes=changes)
    reused = [one["name"] for one in rerun.record["stages"] if one["cached"]]
    assert reused == STAGES[: STAGES.index(stage)]
    with Workbench(models, tmp_path / "cold", device="cpu") as cold:
        full = cold.execute(asked(**changes))
    assert rerun.image.tobytes() == full.image.tobytes() != first.image.tobytes()


@pytest.mark.parametrize(
    ("file", "stages", "reason"),
    [
        ("upscalers/tiny.safetensors", ["upscaler"], "upscaler tiny is another file"),
        ("loras/ink.safetensors", ["face"], "lora ink is another file"),
        (
            "checkpoints/paperdoll/vae/diffusion_pytorch_model.safetensors",
            STAGES,
            "checkpoint is another file",
        ),
    ],
)
def test_pain_08_a_model_replaced_under_the_same_name_is_noticed(
    bench, first, models, file, stages, reason
):
    path = models / file
    before = path.read_bytes()
    tensors = load_file(path)
    name = min(tensors)
    save_file(tensors | {name: tensors[name] + 0.5}, path)
    try:
        told = {one.stage: one for one in bench.explain(asked())}
        assert all(reason in told[stage].reason for stage in stages)
        kept = STAGES[: STAGES.index(stages[0])]
        assert [name for name, one in told.items() if one.hit] == kept
        again = bench.execute(asked())
        assert again.image.tobytes() != first.image.tobytes()
    finally:
        path.write_bytes(before)
    assert bench.execute(asked()).image.tobytes() == first.image.tobytes()


@pytest.mark.thorough
def test_pain_08_the_picture_is_that_of_a_fresh_process_after_any_other_runs(
    bench, models, tmp_path
):
    for other in ({"steps": 2}, {"sampler": "Euler a"}, {"loras": [{"name": "ink"}]}):
        bench.execute(asked(seed=9, **other))
    bench.cache.clear()
    here = bench.execute(asked()).artifact.path.read_bytes()
    code = (
        "import sys, json; from medialab import PipelineConfig, Workbench\n"
        "with Workbench(sys.argv[1], sys.argv[2], device='cpu') as bench:\n"
        "    run = bench.execute(PipelineConfig.parse(json.loads(sys.argv[3])))\n"
        "    print(run.artifact.path)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(models), str(tmp_path / "fresh"), json.dumps(RUN)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(done.stdout.strip().splitlines()[-1]).read_bytes() == here


def test_pain_21_outside_the_mask_every_byte_is_the_inputs_whatever_the_mask(bench):
    picture = Image.effect_noise((96, 72), 90).convert("RGB")
    mask = box_mask(Box(20, 12, 60, 50), *picture.size)
    for blur in (0, 3):
        run = bench.enhance(
            picture,
            PipelineConfig(
                prompt="a red ball",
                steps=3,
                seed=7,
                mode="inpaint",
                inpaint={"mask": bench.keep(mask), "mask_blur": blur},
            ),
        )
        outside = np.asarray(blurred(mask, blur)) == 0
        assert (np.asarray(run.image)[outside] == np.asarray(picture)[outside]).all()
        assert (np.asarray(run.image)[~outside] != np.asarray(picture)[~outside]).any()


def _spoil(path, value):
    """Another value in an entry's file, with the checksum that it should have."""
    content = path.read_bytes()
    head = content[: 8 + int.from_bytes(content[:8], "little")]
    path.write_bytes(head + hashlib.sha256(value).digest() + value)


@pytest.mark.parametrize("value", [b"", b"garbage" * 50, b"cut"], ids=["empty", "garbage", "cut"])
def test_an_entry_with_the_right_checksum_and_no_frame_in_it_is_made_anew(
    tiny_models, tmp_path, value
):
    face = {"enabled": True, "detector": "centre"}
    config = PipelineConfig(prompt="a ball", seed=1, steps=2, width=64, height=64, face=face)
    with Workbench(models=tiny_models, outputs=tmp_path, device="cpu") as bench:
        first = bench.execute(config, save=False)
        for path in bench.cache.folder.glob("*.stage"):
            whole = path.read_bytes()
            body = whole[8 + int.from_bytes(whole[:8], "little") + 32 :]
            _spoil(path, body[: len(body) // 2] if value == b"cut" else value)
        bench._maker.cache = StageCache(bench.cache.folder)
        again = bench.execute(config, save=False)
        assert again.image.tobytes() == first.image.tobytes()
        (notice,) = again.record["notices"]
        assert "was broken and was removed" in notice
        assert "notices" not in bench.execute(config, save=False).record


def test_a_cache_that_cannot_be_written_is_said_once_and_costs_no_picture(
    tiny_models, tmp_path, caplog
):
    (tmp_path / "outputs").mkdir()
    (tmp_path / "outputs" / "cache").write_text("in the way")
    config = PipelineConfig(prompt="a ball", seed=1, steps=2, width=64, height=64)
    with Workbench(models=tiny_models, outputs=tmp_path / "outputs", device="cpu") as bench:
        run = bench.execute(config, save=False)
        bench.execute(config.changed(seed=2), save=False)
    (notice,) = run.record["notices"]
    assert "outputs/cache cannot be written" in notice
    assert [record.getMessage() for record in caplog.records].count(notice) == 1
