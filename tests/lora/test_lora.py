"""LoRAs of every format against the sum worked out by hand, and the checkpoint as it was after."""

import hashlib
import math
import shutil

import pytest
import torch
from safetensors.torch import save_file

from medialab.errors import ConfigError, ModelRefusedError
from medialab.loading import load_checkpoint
from medialab.lora import LoRAManager, LoRAUse, block_of, read_block_weights
from medialab.lora.names import original_name
from medialab.registry import ModelRegistry

LINEAR = "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q"
CONV = "down_blocks.0.resnets.0.conv1"
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


def drawn(*shape, seed=0):
    return 0.3 * torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def kohya(path, leaves, prefix="lora_unet_"):
    return {f"{prefix}{path.replace('.', '_')}.{leaf}": value for leaf, value in leaves.items()}


def written(tmp_path, tensors, name="style", metadata=None):
    path = tmp_path / f"{name}.safetensors"
    save_file({key: value.contiguous() for key, value in tensors.items()}, path, metadata)
    return path


def linear_case(out, into):
    """Leaves of a plain LoRA of rank 4 and what they add, by hand."""
    down, up = drawn(4, into, seed=1), drawn(out, 4, seed=2)
    return {"lora_down.weight": down, "lora_up.weight": up, "alpha": torch.tensor(2.0)}, (
        up @ down
    ) * 0.5


def loha_case(out, into):
    parts = [drawn(*shape, seed=n) for n, shape in enumerate([(out, 3), (3, into)] * 2)]
    names = ("hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b")
    leaves = dict(zip(names, parts, strict=True)) | {"alpha": torch.tensor(3.0)}
    return leaves, (parts[0] @ parts[1]) * (parts[2] @ parts[3])


def lokr_case(out, into):
    left, down, up = drawn(4, 4, seed=1), drawn(2, into // 4, seed=2), drawn(out // 4, 2, seed=3)
    leaves = {"lokr_w1": left, "lokr_w2_a": up, "lokr_w2_b": down, "alpha": torch.tensor(1.0)}
    return leaves, torch.kron(left, up @ down) * 0.5


def dora_case(out, into, weight):
    leaves, plain = linear_case(out, into)
    magnitude = drawn(out, 1, seed=5).abs() + 0.5
    whole = weight + plain
    return leaves | {"dora_scale": magnitude}, whole / whole.norm(
        dim=1, keepdim=True
    ) * magnitude - weight


def ia3_case(out, weight):
    by = drawn(out, seed=6)
    return {"weight": by, "on_input": torch.tensor(False)}, weight * by[:, None]


CASES = {
    "kohya": lambda weight: linear_case(*weight.shape),
    "loha": lambda weight: loha_case(*weight.shape),
    "lokr": lambda weight: lokr_case(*weight.shape),
    "dora": lambda weight: dora_case(*weight.shape, weight),
    "ia3": lambda weight: ia3_case(weight.shape[0], weight),
    "full": lambda weight: ({"diff": drawn(*weight.shape)}, drawn(*weight.shape)),
}


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


def test_a_convolution_and_its_tucker_form(model, manager, tmp_path):
    conv = module(model, CONV)
    out, into, side, _ = conv.weight.shape
    down, up = drawn(4, into, side, side, seed=1), drawn(out, 4, 1, 1, seed=2)
    plain = written(
        tmp_path, kohya(CONV, {"lora_down.weight": down, "lora_up.weight": up}), "plain"
    )
    before = conv.weight.detach().clone()
    expected = (up.flatten(1) @ down.flatten(1)).reshape(before.shape)
    with manager.apply_loras(model, [LoRAUse(plain)], calls=20):
        assert torch.allclose(conv.weight - before, expected, atol=1e-5)
    low, mid = drawn(4, into, 1, 1, seed=3), drawn(4, 4, side, side, seed=4)
    tucker = {"lora_down.weight": low, "lora_up.weight": up, "lora_mid.weight": mid}
    path = written(tmp_path, kohya(CONV, tucker), "tucker")
    # By hand: each place of the kernel is a small matrix between the two.
    expected = torch.stack(
        [
            torch.stack(
                [up.flatten(1) @ mid[..., y, x] @ low.flatten(1) for x in range(side)], dim=-1
            )
            for y in range(side)
        ],
        dim=-2,
    )
    with manager.apply_loras(model, [LoRAUse(path)], calls=1) as applied:
        assert applied.mode == "merged"
        assert torch.allclose(conv.weight - before, expected, atol=1e-5)
    assert torch.equal(conv.weight, before)


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


def test_alpha_in_diffusers_metadata_counts(model, manager, tmp_path):
    original = module(model, LINEAR).weight.detach().clone()
    first, second = drawn(4, original.shape[1], seed=1), drawn(original.shape[0], 4, seed=2)
    tensors = {f"unet.{LINEAR}.lora_A.weight": first, f"unet.{LINEAR}.lora_B.weight": second}
    metadata = {"lora_adapter_metadata": '{"unet.lora_alpha": 2, "unet.r": 4}'}
    path = written(tmp_path, tensors, metadata=metadata)
    with manager.apply_loras(model, [LoRAUse(path)], calls=20):
        found = module(model, LINEAR).weight - original
    assert torch.allclose(found, second @ first / 2, atol=1e-5)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (
            "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q",
            "input_blocks.4.1.transformer_blocks.0.attn1.to_q",
        ),
        ("down_blocks.2.resnets.1.conv1", "input_blocks.8.0.in_layers.2"),
        ("down_blocks.0.downsamplers.0.conv", "input_blocks.3.0.op"),
        ("mid_block.attentions.0.proj_in", "middle_block.1.proj_in"),
        ("mid_block.resnets.1.conv2", "middle_block.2.out_layers.3"),
        (
            "up_blocks.1.attentions.2.transformer_blocks.1.ff.net.2",
            "output_blocks.5.1.transformer_blocks.1.ff.net.2",
        ),
        ("up_blocks.0.upsamplers.0.conv", "output_blocks.2.2.conv"),
        ("conv_in", "input_blocks.0.0"),
        ("time_embedding.linear_2", "time_embed.2"),
        ("add_embedding.linear_1", "label_emb.0.0"),
    ],
)
def test_original_names_are_those_of_sdxl_files(ours, theirs):
    assert original_name(ours, 2) == theirs


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
    for number, (kind, share) in enumerate(zip(CASES, (1, 0.5, -0.3, 0.8, 0.2, 0.1), strict=True)):
        leaves, expected = CASES[kind](weight)
        path = written(tmp_path, kohya(LINEAR, leaves), f"lora-{number}")
        uses.append(LoRAUse(path, share))
        total += share * expected
    with manager.apply_loras(model, uses, calls=20):
        assert torch.allclose(module(model, LINEAR).weight - weight, total, atol=2e-5)
    assert torch.equal(module(model, LINEAR).weight, weight)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("calls", [1, 20])
@pytest.mark.parametrize("fault", [None, RuntimeError, KeyboardInterrupt])
def test_weights_are_bit_for_bit_as_before(tiny_models, tmp_path, dtype, calls, fault):
    registry = ModelRegistry(tiny_models, device="cpu")
    model = load_checkpoint(registry.find("paperdoll", "checkpoint"), "cpu")
    for part in ("unet", "text_encoder"):
        model.components[part].to(dtype)
    weight = module(model, LINEAR).weight
    leaves, _ = linear_case(*weight.shape)
    use = LoRAUse(written(tmp_path, kohya(LINEAR, leaves)))
    before, pointer = checksum(model), weight.data_ptr()

    def apply():
        with LoRAManager().apply_loras(model, [use], calls=calls):
            if fault:
                raise fault

    if fault:
        with pytest.raises(fault):
            apply()
    else:
        apply()
    assert checksum(model) == before
    assert module(model, LINEAR).weight.data_ptr() == pointer
    assert not module(model, LINEAR)._forward_hooks
    model.release()


def test_start_and_stop_say_for_which_steps(model, manager, tmp_path):
    weight = module(model, LINEAR).weight
    leaves, _ = linear_case(*weight.shape)
    use = LoRAUse(written(tmp_path, kohya(LINEAR, leaves)), start=0.25, stop=0.75)
    layer, x = module(model, LINEAR), drawn(1, weight.shape[1])
    with torch.no_grad():
        plain = layer(x)
        with manager.apply_loras(model, [use], calls=20) as applied:
            heeded = []
            for step in range(8):
                applied.advance(step / 8)
                heeded.append(not torch.equal(layer(x), plain))
    assert heeded == [False, False, True, True, True, True, False, False]


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
    with pytest.raises(ModelRefusedError, match="no numbers"):
        manager.read(written(tmp_path, kohya(LINEAR, leaves)))


def test_what_is_no_lora_is_refused(manager, tmp_path):
    with pytest.raises(ModelRefusedError, match="no layer of a LoRA"):
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
    manager = LoRAManager(file_bytes=bound, merged_bytes=bound)
    for number in range(50):
        leaves, _ = linear_case(*weight.shape)
        path = written(tmp_path, kohya(LINEAR, leaves), f"lora-{number}")
        with manager.apply_loras(model, [LoRAUse(path)], calls=20):
            pass
        assert 0 < manager.cached_bytes <= 2 * bound
    manager.clear_cache()
    assert manager.cached_bytes == 0


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
