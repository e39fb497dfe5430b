"""Parts that wait on the CPU take turns on the device, and what they compute is the same.

Where there is no GPU, the device is the CPU itself: what is moved when is written down.
"""

import pytest
import torch

from medialab.loading.checkpoint import LoadedCheckpoint, load_checkpoint
from medialab.loading.registry import ModelRegistry
from medialab.loading.taking_turns import in_groups
from tests.tiny.z_image import make_pipeline, write_z_image

DEVICE = "cpu:0"  # computes as the CPU does, and is told apart from where parts wait


@pytest.fixture(scope="module")
def info(tmp_path_factory):
    root = tmp_path_factory.mktemp("turns") / "models"
    write_z_image(root / "checkpoints" / "tiny-z")
    return ModelRegistry(root, device="cpu").find("tiny-z", "checkpoint")


def draw(pipeline):
    pipeline.set_progress_bar_config(disable=True)
    return pipeline(
        "a red ball",
        width=64,
        height=64,
        num_inference_steps=2,
        guidance_scale=2.0,
        generator=torch.Generator("cpu").manual_seed(3),
    ).images[0]


@pytest.fixture
def moved(monkeypatch):
    """What is moved where, by its class, in order."""
    seen, plain = [], torch.nn.Module.to

    def move(network, *args, **kwargs):
        if args and isinstance(args[0], (str, torch.device)):
            seen.append((type(network).__name__, str(args[0])))
        return plain(network, *args, **kwargs)

    monkeypatch.setattr(torch.nn.Module, "to", move)
    return seen


def on_device(moves):
    """Yield the parts that are on the device after each move."""
    there = set()
    for name, place in moves:
        there = there | {name} if place == DEVICE else there - {name}
        yield frozenset(there)


def test_parts_take_turns_and_draw_the_same_bytes(info, moved):
    expected = draw(load_checkpoint(info, "cpu").pipeline("text-to-image"))
    model = load_checkpoint(info, DEVICE, offload="parts")
    assert model.device == DEVICE
    moved.clear()
    pipeline = model.pipeline("text-to-image")
    found = draw(pipeline)
    assert levels_apart(found, expected) <= 1  # layouts differ: the CPU's is channels last
    states = list(on_device(moved))
    assert max(map(len, states)) == 1
    order = list(dict.fromkeys(one for state in states for one in state))
    assert order == ["Qwen3Model", "ZImageTransformer2DModel", "AutoencoderKL"]
    # The text encoder is away while the denoiser computes, and after it.
    assert "Qwen3Model" not in set().union(*states[states.index(frozenset({order[1]})) :])
    networks = [model.components[name] for name in ("text_encoder", "transformer", "vae")]
    assert all(hasattr(one, "_hf_hook") for one in networks)
    assert model.nbytes < sum(weights(one) for one in networks)
    model.release()
    assert not any(hasattr(one, "_hf_hook") for one in networks)


def levels_apart(one, other):
    pairs = zip(one.tobytes(), other.tobytes(), strict=True)
    return max(abs(mine - theirs) for mine, theirs in pairs)


def weights(network):
    return sum(one.nbytes for one in network.parameters())


def test_a_denoiser_in_groups_gives_the_same_numbers_and_is_as_before(moved):
    pipeline = make_pipeline()
    network = pipeline.transformer
    before = {name: value.clone() for name, value in network.state_dict().items()}
    expected = draw(pipeline)
    with in_groups(network, "cpu"):
        assert draw(pipeline).tobytes() == expected.tobytes()
    # A weight that a LoRA changes meanwhile, by much, is the one that is read the next time.
    with torch.no_grad():
        network.layers[0].attention.to_v.weight.mul_(50)
    changed = draw(pipeline)
    with in_groups(network, "cpu"):
        assert draw(pipeline).tobytes() == changed.tobytes() != expected.tobytes()
    with torch.no_grad():
        network.layers[0].attention.to_v.weight.copy_(before["layers.0.attention.to_v.weight"])
    assert draw(pipeline).tobytes() == expected.tobytes()
    hooks = [
        one._diffusers_hook.hooks for one in network.modules() if hasattr(one, "_diffusers_hook")
    ]
    assert hooks
    assert not any(hooks)


def test_an_error_within_leaves_no_hook_and_all_weights_where_they_wait():
    network = make_pipeline().transformer
    with pytest.raises(ValueError, match="stop"), in_groups(network, "cpu"):
        raise ValueError("stop")
    assert not any(
        one._diffusers_hook.hooks for one in network.modules() if hasattr(one, "_diffusers_hook")
    )
    assert {value.device.type for value in network.parameters()} == {"cpu"}


def test_in_groups_the_denoiser_alone_has_no_turn_and_comes_by_layers(info):
    model = load_checkpoint(info, "cpu", offload="groups")
    assert isinstance(model, LoadedCheckpoint)
    assert not hasattr(model.denoiser, "_hf_hook")
    assert hasattr(model.components["text_encoder"], "_hf_hook")
    with model.denoising():
        assert any(hasattr(one, "_diffusers_hook") for one in model.denoiser.modules())
