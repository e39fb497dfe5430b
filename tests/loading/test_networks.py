"""Networks are counted once, moved and released, and a refused file is never opened."""

import pytest
import torch

from medialab.errors import ModelRefusedError
from medialab.listing.info import ModelInfo
from medialab.loading.networks import (
    LoadedNetwork,
    bytes_of,
    is_absent,
    load_controlnet,
    move_to,
    pick_dtype,
    refuse,
    settle,
)
from tests.tiny.headers import write_lora


def test_weights_that_layers_share_count_once_and_buffers_count():
    one, two = torch.nn.Linear(4, 4, bias=False), torch.nn.Linear(4, 4, bias=False)
    two.weight = one.weight
    norm = torch.nn.BatchNorm1d(2)
    assert bytes_of([one, two, one]) == 64
    assert bytes_of([one, norm]) == 64 + 2 * 4 * 4 + 8
    assert bytes_of([one, None, "no module"]) == 64
    assert bytes_of([torch.nn.Linear(4, 4, device="meta")]) == 0


def test_a_network_of_no_weights_stands_for_a_missing_one():
    assert is_absent(torch.nn.Linear(4, 4, device="meta"))
    assert not is_absent(torch.nn.Linear(4, 4))


def test_a_loaded_network_is_in_float32_for_a_while_and_can_be_released():
    network = torch.nn.Linear(4, 4).to(torch.bfloat16)
    before = network.weight.clone()
    loaded = LoadedNetwork(network)
    assert loaded.nbytes == 20 * 2
    with loaded.in_float32():
        assert network.weight.dtype == torch.float32
    assert torch.equal(network.weight, before)
    assert network.weight.dtype == torch.bfloat16
    loaded.release()
    assert loaded.network is None


def test_a_network_is_made_ready_in_the_layout_that_a_cpu_is_fast_in():
    network = move_to(torch.nn.Conv2d(4, 4, 3).train(), "cpu")
    assert not network.training
    assert network.weight.is_contiguous(memory_format=torch.channels_last)


def test_half_precision_becomes_bfloat16_as_torch_converts_it_however_large_a_weight_is():
    halves = torch.arange(-(2**15), 2**15, dtype=torch.int32).to(torch.int16).view(torch.float16)
    every = halves[halves.isfinite()].repeat(17)  # more than are converted at once
    network = torch.nn.Sequential(torch.nn.Linear(len(every), 1), torch.nn.Conv2d(2, 2, 3)).half()
    network[0].weight.data = every[None]
    network.append(torch.nn.Linear(1, 1, bias=False)).half()[2].weight = network[0].weight
    kernel = network[1].weight.data.clone()
    settle(network, torch.bfloat16, channels_last=True)
    assert torch.equal(network[0].weight[0], every.to(torch.bfloat16))
    assert network[2].weight is network[0].weight
    assert torch.equal(network[1].weight, kernel.to(torch.bfloat16))
    assert {one.dtype for one in network.parameters()} == {torch.bfloat16}


# Among them more than are converted at once: in one channel, and in many.
@pytest.mark.parametrize(
    "shape", [(3, 2, 3, 3), (5, 700, 3, 3), (300, 500, 3, 3), (2, 130_000, 3, 3), (6, 4, 1, 1)]
)
def test_a_convolution_of_half_precision_has_the_very_bits_and_layout_that_torch_gives(shape):
    network = torch.nn.Conv2d(1, 1, 1, bias=False)
    network.weight.data = torch.randn(shape, generator=torch.Generator().manual_seed(3)).half()
    expected = network.weight.data.to(torch.bfloat16, memory_format=torch.channels_last)
    settle(network, torch.bfloat16, channels_last=True)
    assert network.weight.equal(expected)
    assert network.weight.stride() == expected.stride()


@pytest.mark.parametrize("shape", [(0, 4, 3, 3), (4, 0, 3, 3), (0,), ()])
def test_weights_of_no_numbers_and_of_one_become_bfloat16(shape):
    network = torch.nn.ParameterList([torch.zeros(shape, dtype=torch.float16)])
    settle(network, torch.bfloat16, channels_last=True)
    assert network[0].dtype == torch.bfloat16
    assert network[0].shape == shape


def test_a_transposed_weight_of_half_precision_becomes_bfloat16_too():
    network = torch.nn.Linear(4, 6).half()
    network.weight.data = torch.randn(4, 6).half().t()
    expected = network.weight.data.to(torch.bfloat16)
    settle(network, torch.bfloat16)
    assert torch.equal(network.weight, expected)


def test_a_cpu_computes_in_float32_and_a_mac_in_half():
    assert pick_dtype("cpu") is torch.float32
    assert pick_dtype("mps") is torch.float16


def info(path, kind="controlnet", **facts):
    return ModelInfo("it", kind, facts.pop("family", "sd15"), "diffusers", path, 0, **facts)


def test_what_the_listing_refuses_and_what_changed_since_is_refused(tmp_path):
    sound = write_lora(tmp_path / "a.safetensors")
    refuse(info(sound))
    with pytest.raises(ModelRefusedError, match="it is broken"):
        refuse(info(sound, refused="it is broken"))
    sound.write_bytes(b"odd")
    with pytest.raises(ModelRefusedError):
        refuse(info(sound))
    sound.unlink()
    with pytest.raises(ModelRefusedError):
        refuse(info(sound))
    pickled = tmp_path / "a.ckpt"
    pickled.write_bytes(b"\x80\x02}.")
    with pytest.raises(ModelRefusedError, match="pickle"):
        refuse(info(pickled))


def test_a_controlnet_that_does_not_run_here_is_refused_by_name(tmp_path):
    sound = write_lora(tmp_path / "a.safetensors")
    with pytest.raises(ModelRefusedError, match=r"^ControlNet 'it' is .*hidream"):
        load_controlnet(info(sound, family="hidream"), "cpu")
