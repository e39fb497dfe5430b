"""LoRA files read, refused and remembered."""

import os
import sys

import numpy as np
import psutil
import pytest
import torch
from safetensors.torch import save_file

from medialab.errors import ModelRefusedError
from medialab.files import hashes
from medialab.loading.registry import ModelRegistry
from medialab.lora import LoRAManager, read_lora
from medialab.process.memory import free_memory
from medialab.process.memory_budget import MemoryBudget

LAYER = "lora_unet_mid_block_attentions_0_proj_in"


def plain(width=8, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return {
        f"{LAYER}.lora_down.weight": torch.randn(4, width, generator=generator),
        f"{LAYER}.lora_up.weight": torch.randn(width, 4, generator=generator),
    }


def square(width):
    return torch.zeros(width, width)


# Each way to write a file down, as the registry and the reader tell it.
FILES = {
    "kohya": (
        {f"{LAYER}.lora_down.weight": square(4), f"{LAYER}.lora_up.weight": square(4)},
        "lora",
    ),
    "loha": ({f"{LAYER}.hada_w{n}_{end}": square(4) for n in (1, 2) for end in "ab"}, "loha"),
    "lokr": ({f"{LAYER}.lokr_w1": square(2), f"{LAYER}.lokr_w2": square(2)}, "lokr"),
    "ia3": (
        {
            "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k.weight": (
                torch.zeros(1280)
            ),
            "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k.on_input": (
                torch.tensor(False)
            ),
        },
        "ia3",
    ),
    "oft": ({f"{LAYER}.oft_blocks": torch.zeros(2, 2, 2)}, "oft"),
    "norms": ({f"{LAYER}.w_norm": torch.zeros(4), f"{LAYER}.b_norm": torch.zeros(4)}, "full"),
    "differences": ({f"{LAYER}.diff": square(4), f"{LAYER}.diff_b": torch.zeros(4)}, "full"),
    "diffusers": (
        {
            "unet.mid_block.attentions.0.proj_in.lora_A.weight": square(4),
            "unet.mid_block.attentions.0.proj_in.lora_B.weight": square(4),
        },
        "lora",
    ),
    "diffusers of 2022": (
        {
            f"mid_block.attentions.0.transformer_blocks.0.attn1.processor.to_q_lora.{end}.weight": (
                square(4)
            )
            for end in ("down", "up")
        },
        "lora",
    ),
}


@pytest.mark.parametrize("written", FILES)
def test_the_registry_lists_every_format_as_a_lora(tmp_path, written):
    tensors, kind = FILES[written]
    (tmp_path / "loras").mkdir()
    save_file(tensors, tmp_path / "loras" / "style.safetensors")
    info = ModelRegistry(tmp_path).find("style", "lora")
    assert info.refused is None
    file = read_lora(info.path)
    assert file.kinds == (kind,)
    assert (file.family, file.format) == (info.family, info.format)
    assert file.strange == ()


@pytest.mark.parametrize(
    ("ending", "shape", "named"),
    [
        ("oft_blocks", (2, 2, 2, 2), "a BOFT"),
        ("oft_diag", (2, 2, 2), "an OFT of LyCORIS before 2.0"),
        ("oft_R.default.weight", (2, 3), "an OFT of PEFT"),
        ("a1.weight", (2, 2), "a GLoRA"),
    ],
)
def test_a_kind_that_cannot_be_used_is_refused_by_its_name(tmp_path, ending, shape, named):
    path = tmp_path / "style.safetensors"
    save_file({f"{LAYER}.{ending}": torch.zeros(shape)}, path)
    with pytest.raises(ModelRefusedError, match=f"LoRA 'style' is {named}, which is not supported"):
        read_lora(path)


class Opened:
    """Which files this process opens while `counting`. An audit hook stays for good."""

    def __init__(self):
        self.paths, self.counting = [], False
        sys.addaudithook(self._heed)

    def _heed(self, event, arguments):
        if self.counting and event == "open":
            self.paths.append(str(arguments[0]))


@pytest.fixture(scope="module")
def opened():
    return Opened()


@pytest.fixture
def settled(monkeypatch):
    """Files count as old enough to be remembered at once."""
    monkeypatch.setattr(hashes.Stamp, "is_settled", lambda stamp: True)


def test_a_second_reading_opens_no_file(tmp_path, opened, settled):
    path = tmp_path / "style.safetensors"
    save_file(plain(), path)
    manager = LoRAManager()
    opened.counting = True
    first = manager.read(path)
    seen, opened.paths = opened.paths, []
    again = manager.read(path)
    opened.counting = False
    assert str(path) in seen
    assert opened.paths == []
    assert again is first


def test_a_file_replaced_by_one_of_the_same_size_and_time_is_noticed(tmp_path, settled):
    path = tmp_path / "style.safetensors"
    save_file(plain(seed=1), path)
    manager, before = LoRAManager(), path.stat()
    first = manager.read(path)
    other = tmp_path / "other.safetensors"
    save_file(plain(seed=2), other)
    path.write_bytes(other.read_bytes())
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    after = path.stat()
    assert (after.st_size, after.st_mtime_ns, after.st_ino) == (
        before.st_size,
        before.st_mtime_ns,
        before.st_ino,
    )
    second = manager.read(path)
    assert second.sha256 != first.sha256
    down = [one.layers[0].leaves["down"] for one in (first, second)]
    assert not torch.equal(*down)


def test_the_least_lately_used_file_is_dropped_and_one_too_large_is_not_kept(tmp_path, settled):
    paths = [tmp_path / f"{name}.safetensors" for name in "abc"]
    for number, path in enumerate(paths):
        save_file(plain(seed=number), path)
    size = read_lora(paths[0]).nbytes
    manager = LoRAManager(MemoryBudget(2 * size))
    first, second = manager.read(paths[0]), manager.read(paths[1])
    assert manager.read(paths[0]) is first
    manager.read(paths[2])
    assert manager.cached_bytes == 2 * size
    assert manager.read(paths[0]) is first
    assert manager.read(paths[1]) is not second
    small = LoRAManager(MemoryBudget(size - 1))
    assert small.read(paths[0]) is not small.read(paths[0])
    assert small.cached_bytes == 0


def test_reading_sixty_times_leaves_the_memory_as_it_was(tmp_path):
    paths, process = [], psutil.Process()
    for number in range(3):
        paths.append(tmp_path / f"{number}.safetensors")
        save_file(plain(width=131_072, seed=number), paths[-1])  # 2 MiB a tensor
    size = read_lora(paths[0]).nbytes
    manager, resident = LoRAManager(MemoryBudget(size)), []
    for turn in range(60):
        manager.read(paths[turn % 3])
        assert manager.cached_bytes == size
        if turn >= 10 and turn % 5 == 0:
            free_memory()
            resident.append(process.memory_info().rss)
    # Bytes a load, after the first ten: a file that stayed would be its whole size each. Medians of
    # some, since the allocator takes pieces of memory that serve many loads, and other tests before
    # this one left some to be reused.
    slope = (np.median(resident[-4:]) - np.median(resident[:4])) / (5 * (len(resident) - 4))
    assert slope < 0.05 * size, resident


def test_a_tensor_of_a_name_that_no_format_has_harms_no_other(tmp_path):
    path = tmp_path / "style.safetensors"
    save_file({**plain(), "some.statistics": torch.ones(3), "a.step": torch.tensor(7)}, path)
    assert read_lora(path).rank == read_lora(plain_file(tmp_path)).rank


def plain_file(folder):
    path = folder / "plain.safetensors"
    save_file(plain(), path)
    return path
