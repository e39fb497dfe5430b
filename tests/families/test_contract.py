"""What every family in the table keeps to: all by their data, those that run by a checkpoint."""

import re
from dataclasses import replace

import diffusers
import pytest
import torch
from PIL import Image

from medialab import PipelineConfig, Workbench
from medialab.diffusion.drawing import Drawing
from medialab.errors import ConfigError, ModelRefusedError
from medialab.families import FAMILIES, RUNNING
from medialab.families.base import TEXT_BLOCK, UNKNOWN
from medialab.families.kinds import classify
from medialab.families.recognition import family_of_denoiser
from medialab.families.variants import NAMES_OF_VARIANTS
from medialab.files.headers import Header
from medialab.listing.runnable import why_not, why_not_in
from medialab.loading.networks import CONFIGS
from medialab.lora.files import parse_lora
from medialab.lora.fitting import Fit, names_in, parts_of
from medialab.pixels.geometry import SIDE_STEP
from tests.tiny.families import write_families

every_family = pytest.mark.parametrize("name", FAMILIES)
each_that_runs = pytest.mark.parametrize("name", RUNNING)
each_with_loras = pytest.mark.parametrize("name", [name for name in RUNNING if RUNNING[name].loras])
SIDE = 64  # pixels


@pytest.fixture(scope="module")
def family_models(tiny_models, tmp_path_factory):
    """A models folder with a tiny checkpoint of each family that runs, called like the family."""
    root = tmp_path_factory.mktemp("families") / "models"
    paperdoll = tiny_models / "checkpoints" / "paperdoll"
    write_families(root, RUNNING, paperdoll)
    return root


@pytest.fixture(scope="module")
def family_bench(family_models, tmp_path_factory):
    """A workbench over these."""
    outputs = tmp_path_factory.mktemp("outputs")
    with Workbench(models=family_models, outputs=outputs, device="cpu") as bench:
        yield bench


@pytest.fixture
def info(family_bench, name):
    return family_bench.registry.find(name, "checkpoint")


@pytest.fixture
def model(family_bench, info):
    return family_bench.registry.load(info)


# What every family says of itself


@every_family
def test_a_family_is_called_in_plain_letters_and_has_something_to_be_told_by(name):
    family = FAMILIES[name]
    assert re.fullmatch(r"[a-z0-9]+([-.][a-z0-9]+)*", name)
    assert (family.name, str(family)) == (name, name)
    assert name != UNKNOWN
    told = family.recognition
    assert told.signatures or told.text_widths or told.unet_mark or told.classes


@pytest.mark.parametrize(
    "name", [name for name, one in FAMILIES.items() if one.recognition.written]
)
def test_a_trainers_own_word_tells_the_family_where_layers_do_not(name):
    untold = {"lora_unet_mid_block_proj.lokr_w1": (8, 8)}
    said = {
        "ss_base_model_version": {"sd2": "sd_v2", "sdxl-refiner": "sdxl_refiner"}.get(name, name)
    }
    assert classify(Header(untold, said)).family == name


@every_family
def test_a_class_tells_the_family_that_asks_for_most_of_its_config(name):
    told = FAMILIES[name].recognition
    for kind in told.classes:
        assert family_of_denoiser({"_class_name": kind, **told.config}) == name


def test_no_two_families_read_text_of_one_width_or_have_one_mark():
    families = [one.recognition for one in FAMILIES.values()]
    widths = [width for one in families for width in one.text_widths]
    assert len(widths) == len(set(widths))
    marks = [one.unet_mark for one in families if one.unet_mark]
    assert len(marks) == len(set(marks))


@pytest.mark.parametrize("name", [name for name in FAMILIES if name not in RUNNING])
def test_what_does_not_run_is_listed_with_a_reason_that_names_it_and_what_does(name):
    for kind in ("checkpoint", "lora", "controlnet"):
        reason = why_not(kind, name, "", is_file=False)
        if kind == "lora" and any(one.startswith(f"{name}-") for one in RUNNING):
            assert reason is None  # it may be of a size that runs
        else:
            assert all(one in reason for one in (name, *RUNNING))


# What every family that runs keeps to


@each_that_runs
def test_its_numbers_are_of_one_grid(name):
    latents = RUNNING[name].latents
    assert latents.block % latents.reduction == 0
    assert latents.block % SIDE_STEP == 0
    assert (latents.shared_with or name) in RUNNING
    assert RUNNING[name].finishes in {"", *RUNNING}


@each_that_runs
def test_each_variant_that_it_says_to_run_runs_and_others_are_refused_by_name(name):
    family = RUNNING[name]
    for is_file, allowed in ((False, family.folder_variants), (True, family.file_variants)):
        for variant in NAMES_OF_VARIANTS:
            reason = why_not("checkpoint", name, variant, is_file=is_file)
            assert (reason is None) == (variant in allowed)


@each_that_runs
def test_stages_whose_task_its_pipelines_do_not_know_refuse_it(name):
    tasks = {"txt2img": "text-to-image", "img2img": "image-to-image", "instruct": "instruct"}
    for stage, task in tasks.items():
        editing = RUNNING[name].editing if stage == "instruct" else None
        variant = editing.variants[0] if editing else ""
        edition = editing.editions[0] if editing and editing.editions else ""
        reason = why_not_in(stage, name, variant, edition)
        assert (reason is None) == (task in RUNNING[name].tasks)


@each_that_runs
def test_single_files_have_the_configs_that_they_are_built_after(name):
    assert bool(RUNNING[name].file_variants) == (CONFIGS / name / "model_index.json").is_file()


@pytest.mark.thorough
@each_that_runs
def test_its_folder_is_listed_as_of_the_family_and_opened_as_what_it_says(name, info, model):
    family = RUNNING[name]
    assert (info.family, info.refused) == (name, None)
    assert model.family is family
    assert model.denoiser is model.components[family.denoiser.part]
    assert all(model.components[one] is not None for one in family.denoiser.text_encoders)
    written = model.vae.config.get("latent_channels") or model.vae.config.z_dim
    channels = written * family.codec.patch**2
    assert channels == family.latents.channels
    drawing = Drawing(model)
    assert (drawing.reduction, drawing.block) == (family.latents.reduction, family.latents.block)


@each_that_runs
def test_every_task_has_a_pipeline_around_the_same_denoiser(name, model):
    for task in RUNNING[name].tasks:
        if task == "instruct":
            continue  # for a denoiser of other channels
        pipeline = model.pipeline(task)
        assert getattr(pipeline, RUNNING[name].denoiser.part) is model.denoiser


@pytest.mark.parametrize("name", [name for name, one in RUNNING.items() if one.controlled])
def test_its_pipelines_are_those_that_diffusers_chooses_for_its_folder(name, info, model):
    plain = diffusers.DiffusionPipeline.from_pretrained(info.path, local_files_only=True)
    automatic = {
        "text-to-image": diffusers.AutoPipelineForText2Image,
        "image-to-image": diffusers.AutoPipelineForImage2Image,
    }
    control = diffusers.ControlNetModel.from_unet(model.denoiser)
    family = RUNNING[name]
    for task in family.tasks.keys() & automatic:
        chosen, followed = (
            automatic[task].from_pipe(plain, **more) for more in ({}, {"controlnet": control})
        )
        for pipeline, kind, controls in (
            (chosen, family.tasks, []),
            (followed, family.controlled, [control]),
        ):
            ours = model.pipeline(task, controls)
            assert type(ours).__name__ == type(pipeline).__name__ == kind[task]
            assert ours.components.keys() == pipeline.components.keys()
            settings = pipeline.config.keys() & ours.config.keys() - pipeline.components.keys()
            given = {one for one in settings if not one.startswith("_")}
            assert {one: ours.config[one] for one in given} == {
                one: pipeline.config[one] for one in given
            }


@pytest.mark.parametrize(
    "name",
    [
        # One of each kind: a UNet, a transformer that reads T5, one that reads a chat.
        pytest.param(
            name,
            marks=[] if name in {"sd15", "flux", "qwen-image"} else [pytest.mark.thorough],
        )
        for name, one in RUNNING.items()
        if "text-to-image" in one.tasks
    ],
)
@pytest.mark.parametrize(
    "stored",
    [
        "default",
        *(pytest.param(one, marks=pytest.mark.thorough) for one in ("int8", "fp8_e4m3fn")),
    ],
)
def test_nan_of_a_step_in_bfloat16_is_computed_again_in_float32(
    family_bench, info, spoiling, name, stored
):
    """Texts that an earlier stage encoded, and weights that are stored smaller, come along."""
    told = {"precision": "bfloat16", "weight_dtype": stored}
    config = PipelineConfig(
        prompt="a red ball", checkpoint=name, steps=2, width=SIDE, height=SIDE, seed=7, **told
    )
    clean = family_bench.execute(config, save=False)
    family_bench.cache.clear()
    spoiling(family_bench.registry.load(info, **told).denoiser, 1)
    run = family_bench.execute(config, save=False)
    applied = next(one["applied"] for one in run.record["stages"] if one["name"] == "txt2img")
    assert [one["how"] for one in applied["retries"]] == ["in float32"]
    family_bench.cache.clear()
    assert family_bench.execute(config, save=False).image.tobytes() == clean.image.tobytes()


@each_that_runs
def test_memory_is_counted_of_the_layers_there_are(name, info, model):
    family = RUNNING[name]
    assert family.needs.widths(info).denoiser == family.denoiser.width(model.denoiser)
    one, two = (family.needs.denoising_bytes((8, 8), 32, 4, rows) for rows in (1, 2))
    assert 0 < one <= two  # equal if the prompts are computed in turns


@each_with_loras
def test_a_lora_for_one_of_its_layers_finds_it_and_no_other_familys(name, model):
    keys, part = RUNNING[name].loras.keys, RUNNING[name].denoiser.part
    assert keys.denoiser == part
    prefix = next(one for one, of in keys.prefixes.items() if of == part and one.endswith("."))
    path, layer = next(
        (path, one)
        for path, one in model.denoiser.named_modules()
        if isinstance(one, torch.nn.Linear) and "to_q" in path
    )
    tensors = {
        f"{prefix}{path}.lora_A.weight": torch.zeros(2, layer.in_features),
        f"{prefix}{path}.lora_B.weight": torch.zeros(layer.out_features, 2),
    }
    fit = Fit(parse_lora("style", tensors, {}, name), model)
    assert [module for _, module, _ in fit.places] == [layer]
    assert parts_of(model)[0] == part


@each_with_loras
def test_block_weights_are_read_or_refused_in_words(name):
    loras = RUNNING[name].loras
    try:
        weights = loras.read_block_weights("ALL")
    except ConfigError as error:
        assert "lbw" in str(error) or name in str(error)  # noqa: PT017 - a family may have blocks
    else:
        assert weights[TEXT_BLOCK] == 1


def test_where_loras_are_not_applied_that_is_said_by_name():
    without = replace(RUNNING["sd15"], loras=None)
    with pytest.raises(ModelRefusedError, match=r"applying LoRAs is not possible yet .* sd15"):
        names_in(without)


def quick(name, bench, **settings):
    """Return a config for a small picture of few steps, with the defaults of the checkpoint."""
    small = {"width": SIDE, "height": SIDE, "steps": 2, "seed": 1, "prompt": "a doll"}
    if RUNNING[name].finishes:
        kept = bench.keep(Image.new("RGB", (SIDE, SIDE), "teal"))
        small |= {"mode": "img2img", "image": kept}
    return PipelineConfig.parse(
        {"checkpoint": name, **bench.defaults(name)} | small | settings,
    )


@each_that_runs
def test_its_defaults_are_settings_that_its_checkpoints_take(name, family_bench, info):
    defaults = family_bench.defaults(name)
    is_told = RUNNING[name].guidance == "distilled"
    assert set(defaults) == {
        *("steps", "guidance_scale", "sampler", "schedule", "width", "height"),
        *(["distilled_guidance_scale"] if is_told else []),
    }
    config = PipelineConfig.parse({"checkpoint": name, "prompt": "a doll", **defaults})
    assert {one: getattr(config, one) for one in defaults} == defaults
    assert config.width == config.height == family_bench.registry.native_size(info)
    RUNNING[name].schedulers.check(
        config.sampler,
        config.schedule,
        info.prediction_type,
        zero_terminal_snr=info.zero_terminal_snr,
    )
    if not RUNNING[name].finishes:
        family_bench.memory_plan(config)  # which checks it for the checkpoint


@each_that_runs
def test_its_menu_of_samplers_is_what_a_config_and_its_scheduler_take(name):
    family = RUNNING[name]
    prediction = family.prediction_type or "epsilon"
    menu = family.schedulers.menu()
    assert family.defaults.sampler in menu
    for sampler, schedules in menu.items():
        assert schedules[0] == "automatic"
        for schedule in schedules:
            PipelineConfig(sampler=sampler, schedule=schedule, steps=20)
            family.schedulers.check(sampler, schedule, prediction, zero_terminal_snr=False)
            plan = family.schedulers.planned(sampler, schedule, 20, 0.5, exact=False)
            assert plan == (20, 10)
            applied = family.schedulers.applied(sampler, schedule, {}, 20)
            assert applied in {*schedules, family.schedulers.applied(sampler, "automatic", {}, 20)}


@pytest.mark.thorough
@each_that_runs
def test_its_word_on_guidance_is_what_its_denoiser_is_asked_for(name, family_bench, model):
    drawn, predictions = {}, {}
    for scale in (1.0, 5.0):
        asked = []

        def count(_network, inputs, named, asked=asked):
            asked.append(len(inputs[0] if inputs else named["hidden_states"]))

        hook = model.denoiser.register_forward_pre_hook(count, with_kwargs=True)
        family_bench.cache.clear()
        config = quick(name, family_bench, guidance_scale=scale, negative_prompt="a hat")
        run = family_bench.execute(config, save=False)
        drawn[scale] = run.image.tobytes()
        hook.remove()
        (drew,) = (one for one in run.record["stages"] if "model_calls" in one["applied"])
        predictions[scale] = sum(asked) / drew["applied"]["model_calls"]
    word = RUNNING[name].guidance
    assert predictions == {1.0: 1, 5.0: 1 if word == "none" else 2}
    assert (drawn[1.0] == drawn[5.0]) == (word == "none")


@pytest.mark.parametrize("name", [n for n, one in RUNNING.items() if one.guidance == "distilled"])
def test_a_distilled_guidance_is_told_to_the_denoiser_and_recorded(name, family_bench):
    drawn, told = {}, {}
    for scale in (1.5, 3.5):
        config = quick(name, family_bench, distilled_guidance_scale=scale)
        run = family_bench.execute(config, save=False)
        drawn[scale] = run.image.tobytes()
        (drew,) = (one for one in run.record["stages"] if "model_calls" in one["applied"])
        told[scale] = drew["applied"]["distilled_guidance_scale"]
    assert told == {1.5: 1.5, 3.5: 3.5}
    assert drawn[1.5] != drawn[3.5]


@pytest.mark.thorough
@each_that_runs
def test_it_draws_a_picture_with_its_defaults_and_the_same_one_again(name, family_bench):
    config = quick(name, family_bench)
    family_bench.cache.clear()
    first = family_bench.execute(config, save=False).image
    family_bench.cache.clear()
    second = family_bench.execute(config, save=False).image
    assert first.size == (SIDE, SIDE)
    assert first.tobytes() == second.tobytes()
    assert any(low < high for low, high in first.getextrema())
