"""LoRAs of every format against the sum worked out by hand, and the checkpoint as it was after."""

import gc
import hashlib
import math
import shutil

import pytest
import torch
from safetensors.torch import save_file

from medialab.errors import CancelledError, ConfigError, ModelRefusedError
from medialab.families.unet_clip.lora_blocks import block_of, read_block_weights
from medialab.families.unet_clip.lora_names import original_name
from medialab.loading.checkpoint import load_checkpoint
from medialab.loading.registry import ModelRegistry
from medialab.lora import LoRAManager, LoRAUse
from medialab.lora.manager import MERGED_FROM
from medialab.process.memory_budget import Room
from tests.tiny.loras import (
    CASES,
    CONVOLUTIONS,
    dora_case,
    drawn,
    kohya,
    linear_case,
    loha_case,
    lokr_case,
)

LINEAR = "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q"
CONV = "down_blocks.0.resnets.0.conv1"
NORM = "down_blocks.0.resnets.0.norm1"
TEXT = "encoder.layers.0.self_attn.q_proj"


@pytest.fixture(scope="module")
def model(tiny_models):
    registry = ModelRegistry(tiny_models, device="cpu")
    loaded = load_checkpoint(registry.find("paperdoll", "checkpoint"), "cpu")
    yield loaded
    loaded.release()


@pytest.fixture
def manager():
    return LoRAManager()


def module(model, path, part="unet"):
    return model.components[part].get_submodule(path)


def checksum(model):
    digest = hashlib.sha256()
    for part in ("unet", "text_encoder", "vae"):
        for name, value in sorted(model.components[part].state_dict().items()):
            digest.update(name.encode())
            digest.update(value.reshape(-1).clone().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def written(tmp_path, tensors, name="style", metadata=None):
    path = tmp_path / f"{name}.safetensors"
    save_file({key: value.contiguous() for key, value in tensors.items()}, path, metadata)
    return path


@pytest.mark.parametrize("kind", CONVOLUTIONS)
def test_each_kind_of_convolution_adds_what_its_formula_says(model, manager, tmp_path, kind):
    weight = module(model, CONV).weight
    before = weight.detach().clone()
    leaves, expected = CONVOLUTIONS[kind](before)
    path = written(tmp_path, kohya(CONV, leaves))
    with manager.apply_loras(model, [LoRAUse(path, 0.6)], calls=20):
        assert torch.allclose(weight - before, 0.6 * expected, atol=1e-5)
    assert torch.equal(weight, before)


def test_differences_of_norms_and_biases_are_added(model, manager, tmp_path):
    norm, conv = module(model, NORM), module(model, CONV)
    wide = drawn(*norm.weight.shape), drawn(*norm.bias.shape, seed=2), drawn(*conv.bias.shape)
    tensors = kohya(NORM, {"w_norm": wide[0], "b_norm": wide[1]}) | kohya(CONV, {"diff_b": wide[2]})
    parameters = norm.weight, norm.bias, conv.bias
    before = [one.detach().clone() for one in parameters]
    with manager.apply_loras(model, [LoRAUse(written(tmp_path, tensors), 0.5)]) as applied:
        for parameter, was, added in zip(parameters, before, wide, strict=True):
            assert torch.allclose(parameter - was, 0.5 * added, atol=1e-5)
        assert applied.reports[0].kinds == ("bias", "full")
    assert all(torch.equal(*pair) for pair in zip(parameters, before, strict=True))


@pytest.mark.parametrize("kind", CASES)
@pytest.mark.parametrize("weight", [1.0, 0.6, -0.5])
def test_each_kind_adds_what_its_formula_says(model, manager, tmp_path, kind, weight):
    original = module(model, LINEAR).weight.detach().clone()
    leaves, expected = CASES[kind](original)
    path = written(tmp_path, kohya(LINEAR, leaves))
    before = checksum(model)
    with manager.apply_loras(model, [LoRAUse(path, weight)], calls=20) as applied:
        found = module(model, LINEAR).weight - original
        assert applied.mode == "merged"
        assert applied.reports[0].matched == 1
    assert torch.allclose(found, weight * expected, atol=1e-5)
    assert checksum(model) == before


@pytest.mark.parametrize(
    ("down", "up", "prefix"),
    [
        ("lora_A.weight", "lora_B.weight", "unet."),
        ("lora_A.default.weight", "lora_B.default.weight", "base_model.model."),
        ("lora.down.weight", "lora.up.weight", "unet."),
    ],
)
def test_peft_and_diffusers_names(model, manager, tmp_path, down, up, prefix):
    original = module(model, LINEAR).weight.detach().clone()
    first, second = drawn(4, original.shape[1], seed=1), drawn(original.shape[0], 4, seed=2)
    path = written(tmp_path, {f"{prefix}{LINEAR}.{down}": first, f"{prefix}{LINEAR}.{up}": second})
    with manager.apply_loras(model, [LoRAUse(path)], calls=20):
        assert torch.allclose(module(model, LINEAR).weight - original, second @ first, atol=1e-5)


@pytest.mark.parametrize(
    ("told", "scale"),
    [
        ('{"unet.lora_alpha": 2, "unet.r": 4}', 2 / 4),
        ('{"unet.lora_alpha": 2, "unet.use_rslora": true}', 2 / 2),
        ('{"unet.lora_alpha": 2, "unet.alpha_pattern": {"attn1.to_q": 6}}', 6 / 4),
        ('{"unet.lora_alpha": 2, "unet.alpha_pattern": {"to_k": 6}}', 2 / 4),
        ('{"text_encoder.lora_alpha": 2}', 1),
        ('["no object"]', 1),
    ],
)
def test_alpha_in_diffusers_metadata_counts(model, manager, tmp_path, told, scale):
    original = module(model, LINEAR).weight.detach().clone()
    first, second = drawn(4, original.shape[1], seed=1), drawn(original.shape[0], 4, seed=2)
    tensors = {f"unet.{LINEAR}.lora_A.weight": first, f"unet.{LINEAR}.lora_B.weight": second}
    path = written(tmp_path, tensors, metadata={"lora_adapter_metadata": told})
    with manager.apply_loras(model, [LoRAUse(path)], calls=20):
        found = module(model, LINEAR).weight - original
    assert torch.allclose(found, scale * second @ first, atol=1e-5)


@pytest.mark.parametrize("name", ["lora_magnitude_vector.weight", "lora_magnitude_vector"])
def test_pefts_dora_is_the_same_as_lycoris(model, manager, tmp_path, name):
    weight = module(model, LINEAR).weight
    before = weight.detach().clone()
    leaves, expected = dora_case(*weight.shape, before)
    tensors = {
        f"unet.{LINEAR}.lora_A.weight": leaves["lora_down.weight"] * 0.5,
        f"unet.{LINEAR}.lora_B.weight": leaves["lora_up.weight"],
        f"unet.{LINEAR}.{name}": leaves["dora_scale"].flatten(),
    }
    with manager.apply_loras(model, [LoRAUse(written(tmp_path, tensors))]) as applied:
        assert torch.allclose(weight - before, expected, atol=1e-5)
        assert applied.reports[0].kinds == ("dora",)


def test_a_file_in_original_names_finds_its_layers(model, manager, tmp_path):
    weight = module(model, LINEAR).weight
    leaves, expected = linear_case(*weight.shape)
    layers = model.components["unet"].config.layers_per_block
    path = written(tmp_path, kohya(original_name(LINEAR, layers), leaves))
    before = weight.detach().clone()
    with manager.apply_loras(model, [LoRAUse(path)], calls=20):
        assert torch.allclose(module(model, LINEAR).weight - before, expected, atol=1e-5)


@pytest.mark.parametrize(
    "key", ["lora_te_text_model_{}", "lora_te1_text_model_{}", "text_encoder.text_model.{}"]
)
def test_text_encoders_have_their_own_weight(model, manager, tmp_path, key):
    text, unet = module(model, TEXT, "text_encoder"), module(model, LINEAR)
    leaves, expected = linear_case(*text.weight.shape)
    name = key.format(TEXT if "." in key else TEXT.replace(".", "_"))
    tensors = {f"{name}.{leaf}": value for leaf, value in leaves.items()}
    mine, more = linear_case(*unet.weight.shape)
    path = written(tmp_path, tensors | kohya(LINEAR, mine))
    x, unet_before = drawn(3, text.weight.shape[1], seed=9), unet.weight.detach().clone()
    with torch.no_grad():
        plain = text(x)
        with manager.apply_loras(model, [LoRAUse(path, 1.0, text_encoder=0.25)], calls=20):
            assert torch.allclose(text(x) - plain, 0.25 * x @ expected.T, atol=1e-5)
            assert torch.allclose(unet.weight - unet_before, more, atol=1e-5)
        with manager.apply_loras(model, [LoRAUse(path)], calls=20, parts=["text_encoder"]):
            assert torch.allclose(text(x) - plain, x @ expected.T, atol=1e-5)
            assert torch.equal(unet.weight, unet_before)
        assert torch.equal(text(x), plain)


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


def test_any_number_of_loras_is_a_plain_sum(model, manager, tmp_path):
    weight = module(model, LINEAR).weight.detach().clone()
    uses, total = [], torch.zeros_like(weight)
    shares = (1, 0.5, -0.3, 0.8, 0.2, 0.1, 0.7, -0.6, 0.4, 0.3, 0.9)
    for number, (kind, share) in enumerate(zip(CASES, shares, strict=True)):
        leaves, expected = CASES[kind](weight)
        path = written(tmp_path, kohya(LINEAR, leaves), f"lora-{number}")
        uses.append(LoRAUse(path, share))
        total += share * expected
    with manager.apply_loras(model, uses, calls=20):
        assert torch.allclose(module(model, LINEAR).weight - weight, total, atol=2e-5)
    assert torch.equal(module(model, LINEAR).weight, weight)


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


def test_block_weights_reach_their_blocks_alone(model, manager, tmp_path):
    paths = [LINEAR, LINEAR.replace("down_blocks.1", "up_blocks.1")]
    tensors = {}
    for path in paths:
        tensors |= kohya(path, linear_case(*module(model, path).weight.shape)[0])
    file = written(tmp_path, tensors)
    before = [module(model, path).weight.detach().clone() for path in paths]
    with manager.apply_loras(model, [LoRAUse(file, block_weights="INALL")], calls=20):
        changed = [
            not torch.equal(module(model, path).weight, was)
            for path, was in zip(paths, before, strict=True)
        ]
    assert changed == [True, False]


@pytest.mark.parametrize(
    ("path", "block"),
    [
        ("down_blocks.0.attentions.0.proj_in", "IN01"),
        ("down_blocks.2.attentions.1.proj_in", "IN08"),
        ("mid_block.attentions.0.proj_in", "MID"),
        ("up_blocks.1.attentions.0.proj_in", "OUT03"),
        ("up_blocks.3.attentions.2.proj_in", "OUT11"),
        ("down_blocks.0.downsamplers.0.conv", "IN03"),
        ("time_embedding.linear_1", None),
        ("conv_out", None),
        ("conv_in", "IN00"),
    ],
)
def test_blocks_have_the_names_that_users_know(path, block):
    assert block_of(path) == block


def test_a_list_of_block_weights_needs_a_known_length():
    assert read_block_weights("1," + "0.5," * 15 + "0")["OUT11"] == 0
    with pytest.raises(ConfigError, match="give 12, 17, 20, 26 numbers"):
        read_block_weights("1,2,3")


@pytest.mark.parametrize("bad", [{"weight": math.nan}, {"start": 0.6, "stop": 0.5}, {"stop": 2}])
def test_bad_numbers_are_named(tmp_path, bad):
    with pytest.raises(ConfigError, match="style"):
        LoRAUse(tmp_path / "style.safetensors", **bad)


def test_nothing_matched_or_a_wrong_shape_is_an_error_before_anything_changes(
    model, manager, tmp_path
):
    weight = module(model, LINEAR).weight
    good = written(tmp_path, kohya(LINEAR, linear_case(*weight.shape)[0]), "good")
    foreign = written(tmp_path, kohya("double_blocks.3.img_attn", linear_case(8, 8)[0]), "foreign")
    wide = written(tmp_path, kohya(LINEAR, linear_case(640, 640)[0]), "wide")
    for path in (foreign, wide):
        before = checksum(model)
        with (
            pytest.raises(ModelRefusedError, match=f"LoRA '{path.stem}'.*made for another model"),
            manager.apply_loras(model, [LoRAUse(good), LoRAUse(path)], calls=20),
        ):
            pytest.fail("it was applied")
        assert checksum(model) == before


def test_half_a_match_is_reported(model, manager, tmp_path):
    leaves = linear_case(*module(model, LINEAR).weight.shape)[0]
    others = {name: value.clone() for name, value in leaves.items()}
    tensors = kohya(LINEAR, leaves) | kohya("somewhere.else", others)
    path = written(tmp_path, tensors | {"bundle_emb.word": drawn(2, 8)})
    report = manager.report(model, path)
    assert report.matched == 1
    assert report.unmatched == ("bundle_emb.word", "unet: somewhere_else")
    assert report.as_record["unmatched"] == 2
    assert (report.kinds, report.rank) == (("lora",), 4)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_values_that_are_no_numbers_are_refused(manager, tmp_path, value):
    leaves = linear_case(8, 8)[0]
    leaves["lora_up.weight"][0, 0] = value
    with pytest.raises(ModelRefusedError, match="NaN or infinite"):
        manager.read(written(tmp_path, kohya(LINEAR, leaves)))


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
    manager = LoRAManager(Room(bound))
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
    manager = LoRAManager(Room(files + weight.nbytes))
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


def test_those_loaded_are_applied_when_none_are_named(model, manager, tmp_path):
    weight = module(model, LINEAR).weight
    before = weight.detach().clone()
    path = written(tmp_path, kohya(LINEAR, linear_case(*weight.shape)[0]))
    manager.load_lora(path, 0.5)
    with manager.apply_loras(model, calls=20) as applied:
        assert [report.name for report in applied.reports] == ["style"]
        assert not torch.equal(module(model, LINEAR).weight, before)
    manager.unload_lora()
    with manager.apply_loras(model) as applied:
        assert applied.mode == "none"
        assert torch.equal(module(model, LINEAR).weight, before)
