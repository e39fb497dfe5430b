"""Upscaler models: safetensors only, through spandrel without torchvision, tile by tile."""

import pickle
import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from medialab.errors import CancelledError, MissingLibraryError, ModelRefusedError
from medialab.loading.upscalers import compact_network, load_upscaler


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return compact_network(features=8, layers=2, scale=2)


@pytest.fixture
def file(network, tmp_path):
    path = tmp_path / "tiny-2x.safetensors"
    save_file(
        {name: value.half().contiguous() for name, value in network.state_dict().items()}, path
    )
    return path


@pytest.fixture
def picture():
    rows = np.linspace(0, 255, 60)[:, None, None]
    noise = np.random.default_rng(1).integers(0, 60, (60, 84, 3))
    return Image.fromarray(np.clip(rows + noise - 30, 0, 255).astype(np.uint8))


def test_a_picture_comes_out_twice_as_large(file, picture):
    upscaler = load_upscaler(file, "cpu")
    assert upscaler.scale == 2
    assert upscaler.enlarge(picture).size == (168, 120)


def test_tiles_give_the_picture_that_no_tiles_give(file, picture):
    upscaler = load_upscaler(file, "cpu")
    whole = np.asarray(upscaler.enlarge(picture, tile=0)).astype(int)
    tiled = np.asarray(upscaler.enlarge(picture, tile=48, overlap=20)).astype(int)
    assert np.abs(whole - tiled).max() <= 1


def test_a_flat_picture_shows_no_seam(file):
    flat = Image.new("RGB", (70, 70), (90, 140, 200))
    upscaler = load_upscaler(file, "cpu")
    inner = np.asarray(upscaler.enlarge(flat, tile=48, overlap=20)).astype(int)[20:-20, 20:-20]
    assert np.ptp(inner[::2, ::2], axis=(0, 1)).max() <= 1


def test_every_tile_is_told_and_may_stop_the_work(file, picture):
    told = []

    def on_tile(done, count):
        told.append((done, count))
        if done == 3:
            message = "cancelled"
            raise CancelledError(message)

    with pytest.raises(CancelledError):
        load_upscaler(file, "cpu").enlarge(picture, tile=32, overlap=8, on_tile=on_tile)
    assert told == [(1, 12), (2, 12), (3, 12)]


def test_the_same_picture_gives_the_same_bytes(file, picture):
    first, second = (
        load_upscaler(file, "cpu").enlarge(picture, tile=32).tobytes() for _ in range(2)
    )
    assert first == second


def test_a_pickle_is_refused_unread(tmp_path):
    path = tmp_path / "evil.safetensors"
    path.write_bytes(pickle.dumps({"a": 1}))
    with pytest.raises(ModelRefusedError):
        load_upscaler(path, "cpu")


def test_weights_of_no_known_architecture_are_refused_by_name(tmp_path):
    path = tmp_path / "other.safetensors"
    save_file({"layer.weight": torch.zeros(3)}, path)
    with pytest.raises(
        ModelRefusedError, match="'other' is of no architecture that spandrel knows"
    ):
        load_upscaler(path, "cpu")


def test_without_spandrel_the_way_to_install_it_is_said(file, monkeypatch):
    monkeypatch.setitem(sys.modules, "spandrel", None)
    with pytest.raises(MissingLibraryError, match="pip install --no-deps"):
        load_upscaler(file, "cpu")


@pytest.mark.thorough
def test_no_stand_in_for_torchvision_is_left_behind():
    code = (
        "import sys; from medialab.loading.upscalers import compact_network; "
        "compact_network(8, 1, 2); "
        "print([name for name in sys.modules if 'torchvision' in name and "
        "sys.modules[name].__spec__.loader is None])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# What an upscaler's file may be


def test_a_model_that_keeps_the_size_works_at_scale_1(tmp_path, picture):
    from medialab.diffusion.enlarging import enlarged

    path = tmp_path / "clean-1x.safetensors"
    torch.manual_seed(0)
    save_file(compact_network(features=8, layers=2, scale=1).state_dict(), path)
    upscaler, told = load_upscaler(path, "cpu"), []

    def draw(size):
        return enlarged(
            picture, size, upscaler, tile=0, overlap=0, on_tile=lambda *tile: told.append(tile)
        )

    cleaned = draw(picture.size)
    assert cleaned.size == picture.size
    assert cleaned.tobytes() == upscaler.enlarge(picture, tile=0).tobytes() != picture.tobytes()
    larger = draw((168, 120))
    assert told == [(1, 1)] * 2
    assert larger.tobytes() == cleaned.resize((168, 120), Image.Resampling.LANCZOS).tobytes()


@pytest.mark.filterwarnings("ignore:torch.meshgrid")  # the architecture's, made by this test
def test_a_picture_is_padded_to_what_an_architecture_takes(tmp_path):
    """SwinIR takes windows of 8 pixels; 13 x 11 is none."""
    with_spandrel = pytest.importorskip("spandrel.architectures.SwinIR")
    torch.manual_seed(0)
    network = with_spandrel.SwinIR(
        img_size=16,
        embed_dim=12,
        depths=[1],
        num_heads=[2],
        window_size=8,
        mlp_ratio=2,
        upscale=2,
        upsampler="pixelshuffledirect",
    )
    path = tmp_path / "swin-2x.safetensors"
    save_file({name: one.contiguous() for name, one in network.state_dict().items()}, path)
    noise = np.random.default_rng(0).integers(0, 256, (11, 13, 3), dtype=np.uint8)
    assert load_upscaler(path, "cpu").enlarge(Image.fromarray(noise)).size == (26, 22)


@pytest.mark.parametrize(
    "dtype", [torch.float64, torch.float16, torch.float8_e4m3fn, torch.float8_e5m2]
)
def test_weights_are_read_in_every_format_of_numbers(network, tmp_path, picture, dtype):
    path = tmp_path / "tiny.safetensors"
    save_file({name: one.to(dtype) for name, one in network.state_dict().items()}, path)
    assert load_upscaler(path, "cpu").enlarge(picture).size == (168, 120)


@pytest.mark.parametrize(
    "change",
    [
        lambda one: one * float("nan"),
        lambda one: one / 0,
        lambda one: one.to(torch.complex64),
        lambda one: one.to(torch.int8),
        lambda one: one > 0,
        lambda one: torch.tensor(1.0),
        lambda one: one.reshape(-1)[:0].clone(),
        lambda one: one.reshape(-1).clone(),
        lambda one: one[None].clone(),
        lambda one: one.transpose(0, -1).contiguous(),
    ],
)
def test_weights_that_are_none_are_refused_by_the_files_name(network, tmp_path, change):
    path = tmp_path / "odd.safetensors"
    save_file({name: change(one) for name, one in network.state_dict().items()}, path)
    with pytest.raises(ModelRefusedError, match="odd"):
        load_upscaler(path, "cpu")
