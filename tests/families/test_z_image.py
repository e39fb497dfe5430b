"""Z-Image alone: its prompts, its dtype, what it refuses; test_by_hand.py runs its stages."""

import json
import shutil

import numpy as np
import pytest
import torch
from diffusers import AutoPipelineForImage2Image, FlowMatchEulerDiscreteScheduler, ZImagePipeline
from PIL import Image
from safetensors.torch import save_file

from medialab import PipelineConfig, Workbench
from medialab.errors import ConfigError, ModelRefusedError
from medialab.families.z_image.denoiser import Transformer
from medialab.loading import checkpoint
from medialab.loading.registry import ModelRegistry
from tests.records import applied
from tests.tiny.z_image import write_z_image

NAME = "tiny-z"
QUICK = {
    "checkpoint": NAME,
    "prompt": "a red ball",
    "sampler": "Euler",
    "steps": 2,
    "width": 64,
    "height": 64,
    "seed": 3,
    "guidance_scale": 2.0,
}


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("z") / "models"
    write_z_image(folder / "checkpoints" / NAME)
    return folder


@pytest.fixture(scope="module")
def plain(models):
    """diffusers' own pipeline, called by hand."""
    pipeline = ZImagePipeline.from_pretrained(models / "checkpoints" / NAME, local_files_only=True)
    pipeline.set_progress_bar_config(disable=True)
    # As checkpoints are laid out on a CPU: it is faster, and rounds otherwise.
    pipeline.vae.to(memory_format=torch.channels_last)

    usual = pipeline.scheduler

    def draw(prompt, *, seed=3, steps=2, width=64, height=64, scheduler=usual, **settings):
        pipeline.scheduler = scheduler
        return pipeline(
            prompt,
            width=width,
            height=height,
            num_inference_steps=steps,
            generator=torch.Generator("cpu").manual_seed(seed),
            **settings,
        ).images[0]

    return draw


def quick(**settings):
    return PipelineConfig(**QUICK | settings)


def test_a_checkpoint_of_small_pictures_draws_at_the_side_that_its_vaes_config_tells(
    models, tmp_path
):
    folder = tmp_path / "models" / "checkpoints" / "small"
    shutil.copytree(models / "checkpoints" / NAME, folder)
    file = folder / "vae" / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"sample_size": 64}))
    with Workbench(models=tmp_path / "models", outputs=tmp_path / "o", device="cpu") as workbench:
        assert workbench.defaults("small")["width"] == 64
        unsized = {name: value for name, value in QUICK.items() if name not in {"width", "height"}}
        run = workbench.execute(PipelineConfig(**unsized | {"checkpoint": "small"}), save=False)
        assert run.image.size == (64, 64)
        info = workbench.registry.find("small", "checkpoint")
        assert checkpoint.load_checkpoint(info, "cpu").native_size == 64


def test_with_guidance_it_draws_the_bytes_of_diffusers(bench, plain):
    run = bench.execute(quick(negative_prompt="blue", width=96))
    expected = plain("a red ball", negative_prompt="blue", guidance_scale=1.0, width=96)
    assert run.image.tobytes() == expected.tobytes()
    told = applied(run)
    assert told["scheduler"] == "FlowMatchEulerDiscreteScheduler"
    assert told["prediction_type"] == "flow_prediction"
    assert "notes" not in told


def test_without_guidance_the_negative_prompt_is_not_read_and_that_is_told(bench, plain):
    expected = plain("a red ball", guidance_scale=0.0)
    with_one = bench.execute(quick(guidance_scale=1.0, negative_prompt="blue"))
    without = bench.execute(quick(guidance_scale=1.0))
    assert with_one.image.tobytes() == without.image.tobytes() == expected.tobytes()
    assert applied(with_one)["notes"] == ["at guidance_scale 1 the negative prompt is not read"]
    assert "notes" not in applied(without)


def test_in_half_precision_too_its_latents_are_float32_as_in_diffusers(
    models, tmp_path, monkeypatch
):
    monkeypatch.setattr(checkpoint, "pick_dtype", lambda *_: torch.bfloat16)
    pipeline = ZImagePipeline.from_pretrained(
        models / "checkpoints" / NAME, dtype=torch.bfloat16, local_files_only=True
    )
    pipeline.set_progress_bar_config(disable=True)
    pipeline.vae.to(memory_format=torch.channels_last)
    expected = pipeline(
        "a red ball",
        width=64,
        height=64,
        num_inference_steps=2,
        guidance_scale=1.0,
        generator=torch.Generator("cpu").manual_seed(3),
    ).images[0]
    with Workbench(models=models, outputs=tmp_path / "outputs", device="cpu") as bench:
        assert bench.execute(quick()).image.tobytes() == expected.tobytes()
        varied = bench.execute(quick(variation_strength=0.3, variation_seed=5))
        again = {"mode": "img2img", "image": bench.keep(expected)}
        redrawn = bench.execute(quick(**again, img2img={"denoising_strength": 0.5, "steps": 4}))
    assert varied.image.tobytes() != expected.tobytes()
    from_picture = AutoPipelineForImage2Image.from_pipe(pipeline)
    from_picture.set_progress_bar_config(disable=True)
    expected = from_picture(
        "a red ball",
        image=expected,
        strength=0.5,
        num_inference_steps=4,
        guidance_scale=1.0,
        generator=torch.Generator("cpu").manual_seed(3),
    ).images[0]
    assert redrawn.image.tobytes() == expected.tobytes()


# Prompts


@pytest.mark.parametrize(
    ("prompt", "emphasis", "read", "notes"),
    [
        ("a (red:1.3) [ball]", "original", "a red ball", ["brackets have no effect"]),
        ("a (red:1.3) ball", "ignore", "a red ball", []),
        ("a (red:1.3) ball", "none", "a (red:1.3) ball", []),
    ],
)
def test_brackets_weigh_nothing_and_that_is_told(bench, plain, prompt, emphasis, read, notes):
    run = bench.execute(quick(prompt=prompt, emphasis=emphasis))
    assert run.image.tobytes() == plain(read, guidance_scale=1.0).tobytes()
    told = applied(run, "prompt").get("notes", [])
    assert [note.partition(":")[0] for note in told] == notes


def test_a_prompt_longer_than_a_message_is_cut_and_that_is_told(bench, plain):
    prompt = "a ball, " * 300
    run = bench.execute(quick(prompt=prompt))
    assert run.image.tobytes() == plain(prompt, guidance_scale=1.0).tobytes()
    (note,) = applied(run, "prompt")["notes"]
    tokens, room = bench.count_tokens(prompt, NAME)
    assert note == f"of {tokens} tokens {room} are read"
    assert applied(run, "prompt")["tokens"] == tokens > room


def test_a_prompt_that_changes_with_the_steps_is_the_first_one_first(bench):
    def drawn(prompt):
        return bench.execute(quick(prompt=prompt, steps=4)).image.tobytes()

    pictures = {text: drawn(text) for text in ("a red ball", "a hat", "[a red ball:a hat:2]")}
    assert len(set(pictures.values())) == 3
    assert drawn("[a red ball:a hat:9]") == pictures["a red ball"]


@pytest.mark.parametrize("mode", ["txt2img", "img2img"])
def test_and_follows_the_weighted_sum_of_its_prompts(bench, mode):
    start = {"mode": mode, "image": bench.keep(Image.new("RGB", (64, 64), "teal"))}

    def drawn(prompt):
        settings = start if mode == "img2img" else {}
        return np.asarray(bench.execute(quick(prompt=prompt, **settings)).image).astype(int)

    once, twice = drawn("a red ball"), drawn("a red ball :0.5 AND a red ball :0.5")
    assert np.abs(once - twice).max() <= 1
    assert np.abs(once - drawn("a red ball AND a hat")).max() > 1
    both = drawn("a red ball :0.7 AND a hat :0.3")
    assert np.abs(both - drawn("a hat :0.3 AND a red ball :0.7")).max() <= 1


# What is refused


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"sampler": "DDIM", "schedule": "ddim"}, "matching; choose one of automatic, sgm uniform"),
        ({"prediction_type": "epsilon"}, "set prediction_type to automatic"),
    ],
)
def test_samplers_of_other_noise_are_refused_before_anything_is_loaded(bench, settings, says):
    with pytest.raises(ConfigError, match=says):
        bench.execute(quick(**settings))
    assert not bench.registry.nbytes


def test_a_refused_schedule_names_the_familys_own_and_the_settings_to_begin_with(bench):
    usual = PipelineConfig(
        checkpoint=NAME, prompt="a doll", width=64, height=64, sampler="DDIM", schedule="ddim"
    )
    with pytest.raises(ConfigError) as refused:
        bench.submit(usual)
    assert refused.value.setting == "schedule"
    assert refused.value.choices == ("automatic", "sgm uniform", "simple")
    assert f"in code: bench.defaults({NAME!r})" in str(refused.value)
    assert "sampler, 'Euler'" in refused.value.hint
    assert "bench.defaults" not in refused.value.message  # as a panel shows it
    begun = bench.defaults(NAME)
    assert (begun["sampler"], begun["steps"], begun["guidance_scale"]) == ("Euler", 8, 1.0)
    bench.resolve(usual.changed(**begun))


@pytest.mark.parametrize(
    ("sampler", "calls"), [("DPM++ 2M", 3), ("Heun", 5), ("DPM2 a", 5), ("LCM", 3)]
)
def test_any_sampler_runs_and_gives_the_same_bytes_again(bench, sampler, calls):
    config = quick(sampler=sampler, steps=3, guidance_scale=1.0)
    run = bench.execute(config)
    told = applied(run)
    assert (told["schedule"], told["steps"], told["model_calls"]) == ("simple", 3, calls)
    bench.cache.clear()
    assert bench.execute(config).image.tobytes() == run.image.tobytes()


def test_a_sampler_that_draws_noise_says_so_and_draws_it_from_the_seed(bench):
    drawn = [bench.execute(quick(sampler="Euler a", seed=seed)) for seed in (3, 4)]
    assert drawn[0].image.tobytes() != drawn[1].image.tobytes()
    (note,) = applied(drawn[0])["notes"]
    assert note.startswith("Euler a: new noise is drawn at each step, from the seed")


@pytest.mark.parametrize("schedule", ["karras", "exponential", "beta"])
def test_its_schedules_are_those_of_diffusers(bench, plain, schedule):
    run = bench.execute(quick(schedule=schedule, steps=4, guidance_scale=1.0))
    assert applied(run)["schedule"] == schedule
    scheduler = FlowMatchEulerDiscreteScheduler(shift=3.0, **{f"use_{schedule}_sigmas": True})
    expected = plain("a red ball", steps=4, guidance_scale=0.0, scheduler=scheduler)
    assert run.image.tobytes() == expected.tobytes()


def test_loras_and_controlnets_of_the_family_are_listed(models, tmp_path):
    lora = {
        f"diffusion_model.layers.0.attention.to_k.lora_{one}.weight": torch.zeros(2, 2)
        for one in "AB"
    }
    network = {"control_all_x_embedder.2-1.weight": torch.zeros(2, 2)}
    for folder, tensors in (("loras", lora), ("controlnet", network)):
        (tmp_path / folder).mkdir()
        save_file(tensors, tmp_path / folder / "one.safetensors")
    registry = ModelRegistry(tmp_path)
    (info,) = registry.models("lora")
    assert (info.family, info.refused) == ("z-image", None)
    (info,) = registry.models("controlnet")
    assert (info.family, info.refused) == ("z-image", None)


def test_a_lora_of_no_known_family_that_fits_nowhere_is_refused(bench, models):
    (models / "loras").mkdir(exist_ok=True)
    path = models / "loras" / "any.safetensors"
    save_file({f"lora_te_any.lora_{one}.weight": torch.zeros(2, 2) for one in ("down", "up")}, path)
    with pytest.raises(ModelRefusedError, match=r"LoRA 'any' fits no layer of this z-image"):
        bench.execute(quick(prompt="a red ball <lora:any:1>"))


@pytest.mark.parametrize(
    ("file", "changes", "says"),
    [
        ("transformer/config.json", {"n_layers": 9}, "n_layers = 9"),
        ("text_encoder/config.json", {"hidden_size": 9}, "hidden_size"),
        ("scheduler/scheduler_config.json", {"shift": None}, "shift"),
        ("model_index.json", {"_class_name": "ZImageOmniPipeline"}, "editing by pictures"),
    ],
)
def test_a_folder_that_is_not_whole_is_refused_in_the_listing(
    models, tmp_path, file, changes, says
):
    folder = tmp_path / "checkpoints" / NAME
    shutil.copytree(models / "checkpoints" / NAME, folder)
    path = folder / file
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    (info,) = ModelRegistry(tmp_path).models("checkpoint")
    assert says in info.refused


# Memory


@torch.inference_mode()
def test_prompts_one_after_another_give_what_they_give_together(models):
    pipeline = ZImagePipeline.from_pretrained(models / "checkpoints" / NAME, local_files_only=True)
    network = pipeline.transformer
    generator = torch.Generator().manual_seed(1)
    latents = [torch.randn(16, 1, 8, 8, generator=generator) for _ in range(2)]
    texts = [torch.randn(length, 64, generator=generator) for length in (3, 5)]
    time = torch.tensor([0.3, 0.3])
    together = network(latents, time, texts, return_dict=False)[0]
    with Transformer().rows_apart(network):
        apart = network(latents, time, texts, return_dict=False)[0]
    for one, other in zip(together, apart, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)
    assert "forward" not in vars(network)
