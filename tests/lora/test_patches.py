"""Layers are changed and are afterwards, bit for bit, what they were."""

import pytest
import torch

from medialab.errors import CancelledError
from medialab.loading.checkpoint import load_checkpoint
from medialab.loading.registry import ModelRegistry
from medialab.lora import LoRAManager, LoRAUse
from medialab.lora.files import Layer
from medialab.lora.patches import Dial, Merged, Part, attach, ready_to_attach
from tests.lora.layers import CONV, LINEAR, TEXT, checksum, module, written
from tests.tiny.loras import (
    CASES,
    drawn,
    kohya,
    linear_case,
    loha_case,
)

NO_GPU = not torch.cuda.is_available()


def test_attached_and_merged_give_the_same_output(model, manager, tmp_path):
    tensors = {}
    for path in (LINEAR, CONV):
        weight = module(model, path).weight
        out, into = weight.shape[0], weight.shape[1:]
        ends = [1] * (weight.ndim - 2)
        tensors |= kohya(
            path,
            {"lora_down.weight": drawn(4, *into), "lora_up.weight": drawn(out, 4, *ends, seed=1)},
        )
    use = LoRAUse(written(tmp_path, tensors), 0.7)
    inputs = {
        "sample": drawn(1, 4, 8, 8),
        "timestep": torch.tensor(500),
        "encoder_hidden_states": drawn(1, 5, 32),
    }
    unet, found = model.components["unet"], {}
    with torch.no_grad():
        plain = unet(**inputs).sample
        for calls in (1, 20):
            with manager.apply_loras(model, [use], calls=calls) as applied:
                found[applied.mode] = unet(**inputs).sample
        assert torch.equal(unet(**inputs).sample, plain)
    assert set(found) == {"attached", "merged"}
    assert not torch.allclose(found["merged"], plain, atol=1e-3)
    assert torch.allclose(found["attached"], found["merged"], atol=1e-5)


@pytest.fixture(scope="module", params=[torch.float32, torch.bfloat16], ids=["fp32", "bf16"])
def whole_model(request, tiny_models):
    registry = ModelRegistry(tiny_models, device="cpu")
    loaded = load_checkpoint(registry.find("paperdoll", "checkpoint"), "cpu")
    for part in ("unet", "text_encoder"):
        loaded.components[part].to(request.param)
    yield loaded
    loaded.release()


@pytest.mark.parametrize("kind", ["kohya", "loha", "dora", "oft"])
@pytest.mark.parametrize("calls", [1, 20])
@pytest.mark.parametrize("fault", [None, RuntimeError, CancelledError, KeyboardInterrupt])
def test_weights_are_bit_for_bit_as_before(whole_model, tmp_path, kind, calls, fault):
    layer, text = module(whole_model, LINEAR), module(whole_model, TEXT, "text_encoder")
    leaves, _ = CASES[kind](layer.weight.detach().float())
    more, _ = CASES[kind](text.weight.detach().float())
    tensors = kohya(LINEAR, leaves) | kohya(TEXT, more, "lora_te_text_model_")
    use = LoRAUse(written(tmp_path, tensors))
    before, pointers = checksum(whole_model), (layer.weight.data_ptr(), text.weight.data_ptr())
    x = torch.ones(1, layer.weight.shape[1], dtype=layer.weight.dtype)

    def apply():
        plain = layer(x), text(x)
        with LoRAManager().apply_loras(whole_model, [use], calls=calls):
            assert not torch.equal(layer(x), plain[0])
            assert not torch.equal(text(x), plain[1])
            if fault:
                raise fault

    if fault:
        with pytest.raises(fault):
            apply()
    else:
        apply()
    assert checksum(whole_model) == before
    assert (layer.weight.data_ptr(), text.weight.data_ptr()) == pointers
    assert not layer._forward_hooks
    assert not text._forward_hooks


@pytest.mark.parametrize("kind", CASES)
@pytest.mark.parametrize("calls", [1, 20])
def test_start_and_stop_say_for_which_steps_whatever_the_kind(
    model, manager, tmp_path, kind, calls
):
    layer = module(model, LINEAR)
    leaves, expected = CASES[kind](layer.weight.detach().clone())
    path = written(tmp_path, kohya(LINEAR, leaves))
    x = drawn(2, layer.weight.shape[1])
    before = checksum(model)
    with torch.no_grad():
        plain = layer(x)
        uses = [LoRAUse(path, start=0.25, stop=0.75), LoRAUse(path, 0.5, stop=0.5)]
        with manager.apply_loras(model, uses, calls=calls) as applied:
            counted = []
            for step in range(8):
                applied.advance(step / 8)
                added = layer(x) - plain
                share = float((added * (x @ expected.T)).sum() / (x @ expected.T).pow(2).sum())
                counted.append(round(share, 3))
    assert counted == [0.5, 0.5, 1.5, 1.5, 1, 1, 0, 0]
    assert checksum(model) == before


@pytest.mark.parametrize("fault", [RuntimeError, CancelledError, KeyboardInterrupt])
def test_a_fault_between_start_and_stop_leaves_the_weights_as_they_were(
    model, manager, tmp_path, fault
):
    weight = module(model, LINEAR).weight
    path = written(tmp_path, kohya(LINEAR, loha_case(*weight.shape)[0]))
    before, pointer = checksum(model), weight.data_ptr()

    def apply():
        with manager.apply_loras(model, [LoRAUse(path, start=0.5)]) as applied:
            assert weight.data_ptr() == pointer
            applied.advance(0.5)
            assert weight.data_ptr() != pointer
            raise fault

    with pytest.raises(fault):
        apply()
    assert (checksum(model), weight.data_ptr()) == (before, pointer)


def test_a_window_of_no_steps_counts_for_none(model, manager, tmp_path):
    layer = module(model, LINEAR)
    path = written(tmp_path, kohya(LINEAR, linear_case(*layer.weight.shape)[0]))
    x = drawn(1, layer.weight.shape[1])
    with torch.no_grad():
        plain = layer(x)
        for edge in (0.0, 1.0):
            with manager.apply_loras(model, [LoRAUse(path, start=edge, stop=edge)]):
                assert torch.equal(layer(x), plain)


def test_running_out_of_memory_halfway_leaves_the_weights_as_they_were(
    model, manager, tmp_path, monkeypatch
):
    tensors = {}
    for path in (LINEAR, CONV):
        weight = module(model, path).weight
        tensors |= kohya(path, {"diff": drawn(*weight.shape)})
    before, real, made = checksum(model), torch.empty_like, []

    def short(*arguments, **named):
        made.append(1)
        if len(made) == 2:
            raise MemoryError
        return real(*arguments, **named)

    monkeypatch.setattr(torch, "empty_like", short)
    use = LoRAUse(written(tmp_path, tensors))
    with pytest.raises(MemoryError), manager.apply_loras(model, [use]):
        pytest.fail("it was applied")
    monkeypatch.undo()
    assert checksum(model) == before
    with manager.apply_loras(model, [use]):
        assert checksum(model) != before
    assert checksum(model) == before


@pytest.mark.parametrize("kind", [torch.nn.Linear, torch.nn.Conv2d])
@pytest.mark.parametrize(
    "place",
    [
        {"dtype": torch.float32},
        pytest.param(
            {"device": "cuda"},
            marks=[pytest.mark.gpu, pytest.mark.skipif(NO_GPU, reason="needs an NVIDIA GPU")],
        ),
    ],
)
def test_what_was_attached_follows_a_module_that_computes_elsewhere(kind, place):
    module = kind(4, 4, **({"kernel_size": 1} if kind is torch.nn.Conv2d else {}))
    module.to(torch.bfloat16)
    leaves = {"down": drawn(2, 4), "up": drawn(4, 2, seed=1)}
    part = Part(Dial(0.0, 1.0), Layer("unet", "a layer", leaves), 1.0)
    attach(module, ready_to_attach(module, part), part.dial)
    module.to(**place)
    given = module.weight.new_ones(1, 4, 4, 4)
    assert module(given).isfinite().all()


@pytest.mark.gpu
@pytest.mark.skipif(NO_GPU, reason="needs an NVIDIA GPU")
def test_a_weight_that_waited_on_the_cpu_is_merged_for_each_call_where_it_computes():
    module, leaves = torch.nn.Linear(4, 4), {"down": drawn(2, 4), "up": drawn(4, 2, seed=1)}
    part = Part(Dial(0.0, 1.0), Layer("unet", "a layer", leaves), 1.0)
    Merged(module, [part], lambda *_: None).turn()
    module.to("cuda")
    assert module(torch.empty(1, 4, device="cuda")).is_cuda
