"""LoRAs in runs: what they change, where, and that nothing of them is left."""

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from medialab import PipelineConfig, Workbench
from medialab.errors import ConfigError, ModelNotFoundError, ModelRefusedError

QUICK = {"prompt": "a red ball", "steps": 4, "width": 64, "height": 64, "seed": 7}
FACE = {"enabled": True, "detector": "centre", "guide_size": 64, "denoising_strength": 0.8}
FACE["prompt"] = "a blue hat"  # a paper doll's face would else be framed by its own habits
UNET = "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q"
TEXT = "encoder.layers.0.self_attn.q_proj"


def lora(seed, size=1.0, text=True):
    generator = torch.Generator().manual_seed(seed)
    tensors = {}
    for prefix, path, width in (("lora_unet_", UNET, 32), ("lora_te_", TEXT, 32)):
        if prefix == "lora_te_" and not text:
            continue
        name = prefix + path.replace(".", "_")
        tensors[f"{name}.lora_down.weight"] = torch.randn(4, width, generator=generator)
        tensors[f"{name}.lora_up.weight"] = size * torch.randn(width, 4, generator=generator)
    return tensors


@pytest.fixture
def models(tiny_models, tmp_path):
    import shutil

    folder = tmp_path / "models"
    shutil.copytree(tiny_models, folder)
    (folder / "loras").mkdir()
    save_file(lora(1), folder / "loras" / "ink.safetensors")
    save_file(lora(2), folder / "loras" / "gold.safetensors")
    wide = {key: torch.randn(640, 640) for key in lora(1)}
    save_file(wide, folder / "loras" / "wide.safetensors")
    return folder


@pytest.fixture
def bench(models, tmp_path):
    with Workbench(models, tmp_path / "outputs", device="cpu") as workbench:
        yield workbench


def drawn(bench, **settings):
    config = PipelineConfig.parse(QUICK | settings)
    return bench.execute(config)


def pixels(run):
    return run.image.tobytes()


def test_with_without_and_with_again(bench):
    plain = pixels(drawn(bench))
    styled = pixels(drawn(bench, loras=[{"name": "ink"}]))
    assert styled != plain
    bench.cache.clear()
    assert pixels(drawn(bench)) == plain
    assert pixels(drawn(bench, loras=[{"name": "ink"}])) == styled


@pytest.mark.parametrize("off", [{"weight": 0}, {"enabled": False}, {"start": 1.0, "stop": 1.0}])
def test_what_does_not_count_changes_nothing(bench, off):
    if "start" in off:
        off = off | {"text_encoder": 0}
    assert pixels(drawn(bench, loras=[{"name": "ink", **off}])) == pixels(drawn(bench))


def test_a_tag_is_the_same_as_the_setting(bench):
    by_setting = drawn(bench, loras=[{"name": "ink", "weight": 0.7, "text_encoder": 0.7}])
    by_tag = drawn(bench, prompt="a red ball<lora:ink:0.7>")
    assert pixels(by_tag) == pixels(by_setting)
    assert "<lora:ink:0.7>" in by_tag.config.prompt


def test_the_record_names_what_was_applied(bench):
    run = drawn(bench, loras=[{"name": "ink"}, {"name": "gold", "weight": 0.5}])
    applied = {stage["name"]: stage["applied"] for stage in run.record["stages"]}
    told = applied["txt2img"]["loras"]
    assert [one["name"] for one in told] == ["ink", "gold"]
    assert all(one["matched"] == 2 and one["kinds"] == ["lora"] for one in told)
    assert (
        "loras" not in {s["name"]: s["applied"] for s in drawn(bench).record["stages"]}["txt2img"]
    )


def test_two_pictures_of_a_batch_with_different_loras_are_their_single_runs(bench):
    batch = drawn(bench, prompt="a {red<lora:ink:1>|blue<lora:gold:1>} ball", batch_size=4)
    prompts = [artifact.prompt for artifact in batch.artifacts]
    assert len(set(prompts)) == 2
    for k, (prompt, image) in enumerate(zip(prompts, batch.images, strict=True)):
        bench.cache.clear()
        assert pixels(drawn(bench, prompt=prompt, seed=7 + k)) == image.tobytes()


def test_a_picture_is_made_again_from_its_own_file(bench):
    run = drawn(bench, prompt="a ball <lora:gold:0.4>", loras=[{"name": "ink", "weight": 0.5}])
    bench.cache.clear()
    loaded = bench.artifacts.load(run.artifact.path)
    assert sorted(loaded.loras_used()) == ["gold", "ink"]
    assert pixels(bench.execute(loaded)) == pixels(run)


def test_a_replaced_file_is_noticed(bench, models):
    run = drawn(bench, loras=[{"name": "ink"}])
    save_file(lora(9), models / "loras" / "ink.safetensors")
    with pytest.raises(ModelRefusedError, match="lora 'ink' is another file now"):
        bench.execute(run.config)
    assert pixels(drawn(bench, loras=[{"name": "ink"}])) != pixels(run)


def test_a_stage_has_its_own_or_the_bases_or_none(bench):
    start = bench.keep(Image.effect_noise((64, 64), 90).convert("RGB"))
    base = {"mode": "enhance", "image": start}
    none = drawn(bench, **base, face=FACE)
    inherited = drawn(bench, **base, loras=[{"name": "ink"}], face=FACE)
    own = drawn(bench, **base, face=FACE | {"loras": [{"name": "ink"}]})
    empty = drawn(bench, **base, loras=[{"name": "ink"}], face=FACE | {"loras": []})
    tagged = drawn(bench, **base, face=FACE | {"prompt": "a blue hat<lora:ink:1>"})
    assert pixels(inherited) == pixels(own) == pixels(tagged) != pixels(none)
    assert pixels(empty) == pixels(none)


def test_another_lora_for_the_detailer_runs_the_detailer_alone(bench):
    run = drawn(bench, face=FACE)
    changed = run.config.asked().changed(face=FACE | {"loras": [{"name": "gold"}]})
    hits = {found.stage: found.hit for found in bench.explain(changed)}
    assert hits["txt2img"]
    assert not hits["face"]
    again = bench.execute(changed)
    assert pixels(again) != pixels(run)
    assert pixels(drawn(bench, face=FACE)) == pixels(run)


def test_start_and_stop_change_the_picture(bench):
    whole = {"name": "ink", "text_encoder": 0}
    found = {
        pixels(drawn(bench, loras=[{**whole, **share}]))
        for share in ({}, {"stop": 0.5}, {"start": 0.5}, {"weight": 0})
    }
    assert len(found) == 4


def test_what_cannot_be_applied_is_named(bench, models):
    with pytest.raises(ModelNotFoundError, match=r"no lora 'inc'.*Did you mean 'ink'"):
        drawn(bench, loras=[{"name": "inc"}])
    with pytest.raises(ModelNotFoundError, match="no lora 'nope'"):
        drawn(bench, prompt="a ball <lora:nope:1>")
    with pytest.raises(ConfigError, match=r"start 0.9 is after stop 0.1"):
        drawn(bench, loras=[{"name": "ink", "start": 0.9, "stop": 0.1}])
    with pytest.raises(ModelRefusedError, match="LoRA 'wide' is made for another model"):
        drawn(bench, loras=[{"name": "wide"}])
    assert drawn(bench).image.size == (64, 64)


def test_the_pictures_differ_where_the_weight_says(bench):
    plain = np.asarray(drawn(bench).image).astype(float)
    change = [
        np.abs(np.asarray(drawn(bench, loras=[{"name": "ink", "weight": w}]).image) - plain).mean()
        for w in (0.05, 0.2, 0.6)
    ]
    assert 0 < change[0] < change[1] < change[2]
