"""LoRAs where there is little memory: the same bytes, and never more than there is room for."""

import shutil

import pytest
import torch
from safetensors.torch import save_file

from medialab import PipelineConfig
from medialab.errors import ModelRefusedError
from medialab.loading.checkpoint import load_checkpoint
from medialab.loading.registry import ModelRegistry
from medialab.lora import LoRAManager, LoRAUse
from medialab.lora import patches as patches_module
from medialab.process.memory_budget import MemoryBudget

QUERY = "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn1_to_q"
VALUE = "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn1_to_v"
CONV = "lora_unet_down_blocks_0_resnets_0_conv1"
NORM = "lora_unet_down_blocks_0_resnets_0_norm1"
QUICK = {"prompt": "a red ball", "steps": 3, "width": 64, "height": 64, "seed": 7}
NO_MEMORY = "DefaultCPUAllocator: can't allocate memory: you tried to allocate 8589934592 bytes"


def some(*shape, seed=0):
    return 0.3 * torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


KINDS = {
    "plain": {
        f"{QUERY}.lora_down.weight": some(4, 32, seed=1),
        f"{QUERY}.lora_up.weight": some(32, 4, seed=2),
        f"{CONV}.lora_down.weight": some(4, 32, 3, 3, seed=3),
        f"{CONV}.lora_up.weight": some(32, 4, 1, 1, seed=4),
    },
    "loha": {
        f"{VALUE}.{name}": some(*shape, seed=number)
        for number, (name, shape) in enumerate(
            {
                "hada_w1_a": (32, 3),
                "hada_w1_b": (3, 32),
                "hada_w2_a": (32, 3),
                "hada_w2_b": (3, 32),
            }.items()
        )
    },
    "dora": {
        f"{QUERY}.lora_down.weight": some(4, 32, seed=1),
        f"{QUERY}.lora_up.weight": some(32, 4, seed=2),
        f"{QUERY}.dora_scale": some(32, 1, seed=5).abs() + 0.5,
    },
    "whole": {f"{NORM}.w_norm": some(32, seed=6), f"{NORM}.b_norm": some(32, seed=7)},
}


@pytest.fixture(scope="module")
def models(tiny_models, tmp_path_factory):
    folder = tmp_path_factory.mktemp("small") / "models"
    shutil.copytree(tiny_models, folder)
    (folder / "loras").mkdir()
    for name, tensors in KINDS.items():
        save_file(tensors, folder / "loras" / f"{name}.safetensors")
    return folder


@pytest.fixture
def drawn(bench):
    """A picture's bytes and its record, made anew."""

    def draw(*loras, **settings):
        bench.cache.clear()
        asked = [{"name": name} for name in loras]
        run = bench.execute(PipelineConfig.parse(QUICK | settings | {"loras": asked}), save=False)
        return run.image.tobytes(), run.record["stages"][-2]["applied"]

    return draw


@pytest.mark.thorough
@pytest.mark.parametrize("loras", [*((kind,) for kind in KINDS), ("plain", "loha", "whole")])
def test_without_room_to_keep_what_is_merged_every_byte_is_the_same(bench, drawn, checksum, loras):
    expected, record = drawn(*loras)
    plain, _ = drawn()
    assert expected != plain
    kept = bench.loras.cached_bytes
    model = bench.registry.load(bench.registry.find("paperdoll", "checkpoint"))
    before = checksum(model)
    bench.loras.clear_cache()
    bench.registry.budget.bound = model.nbytes
    small, small_record = drawn(*loras)
    assert (small, small_record) == (expected, record)
    assert bench.loras.cached_bytes == 0 < kept
    assert checksum(model) == before
    assert drawn()[0] == plain


def test_a_weight_slider_stays_within_the_room(bench, drawn):
    drawn("plain", "loha")
    one_set = bench.loras.cached_bytes
    bench.registry.budget.bound = bench.registry.nbytes + 3 * one_set
    for number in range(12):
        config = PipelineConfig.parse(
            QUICK | {"steps": 2, "loras": [{"name": "plain", "weight": number / 10}]}
        )
        bench.execute(config, save=False)
        assert bench.loras.cached_bytes <= 3 * one_set


def test_memory_that_runs_out_in_a_loras_arithmetic_is_no_fault_of_its_file(
    drawn, bench, monkeypatch
):
    expected, _ = drawn("plain")
    bench.loras.clear_cache()
    delta, faults = patches_module.delta, iter(range(1))

    def failing(leaves, weight, rows=None):
        if next(faults, None) is not None:
            raise RuntimeError(NO_MEMORY)
        return delta(leaves, weight, rows)

    monkeypatch.setattr(patches_module, "delta", failing)
    found, record = drawn("plain")
    assert found == expected
    assert [retry["why"] for retry in record["retries"]] == ["out of memory"]


def test_when_a_denoising_finds_no_memory_merged_sums_are_let_go_of_first(bench, drawn, failing):
    expected, _ = drawn("plain")
    model = bench.registry.load(bench.registry.find("paperdoll", "checkpoint"))
    failing(model.components["unet"], 2, RuntimeError(NO_MEMORY))
    found, record = drawn("plain")
    assert found == expected
    assert [retry["how"] for retry in record["retries"]] == [
        "caches freed",
        "LoRAs merged layer by layer",
    ]
    assert all(retry["same_pixels"] for retry in record["retries"])


BROKEN = {
    "an OFT's blocks": {f"{QUERY}.oft_blocks": some(4, 8, 7)},
    "a DoRA's magnitude": KINDS["dora"] | {f"{QUERY}.dora_scale": some(31, 1)},
    "a core of another rank": {
        f"{CONV}.lora_down.weight": some(4, 32, 1, 1),
        f"{CONV}.lora_up.weight": some(32, 4, 1, 1),
        f"{CONV}.lora_mid.weight": some(5, 5, 3, 3),
    },
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_misshaped_file_is_refused_with_its_name_and_the_layer(what, models, tmp_path, checksum):
    registry = ModelRegistry(models, device="cpu")
    model = load_checkpoint(registry.find("paperdoll", "checkpoint"), "cpu")
    before = checksum(model)
    path = tmp_path / "crooked.safetensors"
    save_file(BROKEN[what], path)
    layer = "down_blocks.*(to_q|conv1)"
    with (
        pytest.raises(ModelRefusedError, match=rf"'crooked'.*unet {layer}.*weight of \(32, 32"),
        LoRAManager(MemoryBudget()).apply_loras(model, [LoRAUse(path)], calls=20),
    ):
        pass
    assert checksum(model) == before
    model.release()


@pytest.mark.parametrize("start", [0.0, 0.5])
def test_a_misshaped_file_is_named_when_its_sums_are_made_for_each_call_or_late(
    bench, models, start, checksum
):
    path = models / "loras" / "crooked.safetensors"
    save_file(BROKEN["an OFT's blocks"], path)
    config = PipelineConfig.parse(QUICK | {"loras": [{"name": "crooked", "start": start}]})
    model = bench.registry.load(bench.registry.find("paperdoll", "checkpoint"))
    before = checksum(model)
    bench.registry.budget.bound = model.nbytes
    with pytest.raises(ModelRefusedError, match=r"'crooked'.*unet down_blocks.*to_q.*\(32, 32"):
        bench.execute(config, save=False)
    assert checksum(model) == before
    path.unlink()


def test_a_file_whose_tensors_have_no_sides_is_refused_with_the_tensors_name(tmp_path):
    path = tmp_path / "crooked.safetensors"
    flat = torch.tensor(1.0)
    save_file({f"{QUERY}.lora_down.weight": flat, f"{QUERY}.lora_up.weight": flat + 1}, path)
    with pytest.raises(ModelRefusedError, match=rf"'crooked'.*{QUERY}.lora_down"):
        LoRAManager(MemoryBudget()).read(path)
