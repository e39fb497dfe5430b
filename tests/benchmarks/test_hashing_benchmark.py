"""What all hashes of a file cost beside its SHA-256 alone, and those of ten thousand files."""

import os
import time

from medialab.files.hashes import HashCache
from medialab.loading.by_content import by_hash, duplicates
from medialab.loading.registry import ModelRegistry
from tests.tiny.headers import write_lora

SIZE = 2**27  # bytes
MOST = 5.0  # times the SHA-256, which is computed twice: of the file, and of its tensors
FEW, MODELS = 1_000, 10_000  # without and with gates


def seconds(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def test_all_hashes_cost_little_more_than_two_of_sha256(tmp_path, keep, gates):
    path = tmp_path / "model.safetensors"
    path.write_bytes((2).to_bytes(8, "little") + b"{}" + os.urandom(SIZE))
    time.sleep(0.05)  # until the file counts as settled
    one = min(seconds(lambda: HashCache().sha256(path)) for _ in range(3))
    every = min(seconds(lambda: HashCache().digests(path)) for _ in range(3))
    mebibytes = SIZE / 2**20 / every
    told = f"all hashes: {mebibytes:.0f} MiB/s, {every / one:.1f} times the SHA-256 alone"
    keep(told, times=round(every / one, 2))
    assert every / one < MOST or not gates


def test_ten_thousand_models_are_hashed_and_found(tmp_path, keep, gates):
    count = MODELS if gates else FEW
    for number in range(count):
        path = write_lora(tmp_path / "models" / "loras" / f"{number:05}.safetensors", rank=1)
        with path.open("r+b") as file:
            file.seek(-8, os.SEEK_END)
            file.write(number.to_bytes(8, "little"))
    time.sleep(0.05)
    registry = ModelRegistry(tmp_path / "models", hash_cache=tmp_path / "hashes.sqlite")
    listing = min(seconds(registry.models) for _ in range(2))
    first = seconds(lambda: registry.hashing.start().result())
    again = seconds(lambda: registry.hashing.start().result())
    text = registry.hashes.digests(path).autov3
    found = seconds(lambda: by_hash(registry, text))
    equal = seconds(lambda: duplicates(registry))
    told = (
        f"{count} models: hashed in {first:.1f} s, again {again:.2f} s, one found by its hash in "
        f"{found:.2f} s, duplicates in {equal:.2f} s; listed in {listing:.2f} s"
    )
    keep(told, again=round(again / listing, 2), found=round(found / listing, 2))
    assert max(again, found, equal) < 5 * listing or not gates
