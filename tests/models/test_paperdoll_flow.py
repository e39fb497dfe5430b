"""paperdoll-flow trains a few steps, opens as a Z-Image, and computes as diffusers does."""

import json

import pytest
import torch
from diffusers import AutoencoderKL, ZImagePipeline
from safetensors.torch import load_file

from medialab import PipelineConfig, Workbench
from models.paperdoll import evaluate, family, flow, flow_parts, flow_vae, train
from models.paperdoll.draw import draw
from models.paperdoll.flow_batches import fill_up, predict
from models.paperdoll.muon import orthogonal
from models.paperdoll.training import to_tensor
from models.paperdoll.world import Scene


@pytest.fixture
def short(monkeypatch):
    """Few pictures where a recipe takes many."""
    monkeypatch.setattr(flow, "_SHELF", 8)
    monkeypatch.setattr(flow_vae, "_MEASURED", 16)


@pytest.fixture
def flowing(trained, short):
    """A place with a paperdoll-flow that has seen two steps."""
    return trained("vae", "base", "judge", "flow-vae", "flow")


def make_transformer():
    torch.manual_seed(0)
    network = flow_parts.make_transformer(family.SIZES["tiny"])
    with torch.no_grad():  # some weights begin as zeros or ones, which would hide a fault
        for weight in network.parameters():
            weight.add_(0.02 * torch.randn_like(weight))
    return network


@pytest.mark.parametrize(("lengths", "side"), [((20, 9, 32), 16), ((40, 64), 16), ((5,), 32)])
def test_a_batch_is_computed_as_by_diffusers_with_the_same_gradients(lengths, side):
    network = make_transformer()
    width = network.config.cap_feat_dim
    texts = [torch.randn(length, width) for length in lengths]
    latents, times = torch.randn(len(lengths), 16, side, side), torch.rand(len(lengths))
    found = network([one[:, None] for one in latents], times, texts, return_dict=False)[0]
    expected = torch.stack(found)[:, :, 0]
    expected.square().mean().backward()
    theirs = {name: weight.grad for name, weight in network.named_parameters()}
    network.zero_grad()
    _, filling = fill_up([[1] * length for length in lengths], 0)
    filled = torch.nn.utils.rnn.pad_sequence(texts, batch_first=True)
    filled = torch.nn.functional.pad(filled, (0, 0, 0, filling.shape[1] - filled.shape[1]))
    ours = predict(network, latents, times, filled, filling)
    ours.square().mean().backward()
    assert torch.allclose(ours, expected, atol=1e-5)
    for name, weight in network.named_parameters():
        if weight.grad is not None:
            assert torch.allclose(weight.grad, theirs[name], atol=1e-5), name
    unused = {name for name, weight in network.named_parameters() if weight.grad is None}
    assert unused == {"x_pad_token"}


def test_captions_are_filled_up_to_a_multiple_of_32_tokens():
    numbers, filling = fill_up([[5, 6], list(range(33))], 9)
    assert numbers.shape == filling.shape == (2, 64)
    assert numbers[0, :4].tolist() == [5, 6, 9, 9]
    assert filling.sum(1).tolist() == [62, 31]


def test_the_tokenizer_has_a_token_for_each_word_and_the_marks_of_diffusers(tmp_path):
    tokenizer = flow_parts.make_tokenizer(tmp_path)
    message = flow_parts.as_message("A smiling person, waving")
    assert message == tokenizer.apply_chat_template(
        [{"role": "user", "content": "A smiling person, waving"}],
        tokenize=False,
        add_generation_prompt=True,
        enable_thinking=True,
    )
    words = tokenizer.convert_ids_to_tokens(tokenizer(message).input_ids)
    assert words[3:8] == ["A", "Ġsmiling", "Ġperson", ",", "Ġwaving"]
    assert tokenizer.decode(tokenizer("Grüße 7").input_ids) == "Grüße 7"


def pixels():
    scene = Scene("object", "beach", 1, object_kind="ball", object_colour="red")
    return to_tensor([draw(scene).image])


def make_vaes():
    torch.manual_seed(0)
    size = family.SIZES["tiny"]
    narrow, wide = family.make_vae(size), flow_parts.make_vae(size)
    # A constant added before the padding cannot be added after it.
    torch.nn.init.zeros_(narrow.post_quant_conv.bias)
    flow_vae.widen(narrow, wide)
    return narrow, wide


@torch.no_grad()
def test_a_widened_vae_has_the_latents_and_the_pictures_of_the_base(workplace):
    narrow, wide = make_vaes()
    latents = narrow.encode(pixels()).latent_dist.mode()
    found = wide.encode(pixels()).latent_dist.mode()
    assert found.shape[1] == 16
    assert torch.allclose(found[:, :4], latents, atol=1e-4)
    coarse = torch.cat([latents, torch.zeros_like(found[:, 4:])], 1)
    assert torch.allclose(wide.decode(coarse).sample, narrow.decode(latents).sample, atol=1e-4)


def test_a_base_of_another_size_is_not_widened(workplace):
    narrow = family.make_vae(family.SIZES["full"])
    with pytest.raises(SystemExit, match="train `vae` with the same --size first"):
        flow_vae.widen(narrow, flow_parts.make_vae(family.SIZES["tiny"]))


@torch.no_grad()
def test_scaled_latents_have_the_same_pictures(workplace, short):
    _, wide = make_vaes()
    before = wide.decode(wide.encode(pixels()).latent_dist.mode()).sample
    flow_vae.scale_latents(wide)
    after = wide.decode(wide.encode(pixels()).latent_dist.mode()).sample
    assert torch.allclose(before, after, atol=1e-4)
    scene = Scene("object", "beach", 1, object_kind="ball", object_colour="red")
    images = [draw(scene).image] * 2
    spread = wide.encode(to_tensor(images)).latent_dist.mode().std((0, 2, 3))
    assert spread[:4].min() > spread[4:].max() / 3  # none is left at a tenth of the others


def test_a_step_of_the_matrices_is_nearly_orthogonal():
    torch.manual_seed(0)
    for shape in ((160, 426), (426, 160)):
        values = torch.linalg.svdvals(orthogonal(torch.randn(shape)).float())
        assert 0.5 < values.min() <= values.max() < 1.3


@pytest.mark.thorough
def test_the_checkpoint_opens_in_diffusers_and_draws_at_its_own_size_in_the_studio(
    flowing, tmp_path
):
    folder = flow_parts.checkpoint()
    parts = {
        "transformer": "diffusion_pytorch_model",
        "vae": "diffusion_pytorch_model",
        "text_encoder": "model",
    }
    for part, name in parts.items():
        weights = load_file(folder / part / f"{name}.safetensors")
        assert {str(one.dtype) for one in weights.values()} == {"torch.float16"}
    pipeline = ZImagePipeline.from_pretrained(folder, local_files_only=True)
    pipeline.set_progress_bar_config(disable=True)
    expected = flow.generate(pipeline, ["a red ball"], range(3, 4))[0]
    with Workbench(models=family.MODELS, outputs=tmp_path / "outputs", device="cpu") as bench:
        begins = bench.defaults("paperdoll-flow")
        assert (begins["steps"], begins["guidance_scale"]) == (28, flow.GUIDANCE)
        assert (begins["width"], begins["height"]) == (family.NATIVE_SIZE, family.NATIVE_SIZE)
        quick = {"steps": family.SAMPLING_STEPS, "prompt": "a red ball", "seed": 3}
        config = PipelineConfig(checkpoint="paperdoll-flow", **begins | quick)
        image = bench.execute(config, save=False).image
    assert image.size == expected.size == (family.NATIVE_SIZE, family.NATIVE_SIZE)


def test_the_checkpoint_fits_into_12_mb(tmp_path):
    size = family.SIZES["tiny"]
    tokenizer = flow_parts.make_tokenizer(tmp_path)
    with torch.device("meta"):
        parts = [
            flow_parts.make_vae(size),
            flow_parts.make_text_encoder(size, tokenizer),
            flow_parts.make_transformer(size),
        ]
    counts = [sum(weight.numel() for weight in part.parameters()) for part in parts]
    assert 1e6 < counts[2] < 3e6
    assert 2 * sum(counts) < 12e6


def state():
    return load_file(family.TRAINING / "flow" / "state.safetensors")


@pytest.mark.thorough
def test_training_goes_on_with_the_optimizers_averages(flowing, capsys):
    before = state()
    assert any(name.startswith("second/") for name in before)
    averages = {name for name in before if name.startswith("first/")}
    # Those that take orthogonal steps have one average, the others two.
    assert len(averages) > sum(name.startswith("second/") for name in before)
    train.main(["flow", "--steps", "3"])
    assert "going on from step 2" in capsys.readouterr().out
    after = state()
    assert int(after["step"]) == 3
    # Each average has moved by a share of one gradient, and was not begun again.
    moved = [name for name in averages if not torch.equal(after[name], before[name])]
    assert len(moved) > len(averages) // 2


def test_one_step_writes_what_was_learnt_and_trains_nothing(flowing, capsys):
    before = state()
    index = flow_parts.checkpoint() / "model_index.json"
    index.unlink()
    train.main(["flow", "--steps", "1"])
    assert f"written: {flow_parts.checkpoint().relative_to(flowing)}" in capsys.readouterr().out
    assert json.loads(index.read_text())["_edition"] == "base"
    assert all(torch.equal(value, before[name]) for name, value in state().items())


def test_training_goes_on_from_the_shipped_weights(flowing, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(family, "TRAINING", tmp_path)
    shipped = flow_parts.checkpoint() / "transformer" / "diffusion_pytorch_model.safetensors"
    before = load_file(shipped)
    train.main(["flow", "--steps", "1", "--warm"])
    assert "starting from the shipped weights" in capsys.readouterr().out
    after = load_file(shipped)
    assert all((after[name] - before[name]).abs().max() < 1e-2 for name in before)


def test_without_a_vae_the_recipe_is_named(workplace):
    with pytest.raises(SystemExit, match=r"train it: python -m models\.paperdoll\.train flow-vae"):
        train.main(["flow", "--steps", "1"])
    with pytest.raises(SystemExit, match=r"train it: python -m models\.paperdoll\.train vae"):
        train.main(["flow-vae", "--steps", "1"])


def test_pictures_are_encoded_once_for_all_runs(flowing, tmp_path):
    import random

    vae = AutoencoderKL.from_pretrained(family.TRAINING / "flow-vae" / "finished")
    first = flow.Pictures(vae, tmp_path, 2, 256)
    first.extend_to(5)
    assert len(list(tmp_path.iterdir())) == len(first.shelves) == 2
    again = flow.Pictures(None, tmp_path, 2, 256)
    again.extend_to(2)
    one, other = (pictures.batch(4, random.Random(1)) for pictures in (first, again))
    assert torch.equal(one.latents, other.latents)
    # Eight pictures of the native size have as many pixels as two of twice the side.
    assert (len(first.scenes), one.latents.shape) == (4, (4, 16, 32, 32))
    assert one.captions == other.captions


def test_the_evaluator_prints_a_table_and_names_what_is_missing(
    flowing, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(evaluate, "TRUSTED", 0.0)
    evaluate.main(["flow", "--count", "8", "--sheet", str(tmp_path / "sheet.png")])
    assert "mean of the first six" in capsys.readouterr().out
    monkeypatch.setattr(family, "CHECKPOINT", tmp_path / "paperdoll")
    with pytest.raises(SystemExit, match=r"write it: python -m models\.paperdoll\.train flow"):
        evaluate.main(["flow", "--count", "8"])
