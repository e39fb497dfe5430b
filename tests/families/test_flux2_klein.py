"""Flux.2 Klein through the stages: what diffusers' own pipeline draws, and edits by pictures."""

import numpy as np
import pytest
import torch
from diffusers import Flux2KleinPipeline
from PIL import Image

from medialab import PipelineConfig, Workbench
from medialab.api.capabilities import capabilities
from medialab.artifacts import Sidecar
from medialab.batch.files import parse_batch
from medialab.diffusion import prepared
from medialab.errors import ConfigError, ModelRefusedError, PictureError
from medialab.loading import checkpoint
from tests.records import applied
from tests.tiny.flux2_klein import LAYERS_READ, write_klein
from tests.tiny.z_image import write_z_image

DISTILLED, BASE = "tiny-klein", "tiny-klein-base"
QUICK = {
    "checkpoint": DISTILLED,
    "prompt": "a red ball",
    "sampler": "Euler",
    "steps": 2,
    "width": 64,
    "height": 64,
    "seed": 3,
    "guidance_scale": 1.0,
}


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("klein") / "models"
    write_klein(folder / "checkpoints" / DISTILLED)
    write_klein(folder / "checkpoints" / BASE, is_distilled=False)
    write_klein(folder / "checkpoints" / "tiny-klein-9b", "flux2-klein-9b")
    write_z_image(folder / "checkpoints" / "tiny-z")
    return folder


@pytest.fixture(scope="module")
def plain(models):
    """diffusers' own pipeline, called by hand."""
    pipelines = {}

    def pipeline_of(name, dtype):
        if (name, dtype) not in pipelines:
            made = Flux2KleinPipeline.from_pretrained(
                models / "checkpoints" / name, dtype=dtype, local_files_only=True
            )
            made.set_progress_bar_config(disable=True)
            # As checkpoints are laid out on a CPU: it is faster, and rounds otherwise.
            made.vae.to(memory_format=torch.channels_last)
            pipelines[name, dtype] = made
        return pipelines[name, dtype]

    def draw(prompt, *, name=DISTILLED, dtype=torch.float32, seed=3, steps=2, **settings):
        pipeline = pipeline_of(name, dtype)
        negative = settings.pop("negative_prompt", None)
        if negative is not None:
            found = pipeline.encode_prompt(negative, text_encoder_out_layers=LAYERS_READ)
            settings["negative_prompt_embeds"] = found[0]
        return pipeline(
            prompt=prompt,
            **{"width": 64, "height": 64, "guidance_scale": 1.0} | settings,
            num_inference_steps=steps,
            text_encoder_out_layers=LAYERS_READ,
            generator=torch.Generator("cpu").manual_seed(seed),
        ).images[0]

    return draw


def quick(**settings):
    return PipelineConfig(**QUICK | settings)


def picture(seed, width=64, height=64):
    """Make a picture of large patches of colours."""
    small = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), "uint8")
    return Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)


def editing(bench, *pictures, **settings):
    """Return a request to edit the first picture, with the others as references."""
    image, *others = map(bench.keep, pictures)
    given = {"mode": "instruct", "image": image, "instruct": {"references": tuple(others)}}
    return quick(**given | {"width": None, "height": None} | settings)


# Text to image


def test_a_distilled_checkpoint_draws_the_bytes_of_diffusers(bench, plain):
    run = bench.execute(quick(width=96))
    assert run.image.tobytes() == plain("a red ball", width=96).tobytes()
    told = applied(run)
    assert told["scheduler"] == "FlowMatchEulerDiscreteScheduler"
    assert "notes" not in told


def test_with_guidance_a_base_checkpoint_draws_the_bytes_of_diffusers(bench, plain):
    run = bench.execute(quick(checkpoint=BASE, guidance_scale=3.0, negative_prompt="blue"))
    expected = plain("a red ball", name=BASE, guidance_scale=3.0, negative_prompt="blue")
    assert run.image.tobytes() == expected.tobytes()
    assert "notes" not in applied(run)
    without = bench.execute(quick(checkpoint=BASE, guidance_scale=3.0))
    assert without.image.tobytes() == plain("a red ball", name=BASE, guidance_scale=3.0).tobytes()
    assert without.image.tobytes() != run.image.tobytes()


def test_guidance_of_a_distilled_checkpoint_has_no_effect_as_in_diffusers_and_that_is_told(
    bench, plain
):
    config = quick(guidance_scale=3.0, negative_prompt="blue")
    run = bench.execute(config)
    assert run.image.tobytes() == plain("a red ball").tobytes()
    notes = [
        "this checkpoint is distilled: it follows the prompt at guidance_scale 1",
        "at guidance_scale 1 the negative prompt is not read",
    ]
    assert applied(run)["notes"] == notes
    # The same is said before anything is loaded, and to other programs.
    assert bench.without_effect(config) == [f"txt2img: {one}" for one in notes]
    assert bench.without_effect(config.changed(checkpoint=BASE)) == []
    told = capabilities(bench)["checkpoints"]
    assert (told[DISTILLED]["guidance"], told[BASE]["guidance"]) == ("none", "true")


def test_in_half_precision_it_draws_the_bytes_of_diffusers(models, plain, tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoint, "pick_dtype", lambda *_: torch.bfloat16)
    with Workbench(models=models, outputs=tmp_path / "outputs", device="cpu") as bench:
        found = bench.execute(quick()).image
    assert found.tobytes() == plain("a red ball", dtype=torch.bfloat16).tobytes()


def test_the_larger_size_is_a_family_of_its_own_and_draws(bench):
    info = bench.registry.find("tiny-klein-9b", "checkpoint")
    assert info.family == "flux2-klein-9b"
    run = bench.execute(quick(checkpoint="tiny-klein-9b"))
    assert run.image.size == (64, 64)


def test_a_size_that_is_no_multiple_of_its_blocks_is_drawn_larger_and_cut(bench, plain):
    run = bench.execute(quick(width=72, height=104))
    whole = plain("a red ball", width=80, height=112)
    assert run.image.tobytes() == whole.crop((0, 0, 72, 104)).tobytes()


def test_a_second_run_comes_from_the_cache_and_a_picture_from_its_sidecar(bench, models, tmp_path):
    first = bench.execute(quick())
    assert all(one["cached"] for one in bench.execute(quick()).record["stages"])
    config = Sidecar.read(first.artifact.sidecar).config
    with Workbench(models=models, outputs=tmp_path / "others", device="cpu") as other:
        assert other.execute(config).image.tobytes() == first.image.tobytes()


def test_defaults_are_those_of_the_edition(bench):
    found = [bench.defaults(name) for name in (DISTILLED, BASE)]
    assert [(one["steps"], one["guidance_scale"]) for one in found] == [(4, 1.0), (50, 4.0)]


# Editing


def test_a_picture_is_edited_to_the_bytes_of_diffusers(bench, plain):
    start = picture(1, 96, 64)
    run = bench.execute(editing(bench, start))
    expected = plain("a red ball", image=start, width=96, height=64)
    assert run.image.tobytes() == expected.tobytes()
    assert "references" not in applied(run, "instruct")


@pytest.mark.parametrize("name", [DISTILLED, BASE])
def test_with_references_it_is_edited_to_the_bytes_of_diffusers(bench, plain, name):
    start, other = picture(1), picture(2, 80, 112)
    run = bench.execute(editing(bench, start, other, checkpoint=name, guidance_scale=2.0))
    expected = plain("a red ball", name=name, guidance_scale=2.0, image=[start, other])
    assert run.image.tobytes() == expected.tobytes()
    assert applied(run, "instruct")["references"] == [{"size": [80, 112], "changes": []}]


def test_the_tokens_of_the_pictures_that_are_read_are_claimed_and_planned(bench, monkeypatch):
    claimed = []
    monkeypatch.setattr(prepared, "claim", lambda nbytes, *_: claimed.append(nbytes))
    one, two = picture(1), picture(2)
    bench.execute(quick(), save=False)
    bench.execute(editing(bench, one), save=False)
    bench.execute(editing(bench, one, two), save=False)
    drawn, edited, with_reference = claimed
    # Pictures of the same size are as many tokens as what is drawn.
    assert (edited, with_reference) == (2 * drawn, 3 * drawn)

    def planned(*pictures):
        plan = bench.memory_plan(editing(bench, *pictures))
        return next(one for one in plan.stages if one.stage == "instruct")

    alone, beside = planned(one), planned(one, two)
    assert alone.usual < beside.usual
    assert alone.least == beside.least


def test_the_order_of_references_matters_and_is_kept(bench, plain):
    one, two, three = picture(1), picture(2), picture(3)
    found = bench.execute(editing(bench, one, two, three)).image
    turned = bench.execute(editing(bench, one, three, two)).image
    assert found.tobytes() == plain("a red ball", image=[one, two, three]).tobytes()
    assert turned.tobytes() == plain("a red ball", image=[one, three, two]).tobytes()
    assert found.tobytes() != turned.tobytes()


@pytest.mark.thorough
def test_a_reference_is_reduced_and_cut_to_blocks_as_in_diffusers(bench, plain):
    start, large = picture(1), picture(2, 1500, 1100)
    run = bench.execute(editing(bench, start, large))
    assert run.image.tobytes() == plain("a red ball", image=[start, large]).tobytes()


def test_a_start_picture_of_any_size_keeps_it_and_is_read_with_its_edge_repeated(bench, plain):
    start = picture(1, 72, 100)
    run = bench.execute(editing(bench, start))
    rows = np.pad(np.array(start), ((0, 12), (0, 8), (0, 0)), "edge")
    whole = plain("a red ball", image=Image.fromarray(rows), width=80, height=112)
    assert run.image.tobytes() == whole.crop((0, 0, 72, 100)).tobytes()


def test_without_a_start_picture_the_first_reference_is_the_one(bench):
    one, two = map(bench.keep, (picture(1, 96, 64), picture(2)))
    config = quick(mode="instruct", instruct={"references": (one, two)}, width=None, height=None)
    run = bench.execute(config)
    assert (run.config.image, run.config.instruct.references) == (one, (two,))
    usual = bench.execute(editing(bench, picture(1, 96, 64), picture(2)))
    assert run.image.tobytes() == usual.image.tobytes()


@pytest.mark.thorough
def test_references_are_in_the_cache_key_and_an_edit_is_made_again_from_its_sidecar(
    bench, models, tmp_path
):
    first = bench.execute(editing(bench, picture(1), picture(2)))
    again = bench.execute(editing(bench, picture(1), picture(2)))
    assert all(one["cached"] for one in again.record["stages"])
    other = bench.execute(editing(bench, picture(1), picture(3)))
    cached = {one["name"]: one["cached"] for one in other.record["stages"]}
    assert cached == {"prompt": True, "source": True, "instruct": False, "finish": False}
    with Workbench(models=models, outputs=tmp_path / "others", device="cpu") as elsewhere:
        for given in (picture(1), picture(2)):
            elsewhere.keep(given)
        rerun = elsewhere.execute(Sidecar.read(first.artifact.sidecar).config)
    assert rerun.image.tobytes() == first.image.tobytes()


@pytest.mark.thorough
def test_a_batch_edits_with_each_seed_as_alone(bench, plain):
    start, other = picture(1), picture(2)
    run = bench.execute(editing(bench, start, other, batch_size=2))
    for number, image in enumerate(run.images):
        alone = plain("a red ball", seed=3 + number, image=[start, other])
        assert image.tobytes() == alone.tobytes()


@pytest.mark.parametrize(
    ("pictures", "message"),
    [
        ([(64, 64)] * 5, "reads 3 reference pictures beside the start picture, and 4 are set"),
        ([(64, 64), (64, 40)], "reference 1 has 64 × 40 px.* sides of at least 64 px"),
        ([(64, 64), (64, 64), (64, 640)], "reference 2 .* at most 8 times the other"),
        ([(40, 64)], "start picture has 40 × 64 px"),
    ],
)
def test_what_cannot_be_read_is_refused_before_anything_is_loaded(bench, pictures, message):
    given = [picture(number, *size) for number, size in enumerate(pictures)]
    with pytest.raises(ConfigError, match=message):
        bench.submit(editing(bench, *given))
    assert not bench.registry.budget.nbytes


def test_a_reference_that_is_gone_or_damaged_is_refused_by_its_number(bench):
    config = editing(bench, picture(1), picture(2), picture(3))
    damaged = bench.pictures.folder / f"{config.instruct.references[1]}.png"
    damaged.write_bytes(b"no picture")
    with pytest.raises(PictureError, match=r"reference 2: .*damaged"):
        bench.submit(config)
    damaged.unlink()
    with pytest.raises(PictureError, match=r"reference 2: .*is not in"):
        bench.submit(config)


def test_a_family_that_cannot_edit_refuses_by_name_and_names_those_that_can(bench):
    with pytest.raises(ModelRefusedError, match=r"instruct: checkpoint 'tiny-z' ") as refused:
        bench.submit(editing(bench, picture(1), picture(2), checkpoint="tiny-z"))
    assert set(refused.value.choices) == {DISTILLED, BASE, "tiny-klein-9b"}


def test_a_scale_that_only_other_families_read_is_told(bench):
    run = bench.execute(editing(bench, picture(1), instruct={"image_guidance_scale": 3.0}))
    assert applied(run, "instruct")["notes"] == [
        "image_guidance_scale has no effect with checkpoints of family flux2-klein-4b"
    ]


# Prompts that change or are several, and samplers


def predicted(pipeline, texts, latents, time, ids):
    """Return the transformer's prediction for each text, called by hand."""
    found = []
    for text in texts:
        embeds, text_ids = pipeline.encode_prompt(text, text_encoder_out_layers=LAYERS_READ)
        found.append(
            pipeline.transformer(
                hidden_states=latents,
                timestep=time,
                guidance=None,
                encoder_hidden_states=embeds,
                txt_ids=text_ids,
                img_ids=ids,
                return_dict=False,
            )[0]
        )
    return found


@pytest.mark.thorough
def test_prompts_joined_by_and_and_prompts_that_change_draw_as_by_hand(bench, models):
    pipeline = Flux2KleinPipeline.from_pretrained(
        models / "checkpoints" / BASE, local_files_only=True
    )
    pipeline.set_progress_bar_config(disable=True)
    pipeline.vae.to(memory_format=torch.channels_last)
    forward, calls = pipeline.transformer.forward, []

    def by_hand(**inputs):
        """Return what both prompts together say, in place of the prompt's prediction."""
        step, is_negative = divmod(len(calls), 2)
        calls.append(1)
        second = "a hat" if step else "a table"
        latents, time, ids = inputs["hidden_states"], inputs["timestep"], inputs["img_ids"]
        pipeline.transformer.forward = forward
        texts = ["blue", "a red ball", second]
        against, one, other = predicted(pipeline, texts, latents, time, ids)
        pipeline.transformer.forward = by_hand
        both = (one - against) + 0.5 * (other - against)
        return (against if is_negative else against + both,)

    pipeline.transformer.forward = by_hand
    with torch.inference_mode():
        expected = pipeline(
            prompt="a red ball",
            width=64,
            height=64,
            num_inference_steps=2,
            guidance_scale=30.0,
            text_encoder_out_layers=LAYERS_READ,
            generator=torch.Generator("cpu").manual_seed(3),
        ).images[0]
    prompt = "a red ball AND [a table:a hat:0.5] :0.5"
    settings = {"checkpoint": BASE, "guidance_scale": 30.0, "negative_prompt": "blue"}
    found = bench.execute(quick(prompt=prompt, **settings)).image
    assert found.tobytes() == expected.tobytes()
    other = bench.execute(quick(prompt="a red ball AND a table :0.5", **settings)).image
    assert found.tobytes() != other.tobytes()


def test_a_part_of_and_that_says_what_the_negative_prompt_says_takes_no_other_away(bench):
    settings = {"checkpoint": BASE, "guidance_scale": 30.0, "negative_prompt": "blue"}
    first = bench.execute(quick(prompt="blue AND a red ball", **settings)).image
    last = bench.execute(quick(prompt="a red ball AND blue", **settings)).image
    assert first.tobytes() == last.tobytes()


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("sampler", "schedule"),
    [("Heun", "automatic"), ("DPM++ 2M", "karras"), ("Euler a", "automatic")],
)
def test_other_samplers_draw_from_noise_and_from_pictures_and_edit(bench, sampler, schedule):
    settings = {"sampler": sampler, "schedule": schedule, "steps": 3}
    kept = bench.keep(picture(1))
    started = {"mode": "img2img", "image": kept, "img2img": {"denoising_strength": 0.6}}
    images = [
        bench.execute(config).image
        for config in (
            quick(**settings),
            quick(**settings, **started),
            editing(bench, picture(1), picture(2), **settings),
        )
    ]
    assert len({image.tobytes() for image in images}) == 3
    assert all(any(low < high for low, high in image.getextrema()) for image in images)


def test_the_text_in_a_picture_names_its_references_and_tells_where_they_are_missing(
    bench, models, tmp_path
):
    config = editing(bench, picture(1), picture(2))
    with Image.open(bench.execute(config).artifact.path) as file:
        text = file.info["parameters"]
    read = bench.read_settings(text)
    assert read.config.instruct.references == config.instruct.references
    assert (read.config.mode, read.config.image) == ("instruct", config.image)
    with Workbench(models=models, outputs=tmp_path / "others", device="cpu") as elsewhere:
        elsewhere.keep(picture(1))
        read = elsewhere.read_settings(text)
    assert read.config.instruct.references == ()
    assert read.left_out["references"] == "reference pictures are not here; choose them again"


def test_a_batch_written_as_a_file_varies_the_references(bench):
    one, two = (bench.keep(picture(number)) for number in (2, 3))
    given = editing(bench, picture(1))
    lines = [
        "name: edits",
        "settings:",
        *(f"  {name}: {value}" for name, value in QUICK.items() if name not in {"width", "height"}),
        "  mode: instruct",
        f"  image: {given.image}",
        "axes:",
        "  instruct.references:",
        f"  - [{one}]",
        f"  - [{one}, {two}]",
    ]
    batch = parse_batch("\n".join(lines), "edits").begin(bench)
    found = [batch.config(row).instruct.references for row in range(2)]
    assert found == [(one,), (one, two)]
