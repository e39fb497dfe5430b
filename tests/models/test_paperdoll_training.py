"""Every recipe trains two steps, can be ended, and goes on where it stopped."""

import csv

import pytest
from diffusers import StableDiffusionPipeline
from safetensors.torch import load_file

from medialab.process.installation import base_folder
from models.paperdoll import evaluate, family, train, training


def test_vae_base_and_judge_train_two_steps_and_the_evaluator_judges_them(
    trained, tmp_path, monkeypatch, capsys
):
    trained("vae", "base", "judge")
    sheet = tmp_path / "sheet.png"
    with pytest.raises(SystemExit, match="the judge reads under 97%"):
        evaluate.main(["base", "--count", "8", "--sheet", str(sheet)])
    assert sheet.exists()
    monkeypatch.setattr(evaluate, "TRUSTED", 0.0)
    evaluate.main(["base", "--count", "8", "--sheet", str(sheet)])
    printed = capsys.readouterr().out
    assert "| background |" in printed
    assert "mean of the first six" in printed
    assert "8 captions of held-out combinations" in printed


def test_the_checkpoint_is_half_precision_on_disk_and_a_plain_from_pretrained_draws(trained):
    trained("vae", "base")
    for part in ("vae", "unet"):
        weights = load_file(family.CHECKPOINT / part / "diffusion_pytorch_model.safetensors")
        assert {str(tensor.dtype) for tensor in weights.values()} == {"torch.float16"}
    pipeline = StableDiffusionPipeline.from_pretrained(family.CHECKPOINT)
    pipeline.set_progress_bar_config(disable=True)
    image = pipeline("a red ball", num_inference_steps=1).images[0]
    assert image.size == (family.NATIVE_SIZE, family.NATIVE_SIZE)


def test_the_shipped_checkpoint_names_no_folder_of_the_machine_that_made_it():
    shipped = base_folder() / "models" / "checkpoints" / "paperdoll"
    configs = list(shipped.rglob("*.json"))
    assert len(configs) >= 6
    assert not [path.name for path in configs if "_name_or_path" in path.read_text()]


def test_every_size_fits_into_40_mb(tmp_path):
    import torch

    tokenizer = family.make_tokenizer(tmp_path)
    for name, size in family.SIZES.items():
        with torch.device("meta"):
            parts = [
                family.make_vae(size),
                family.make_unet(size),
                family.make_text_encoder(size, tokenizer),
            ]
        weights = sum(p.numel() for part in parts for p in part.parameters())
        assert 2 * weights < 40e6, name  # two bytes each


def test_training_goes_on_where_it_ended(base, capsys):
    before = load_file(base / "training" / "vae" / "state.safetensors")
    train.main(["vae", "--steps", "4"])
    after = load_file(base / "training" / "vae" / "state.safetensors")
    assert "going on from step 2" in capsys.readouterr().out
    assert (int(before["step"]), int(after["step"])) == (2, 4)
    with (base / "training" / "vae" / "log.csv").open(newline="") as log:
        assert [row[0] for row in csv.reader(log)] == ["2", "4"]


def test_training_goes_on_from_the_shipped_weights_on_another_machine(base, capsys):
    shipped = load_file(family.CHECKPOINT / "unet" / "diffusion_pytorch_model.safetensors")
    (base / "training").rename(base / "elsewhere")
    train.main(["base", "--steps", "1", "--warm"])
    assert "starting from the shipped weights" in capsys.readouterr().out
    trained = load_file(family.CHECKPOINT / "unet" / "diffusion_pytorch_model.safetensors")
    # One step at a warming rate of 3e-6 moves no weight far; other weights are far apart.
    assert all((trained[name] - shipped[name]).abs().max() < 1e-2 for name in shipped)


def test_whitening_changes_the_latents_and_not_the_pictures(workplace):
    import torch

    from models.paperdoll.draw import draw
    from models.paperdoll.vae import whiten_latents
    from models.paperdoll.world import Scene

    torch.manual_seed(0)
    vae = family.make_vae(family.SIZES["tiny"])
    scene = Scene("object", "beach", 1, object_kind="ball", object_colour="red")
    pixels = training.to_tensor([draw(scene).image])
    with torch.no_grad():
        before = vae.decode(vae.encode(pixels).latent_dist.mode()).sample
        whiten_latents(vae)
        latents = vae.encode(pixels).latent_dist.mode()
        after = vae.decode(latents).sample
    # float32 through a matrix and its inverse.
    assert torch.allclose(before, after, atol=1e-3)


def test_the_evaluator_says_how_to_train_a_missing_judge(workplace):
    with pytest.raises(
        FileNotFoundError, match=r"train it: python -m models.paperdoll.train judge"
    ):
        evaluate.main(["base", "--count", "1"])
