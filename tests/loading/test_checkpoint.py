# ruff: noqa: S301 - whether unpickling is refused is what is tested here
"""Checkpoints are loaded without network or pickle, shared by their pipelines, and freed whole."""

import gc
import json
import os
import pickle
import shutil
import threading
import weakref
from io import BytesIO
from statistics import median

import pytest

from medialab.errors import ModelRefusedError
from medialab.files.pickles import refusing_pickles
from medialab.listing.info import ModelInfo
from medialab.loading.checkpoint import LoadedCheckpoint, load_checkpoint
from medialab.loading.networks import pick_dtype
from medialab.loading.registry import ModelRegistry
from medialab.process.memory_budget import MemoryBudget
from tests.tiny.checkpoints import write_paperdoll


class Malice:
    def __init__(self, target):
        self.target = target

    def __reduce__(self):
        return os.system, (f"touch {self.target}",)


def find(root, name="paperdoll"):
    return ModelRegistry(root).find(name, "checkpoint")


@pytest.fixture(scope="module")
def model(tiny_models):
    return load_checkpoint(find(tiny_models), "cpu")


# A folder


def test_a_folder_is_loaded_for_the_cpu_in_its_own_precision(model):
    import torch

    assert (model.family.name, model.device, model.dtype) == ("paperdoll", "cpu", torch.float32)
    weight = model.components["unet"].conv_in.weight
    assert weight.dtype == torch.float32
    assert weight.is_contiguous(memory_format=torch.channels_last)


def test_its_size_is_that_of_its_weights(model):
    weights = sum(
        tensor.numel() * tensor.element_size()
        for name in ("unet", "vae", "text_encoder")
        for tensor in (*model.components[name].parameters(), *model.components[name].buffers())
    )
    assert model.nbytes == weights


def test_it_makes_a_picture_and_shows_no_bar(tiny_models, capfd):
    import torch

    pipeline = load_checkpoint(find(tiny_models), "cpu").pipeline("text-to-image")
    (image,) = pipeline(
        "a hat",
        width=64,
        height=64,
        num_inference_steps=2,
        generator=torch.Generator().manual_seed(0),
    ).images
    assert image.size == (64, 64)
    assert "it/s]" not in capfd.readouterr().err


def test_bars_and_logs_are_as_they_were_after_a_load(tiny_models):
    from diffusers.utils import logging

    before = logging.is_progress_bar_enabled(), logging.get_verbosity()
    load_checkpoint(find(tiny_models), "cpu")
    assert (logging.is_progress_bar_enabled(), logging.get_verbosity()) == before


def test_pipelines_share_the_weights_but_not_the_scheduler_slot(model):
    one, two = (model.pipeline("text-to-image") for _ in range(2))
    assert one is not two
    assert one.unet is two.unet is model.components["unet"]
    one.scheduler = type(one.scheduler).from_config(one.scheduler.config)
    assert two.scheduler is model.components["scheduler"]


def test_what_is_cached_with_a_model_is_made_once(tiny_models):
    model, made = load_checkpoint(find(tiny_models), "cpu"), []
    for _ in range(2):
        assert model.cached("preview", lambda: made.append(1) or "made") == "made"
    assert made == [1]


def test_a_released_model_says_so(tiny_models):
    model = load_checkpoint(find(tiny_models), "cpu")
    model.release()
    assert model.components == {}
    with pytest.raises(RuntimeError, match="was released; load it again"):
        model.pipeline("text-to-image")


def test_a_folder_with_only_half_precision_names_is_loaded(tiny_models, tmp_path):
    root = tmp_path / "models"
    folder = root / "checkpoints" / "paperdoll"
    shutil.copytree(tiny_models / "checkpoints" / "paperdoll", folder)
    for weights in folder.glob("*/*.safetensors"):
        weights.rename(weights.with_suffix(".fp16.safetensors"))
    assert load_checkpoint(find(root), "cpu").nbytes > 0


@pytest.mark.parametrize("ending", [".bin", ".ckpt", ".pt"])
def test_a_part_that_is_a_pickle_only_is_refused_before_any_library_is_called(
    tiny_models, tmp_path, monkeypatch, ending
):
    import diffusers

    folder = tmp_path / "paperdoll"
    shutil.copytree(tiny_models / "checkpoints" / "paperdoll", folder)
    evil = folder / "unet" / f"diffusion_pytorch_model{ending}"
    evil.with_suffix(".safetensors").unlink()
    evil.write_bytes(pickle.dumps(Malice(tmp_path / "touched")))
    called = []
    monkeypatch.setattr(diffusers.DiffusionPipeline, "from_pretrained", called.append)
    # As a caller who never asked the registry would have it.
    info = ModelInfo("paperdoll", "checkpoint", "paperdoll", "diffusers", folder, 0)
    with pytest.raises(ModelRefusedError, match="as pickles only"):
        load_checkpoint(info, "cpu")
    assert not called
    assert not (tmp_path / "touched").exists()


def test_pickles_beside_the_weights_are_never_read(tiny_models, tmp_path, checksum):
    root = tmp_path / "models"
    folder = root / "checkpoints" / "paperdoll"
    shutil.copytree(tiny_models / "checkpoints" / "paperdoll", folder)
    for place in ("unet/diffusion_pytorch_model.bin", "text_encoder/pytorch_model.bin", "v1.ckpt"):
        (folder / place).write_bytes(pickle.dumps(Malice(tmp_path / "touched")))
    plain = load_checkpoint(find(tiny_models), "cpu")
    assert checksum(load_checkpoint(find(root), "cpu")) == checksum(plain)
    assert not (tmp_path / "touched").exists()


@pytest.mark.parametrize("ending", [".ckpt", ".pt", ".bin", ".safetensors"])
def test_a_single_pickle_is_refused_and_never_runs(tmp_path, ending):
    path = tmp_path / f"evil{ending}"
    path.write_bytes(pickle.dumps(Malice(tmp_path / "touched")))
    info = ModelInfo("evil", "checkpoint", "sd15", "original", path, 0)
    with pytest.raises(ModelRefusedError):
        load_checkpoint(info, "cpu")
    assert not (tmp_path / "touched").exists()


def test_a_refused_model_is_refused_with_its_reason(tmp_path):
    info = ModelInfo("x", "checkpoint", "sd15", "original", tmp_path / "x", 0, "it is odd")
    with pytest.raises(ModelRefusedError, match="it is odd"):
        load_checkpoint(info, "cpu")


@pytest.mark.parametrize(
    ("file", "change"),
    [
        ("model_index.json", {"unet": ["os", "system"]}),
        ("model_index.json", {"_class_name": ["pipeline", "Custom"]}),
        ("model_index.json", {"unet": ["my_code", "Custom"]}),
        ("unet/config.json", {"block_out_channels": [32, 32, 64]}),
    ],
)
@pytest.mark.every_row
def test_a_folder_that_no_library_can_load_is_refused_and_none_of_its_code_runs(
    tiny_models, tmp_path, file, change
):
    root = tmp_path / "models"
    folder = root / "checkpoints" / "paperdoll"
    shutil.copytree(tiny_models / "checkpoints" / "paperdoll", folder)
    for code in ("pipeline.py", "my_code.py", "unet/my_code.py"):
        (folder / code).write_text(f"open({str(tmp_path / 'touched')!r}, 'w')")
    config = folder / file
    config.write_text(json.dumps(json.loads(config.read_text()) | change))
    with pytest.raises(ModelRefusedError, match=r"paperdoll'? cannot be loaded: ."):
        load_checkpoint(find(root), "cpu")
    assert not (tmp_path / "touched").exists()


# The guard


def test_nothing_unpickles_while_a_model_is_loading(tiny_models, tmp_path, monkeypatch):
    import diffusers
    import torch

    evil = tmp_path / "evil.pt"
    evil.write_bytes(pickle.dumps(Malice(tmp_path / "touched")))
    refused = []

    def treacherous(*arguments, **settings):
        for unpickle in (
            lambda: torch.load(evil, weights_only=False),
            lambda: pickle.loads(evil.read_bytes()),
            lambda: pickle.load(BytesIO(evil.read_bytes())),
        ):
            try:
                unpickle()
            except ModelRefusedError as error:
                refused.append(str(error))
        raise OSError("no more ideas")

    monkeypatch.setattr(diffusers.DiffusionPipeline, "from_pretrained", treacherous)
    with pytest.raises(ModelRefusedError, match="no more ideas"):
        load_checkpoint(find(tiny_models), "cpu")
    assert [text.partition(" was called")[0] for text in refused] == [
        "torch.load",
        "pickle.loads",
        "pickle.load",
    ]
    assert not (tmp_path / "touched").exists()


def test_other_threads_unpickle_as_ever_while_one_is_guarded():
    content, got = pickle.dumps([1, 2]), []
    with refusing_pickles():
        thread = threading.Thread(target=lambda: got.append(pickle.loads(content)))
        thread.start()
        thread.join()
        with pytest.raises(ModelRefusedError):
            pickle.loads(content)
    assert got == [[1, 2]]


def test_a_guard_ends_with_its_block_even_within_another_or_after_an_error():
    import torch

    before = pickle.loads, pickle.load, torch.load
    with refusing_pickles():
        with pytest.raises(KeyError), refusing_pickles():
            raise KeyError
        with pytest.raises(ModelRefusedError):
            pickle.loads(b"N.")
    assert (pickle.loads, pickle.load, torch.load) == before
    assert pickle.loads(b"N.") is None


def test_two_guarded_threads_do_not_open_the_gate_for_each_other():
    entered, leave, refused = threading.Event(), threading.Event(), []

    def guarded():
        with refusing_pickles():
            entered.set()
            leave.wait(10)
            try:
                pickle.loads(b"N.")
            except ModelRefusedError:
                refused.append(True)

    thread = threading.Thread(target=guarded)
    with refusing_pickles():
        thread.start()
        assert entered.wait(10)
    leave.set()
    thread.join()
    assert refused == [True]
    assert pickle.loads(b"N.") is None


def test_the_unpicklers_themselves_can_be_pickled_under_the_guard():
    with refusing_pickles():
        content = pickle.dumps(pickle.loads)
    assert pickle.loads(content) is pickle.loads


# Devices and dtypes


def test_each_device_gets_a_dtype_it_computes_in_by_itself(monkeypatch):
    import torch

    assert pick_dtype("cpu") == torch.float32
    assert pick_dtype("mps") == torch.float16
    for native, dtype in ((True, torch.bfloat16), (False, torch.float16)):
        monkeypatch.setattr(
            torch.cuda, "is_bf16_supported", lambda including_emulation, native=native: native
        )
        assert pick_dtype("cuda:0") == dtype


def test_running_out_of_memory_is_not_the_models_fault(tiny_models, monkeypatch):
    import diffusers
    import torch

    def exhausted(*arguments, **settings):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")

    monkeypatch.setattr(diffusers.DiffusionPipeline, "from_pretrained", exhausted)
    with pytest.raises(torch.OutOfMemoryError):
        load_checkpoint(find(tiny_models), "cpu")


# Freeing


@pytest.fixture(scope="module")
def two_large_models(tiny_models, tmp_path_factory):
    """Two checkpoints of tens of megabytes each."""
    import torch
    from transformers import CLIPTokenizer

    from models.paperdoll import family

    root = tmp_path_factory.mktemp("large") / "models"
    tokens = tiny_models / "checkpoints" / "paperdoll" / "tokenizer"
    tokenizer = CLIPTokenizer.from_pretrained(tokens, local_files_only=True)
    size = family.Size((32, 32, 32, 32), (64, 128, 256), 1, 64, 1, batch=1)
    for seed, name in enumerate(("one", "two")):
        torch.manual_seed(seed)
        write_paperdoll(root / "checkpoints" / name, tokenizer, size)
    return root


def test_a_model_whose_room_is_needed_is_gone(two_large_models):
    registry = ModelRegistry(two_large_models, budget=MemoryBudget(1), device="cpu")
    one, two = registry.models("checkpoint")
    model = registry.load(one)
    assert isinstance(model, LoadedCheckpoint)
    pipeline = model.pipeline("text-to-image")
    dead = [weakref.ref(pipeline.unet), weakref.ref(pipeline.vae), weakref.ref(pipeline)]
    del model, pipeline
    registry.load(two)
    assert [reference() for reference in dead] == [None] * 3
    registry.unload_all()


@pytest.mark.thorough
@pytest.mark.slow
def test_twenty_switches_leave_memory_as_it_was(two_large_models):
    psutil = pytest.importorskip("psutil")
    registry = ModelRegistry(two_large_models, budget=MemoryBudget(1), device="cpu")
    models = registry.models("checkpoint")
    resident = []
    for number in range(4 + 20):
        model = registry.load(models[number % 2])
        assert model.nbytes > 20_000_000
        del model
        gc.collect()
        resident.append(psutil.Process().memory_info().rss)
    registry.unload_all()
    switches = resident[4:]  # the first loads import and allocate what stays for good
    # One reading varies by half a percent either way, as malloc happens to hold pages: medians.
    before, after = median(switches[:7]), median(switches[-7:])
    assert after <= before * 1.01, resident
    assert psutil.Process().memory_info().rss <= before - 20_000_000


# What no stage runs


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"cross_attention_dim": 999}, "is of family .*; those that run here"),
        (
            {"in_channels": 5},
            "is made for following a depth picture; folders of paperdoll",
        ),
        ({"in_channels": 6}, r"something else \(it reads 6 channels\)"),
    ],
)
def test_a_checkpoint_that_no_stage_runs_is_refused_before_a_weight_is_read(
    tiny_models, tmp_path, changes, message
):
    root = tmp_path / "models"
    shutil.copytree(tiny_models, root)
    config = root / "checkpoints" / "paperdoll" / "unet" / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | changes))
    with pytest.raises(ModelRefusedError, match=message):
        load_checkpoint(find(root), "cpu")
