"""LoRAs are applied and taken off again; what was read and merged is kept within bounds."""

import gc
import shutil

import pytest
import torch

from medialab.errors import ModelRefusedError
from medialab.loading.checkpoint import load_checkpoint
from medialab.loading.registry import ModelRegistry
from medialab.lora import LoRAManager, LoRAUse
from medialab.lora.manager import MERGED_FROM
from medialab.process.memory_budget import MemoryBudget
from tests.lora.layers import LINEAR, checksum, module, written
from tests.tiny.loras import (
    drawn,
    kohya,
    linear_case,
    lokr_case,
)


def test_what_is_no_lora_is_refused(manager, tmp_path):
    with pytest.raises(ModelRefusedError, match="holds no known LoRA layer"):
        manager.read(written(tmp_path, {"decoder.weight": drawn(2, 2)}))
    pickle = tmp_path / "bad.ckpt"
    pickle.write_bytes(b"\x80\x04.")
    with pytest.raises(ModelRefusedError, match="pickle"):
        manager.read(pickle)


def test_a_file_is_read_once_and_again_when_it_was_replaced(manager, tmp_path, monkeypatch):
    path = written(tmp_path, kohya(LINEAR, linear_case(8, 8)[0]))
    first = manager.read(path)
    assert manager.read(path) is first
    other = written(tmp_path, kohya(LINEAR, linear_case(8, 16)[0]), "other")
    shutil.copy(other, path)
    assert manager.read(path).layers[0].leaves["down"].shape == (4, 16)


def test_the_cache_is_bounded_in_bytes(model, tmp_path):
    weight = module(model, LINEAR).weight
    bound = 3 * weight.nbytes
    manager = LoRAManager(MemoryBudget(bound))
    for number in range(50):
        leaves, _ = linear_case(*weight.shape)
        path = written(tmp_path, kohya(LINEAR, leaves), f"lora-{number}")
        with manager.apply_loras(model, [LoRAUse(path)], calls=20):
            pass
        assert 0 < manager.cached_bytes <= bound
    manager.clear_cache()
    assert manager.cached_bytes == 0


def test_checkpoints_share_one_bound_and_give_what_they_hold_back(model, tiny_models, tmp_path):
    registry = ModelRegistry(tiny_models, device="cpu")
    other = load_checkpoint(registry.find("paperdoll", "checkpoint"), "cpu")
    weight = module(model, LINEAR).weight
    use = LoRAUse(written(tmp_path, kohya(LINEAR, linear_case(*weight.shape)[0])))
    manager = LoRAManager()
    files = manager.read(use.path).nbytes
    manager = LoRAManager(MemoryBudget(files + weight.nbytes))
    for one in (model, other, model):
        with manager.apply_loras(one, [use]):
            pass
        assert manager.cached_bytes == files + weight.nbytes
    with manager.apply_loras(other, [use]):
        pass
    other.release()
    del other, one
    gc.collect()
    assert manager.cached_bytes == files


def test_a_warm_memory_gives_the_bytes_of_a_cold_one(model, manager, tmp_path):
    weight = module(model, LINEAR).weight
    use = LoRAUse(written(tmp_path, kohya(LINEAR, lokr_case(*weight.shape)[0])), 0.3)
    found = []
    for _ in range(2):
        with manager.apply_loras(model, [use]):
            found.append(weight.detach().clone())
    manager.clear_cache()
    with manager.apply_loras(model, [use]):
        found.append(weight.detach().clone())
    assert torch.equal(found[0], found[1])
    assert torch.equal(found[0], found[2])


@pytest.mark.parametrize(
    ("calls", "mode"), [(MERGED_FROM - 1, "attached"), (MERGED_FROM, "merged")]
)
def test_the_way_is_picked_by_the_number_of_calls(model, manager, tmp_path, calls, mode):
    weight = module(model, LINEAR).weight
    use = LoRAUse(written(tmp_path, kohya(LINEAR, linear_case(*weight.shape)[0])))
    with manager.apply_loras(model, [use], calls=calls) as applied:
        assert applied.mode == mode


def test_two_sets_at_once_on_one_checkpoint_are_refused(model, manager, tmp_path):
    weight = module(model, LINEAR).weight
    use = LoRAUse(written(tmp_path, kohya(LINEAR, linear_case(*weight.shape)[0])))
    before = checksum(model)
    with (
        manager.apply_loras(model, [use], calls=20),
        pytest.raises(RuntimeError, match="applied to this checkpoint already"),
        manager.apply_loras(model, [use], calls=20),
    ):
        pytest.fail("it was applied")
    assert checksum(model) == before


def test_no_loras_change_nothing_of_the_checkpoint(model, manager):
    before = checksum(model)
    with manager.apply_loras(model, []) as applied:
        assert (applied.mode, applied.reports) == ("none", ())
        assert checksum(model) == before


def test_files_that_are_being_applied_stay_in_memory_and_may_go_when_they_were(
    model, manager, tmp_path
):
    out, into = module(model, LINEAR).weight.shape
    path = written(tmp_path, kohya(LINEAR, linear_case(out, into)[0]))
    for _ in range(2):
        with manager.apply_loras(model, [LoRAUse(path)]):
            pass
        assert manager._files.oldest(None) is not None
    seen = []
    with manager._using_files():
        manager.read(path)
        with manager._using_files():
            pass
        seen.append(manager._files.oldest(None))
    assert seen == [None]
    assert manager._files.oldest(None) is not None
