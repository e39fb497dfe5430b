"""How long listing ten thousand models takes; tests/loading/test_registry.py counts the reads."""

import json
import os
import shutil
import time

from medialab.loading.registry import ModelRegistry

MODELS, OTHERS = 10_000, 200_000
MOST_OF_A_MODEL = 0.2  # that a file costs which is no model
MOST = 2.0  # seconds for the first listing, which reads every header
# A LoRA over every attention layer of SD1.5 has about 800 tensors, its header about 100 kB.
SMALL, REAL = 4, 792


def _write(folder, count, tensors):
    folder.mkdir(parents=True)
    entries = {
        f"lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k_{number}"
        ".lora_down.weight": {
            "dtype": "F16",
            "shape": [1, 8],
            "data_offsets": [16 * number, 16 * (number + 1)],
        }
        for number in range(tensors)
    }
    text = json.dumps(entries).encode()
    content = len(text).to_bytes(8, "little") + text + bytes(16 * tensors)
    for number in range(count):
        (folder / f"{number:05}.safetensors").write_bytes(content)


def _seconds(registry):
    start = time.perf_counter()
    registry.models("lora")
    return time.perf_counter() - start


def test_ten_thousand_models_are_listed(tmp_path, keep, gates):
    _write(tmp_path / "small" / "loras", MODELS, SMALL)
    _write(tmp_path / "real" / "loras", MODELS // 20, REAL)
    time.sleep(0.05)  # until the files count as settled
    small, real = ModelRegistry(tmp_path / "small"), ModelRegistry(tmp_path / "real")
    first, again = _seconds(small), _seconds(small)
    for _ in range(4 if gates else 0):
        first = min(first, _seconds(ModelRegistry(tmp_path / "small")))
    large, large_again = _seconds(real), _seconds(real)
    told = (
        f"{MODELS} small headers: first {first:.2f} s, again {again:.2f} s "
        f"({first / again:.0f} times); {MODELS // 20} headers of {REAL} tensors: "
        f"first {large:.2f} s, again {large_again:.3f} s"
    )
    keep(told, first=round(first, 3), again=round(again, 3))
    assert first < MOST or not gates


def test_two_hundred_thousand_other_files_are_passed_by(tmp_path, keep, gates):
    """They cost a listing of their folder, and nothing of them is opened or asked for."""
    folder = tmp_path / "alone" / "loras"
    _write(folder, MODELS // 10, SMALL)
    shutil.copytree(tmp_path / "alone", tmp_path / "among")
    for number in range(OTHERS):
        os.close(os.open(tmp_path / "among" / "loras" / f"{number}.txt", os.O_CREAT | os.O_WRONLY))
    time.sleep(0.05)
    alone, among = ModelRegistry(tmp_path / "alone"), ModelRegistry(tmp_path / "among")
    for registry in (alone, among):
        registry.models("lora")
    without = min(_seconds(alone) for _ in range(3))
    with_others = min(_seconds(among) for _ in range(3))
    each = (with_others - without) / OTHERS / (without / (MODELS // 10))
    told = (
        f"{MODELS // 10} models again: alone {without:.3f} s, among {OTHERS} other files "
        f"{with_others:.3f} s: one of these costs {each:.3f} of a model"
    )
    keep(told, alone=round(without, 3), among=round(with_others, 3))
    assert each < MOST_OF_A_MODEL or not gates
