"""Prompts that change with the steps, and several at once, in a stock pipeline."""

import pytest
import torch
from diffusers import (
    EulerDiscreteScheduler,
    StableDiffusionInstructPix2PixPipeline,
)
from PIL import Image

from medialab.diffusion.encoding import encode
from medialab.families.unet_clip.guidance import UNetGuide
from medialab.settings.steps import Guided
from tests.tiny import networks

EVERY_STEP = Guided()


def guide(pipeline, conditioning, steps):
    return UNetGuide(pipeline, "unet", conditioning, steps)


def run(
    model, conditioning, steps=6, scheduler=None, guidance_scale=5.0, guided=EVERY_STEP, **options
):
    """A stock pipeline under a guidance."""
    pipeline = model.pipeline("text-to-image")
    if scheduler is not None:
        pipeline.scheduler = scheduler
    guidance = guide(pipeline, conditioning, steps)
    guidance.guide_within(guided)
    latents = []

    def after_step(_pipeline, call, _timestep, tensors):
        latents.append(tensors["latents"].clone())
        return guidance.advance(call + 1, tensors)

    with torch.inference_mode(), guidance.composing():
        pipeline(
            **conditioning.embeddings(),
            width=32,
            height=32,
            num_inference_steps=steps,
            guidance_scale=guidance_scale,
            generator=torch.Generator().manual_seed(0),
            callback_on_step_end=after_step,
            callback_on_step_end_tensor_inputs=guidance.tensor_inputs,
            output_type="latent",
            **options,
        )
    return latents


both = pytest.mark.parametrize("name", ["sd15", "sdxl"])


@both
@pytest.mark.parametrize("guidance_scale", [5.0, 1.0])
def test_a_schedule_is_the_first_prompt_and_then_the_second(model, guidance_scale):
    def latents(prompt, negative):
        found = encode(model, prompt, negative, steps=6)
        return run(model, found, guidance_scale=guidance_scale)

    red, changing = latents("a red hat", "x"), latents("a [red:blue:2] hat", "x")
    assert all(torch.equal(*pair) for pair in zip(red[:2], changing[:2], strict=True))
    assert not torch.equal(red[2], changing[2])


@both
def test_a_step_sees_exactly_the_prompt_of_its_phase(model, monkeypatch):
    unet, seen = model.components["unet"], []
    forward = unet.forward

    def spy(sample, *args, **inputs):
        seen.append((inputs["encoder_hidden_states"], inputs["added_cond_kwargs"]))
        return forward(sample, *args, **inputs)

    monkeypatch.setattr(unet, "forward", spy)
    found = encode(model, "[red|blue] hat [with rain:.5]", "[x:3]", steps=6)
    run(model, found)
    for step, (states, added) in enumerate(seen, 1):
        told = found.embeddings(step)
        assert torch.equal(
            states, torch.cat([told["negative_prompt_embeds"], told["prompt_embeds"]])
        )
        if added:
            pooled = [told["negative_pooled_prompt_embeds"], told["pooled_prompt_embeds"]]
            assert torch.equal(added["text_embeds"], torch.cat(pooled))


def test_a_sampler_that_calls_twice_a_step_changes_with_the_persons_steps(sd15):
    from diffusers import HeunDiscreteScheduler

    pipeline = sd15.pipeline("text-to-image")
    found = encode(sd15, "[a|b|c|d]", "", steps=4)
    guidance = guide(pipeline, found, 4)
    pipeline.scheduler = HeunDiscreteScheduler()
    pipeline._num_timesteps = 7
    steps = [1]
    for call in range(1, 7):
        guidance.advance(call, {"prompt_embeds": torch.zeros(2)})
        steps.append(guidance._step)
    assert steps == [1, 1, 2, 2, 3, 3, 4]


@both
@pytest.mark.parametrize("guidance_scale", [5.0, 1.0])
def test_and_follows_the_weighted_sum_of_its_prompts(model, guidance_scale, monkeypatch, request):
    """One denoiser call against the formula: n + g Σ wᵢ (cᵢ - n).

    In float64: float32 rounds a batch otherwise than its rows alone, by up to 1.3e-5 here.
    """
    found = encode(model, "a red hat :0.7 AND rain :-0.3 AND a ball", "blue")
    unet, seen = model.components["unet"].double(), []
    request.addfinalizer(unet.float)
    inside = unet.forward

    def forward(sample, timestep, *, encoder_hidden_states, added_cond_kwargs=None, **inputs):
        added = {name: value.double() for name, value in (added_cond_kwargs or {}).items()}
        return inside(
            sample.double(),
            timestep,
            encoder_hidden_states=encoder_hidden_states.double(),
            added_cond_kwargs=added or None,
            **inputs,
        )

    def spy(sample, timestep, **inputs):
        answer = forward(sample, timestep, **inputs)
        seen.append((sample, timestep, inputs, answer[0]))
        return answer

    monkeypatch.setattr(unet, "forward", spy)
    pipeline, answers = model.pipeline("text-to-image"), []
    guidance = guide(pipeline, found, 1)
    with torch.inference_mode(), guidance.composing():
        inner = unet.forward

        def outer(*args, **inputs):
            answers.append(inner(*args, **inputs)[0])
            return (answers[-1],)

        monkeypatch.setattr(unet, "forward", outer)
        pipeline(
            **found.embeddings(),
            width=32,
            height=32,
            num_inference_steps=1,
            guidance_scale=guidance_scale,
            generator=torch.Generator().manual_seed(0),
            output_type="latent",
        )
        sample, timestep, inputs, _ = seen[0]

        def alone(moment):
            values = moment.values
            added = inputs["added_cond_kwargs"]
            if added:
                added = {
                    "text_embeds": values["pooled_prompt_embeds"],
                    "time_ids": added["time_ids"][:1],
                }
            return forward(
                sample[:1],
                timestep,
                encoder_hidden_states=values["prompt_embeds"],
                added_cond_kwargs=added,
                return_dict=False,
            )[0]

        nothing = alone(found.negative.at(1))
        total = sum(track.weight * (alone(track.at(1)) - nothing) for track in found.positives)
    rows = 2 if guidance_scale > 1 else 1
    assert answers[0].shape[0] == rows
    assert torch.allclose(answers[0][-1:], nothing + total, atol=1e-5)
    if rows == 2:
        assert torch.allclose(answers[0][:1], nothing, atol=1e-5)


@both
def test_and_of_one_prompt_twice_at_half_is_that_prompt(model):
    once = run(model, encode(model, "a red hat", "blue"))
    twice = run(model, encode(model, "a red hat :0.5 AND a red hat :0.5", "blue"))
    assert torch.allclose(once[-1], twice[-1], atol=1e-3)


@both
def test_and_and_schedules_go_together(model):
    def latents(prompt):
        return run(model, encode(model, prompt, "", steps=6))

    still, changing = latents("a hat AND rain"), latents("a hat AND [rain:snow:2]")
    assert torch.equal(still[1], changing[1])
    assert not torch.equal(still[2], changing[2])
    assert not torch.equal(still[0], latents("a hat")[0])


def test_an_edit_by_instruction_changes_and_composes_too(sd15):
    editing = networks.make_unet(32, in_channels=8)
    parts = sd15.components | {"unet": editing}
    picture = Image.new("RGB", (32, 32), "red")

    def last(prompt):
        pipeline = StableDiffusionInstructPix2PixPipeline(**parts, requires_safety_checker=False)
        pipeline.set_progress_bar_config(disable=True)
        found = encode(sd15, prompt, "x", steps=4)
        guidance = guide(pipeline, found, 4)
        with torch.inference_mode(), guidance.composing():
            return pipeline(
                **found.embeddings(),
                image=picture,
                num_inference_steps=4,
                generator=torch.Generator().manual_seed(0),
                callback_on_step_end=lambda _p, call, _t, tensors: guidance.advance(
                    call + 1, tensors
                ),
                callback_on_step_end_tensor_inputs=guidance.tensor_inputs,
                output_type="latent",
            ).images

    plain = last("a red hat")
    assert torch.allclose(last("a red hat :0.5 AND a red hat :0.5"), plain, atol=1e-3)
    changes = (last("a [red:blue:2] hat"), last("a blue hat"), last("a red hat AND rain"))
    assert not any(torch.allclose(one, plain, atol=1e-3) for one in changes)
    assert torch.equal(last("a [red::90] hat"), plain)


def test_the_denoiser_is_as_it_was_after_an_error(sd15):
    unet = sd15.components["unet"]
    before = dict(vars(unet))
    found = encode(sd15, "a AND b", "")
    guidance = guide(sd15.pipeline("text-to-image"), found, 1)

    def stopped():
        with guidance.composing():
            assert "forward" in vars(unet)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert vars(unet).keys() == before.keys()


def test_a_hook_on_the_denoiser_is_put_back(sd15, monkeypatch):
    unet = sd15.components["unet"]

    def hooked(*_args, **_inputs):
        return None

    monkeypatch.setattr(unet, "forward", hooked)
    with guide(sd15.pipeline("text-to-image"), encode(sd15, "a AND b", ""), 1).composing():
        assert unet.forward is not hooked
    assert unet.forward is hooked


def test_a_plain_prompt_leaves_the_pipeline_alone(sd15):
    found = encode(sd15, "a hat", "")
    assert not found.changes
    assert not found.composes
    pipeline = sd15.pipeline("text-to-image")
    guidance = guide(pipeline, found, 3)
    assert guidance.tensor_inputs == ["latents"]
    with guidance.composing():
        assert "forward" not in vars(sd15.components["unet"])
    pipeline._num_timesteps = 3
    assert guidance.advance(1, {}) == {}


def loop(model, told, compared, steps=6, scale=5.0):
    """The denoising written by hand: steps whose number is in `compared` read the negative."""
    pipeline, latents = model.pipeline("text-to-image"), []
    unet, scheduler = model.components["unet"], EulerDiscreteScheduler()
    scheduler.set_timesteps(steps)
    shape = (1, unet.config.in_channels, 32 // model.reduction, 32 // model.reduction)
    now = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    now = now * scheduler.init_noise_sigma
    with torch.inference_mode():
        for step, timestep in enumerate(scheduler.timesteps, 1):
            rows = ("negative_", "") if step in compared else ("",)
            added = None
            if "pooled_prompt_embeds" in told:
                width = pipeline.text_encoder_2.config.projection_dim
                ids = pipeline._get_add_time_ids((32, 32), (0, 0), (32, 32), now.dtype, width)
                pooled = torch.cat([told[f"{row}pooled_prompt_embeds"] for row in rows])
                added = {"text_embeds": pooled, "time_ids": ids.repeat(len(rows), 1)}
            found = unet(
                scheduler.scale_model_input(torch.cat([now] * len(rows)), timestep),
                timestep,
                encoder_hidden_states=torch.cat([told[f"{row}prompt_embeds"] for row in rows]),
                added_cond_kwargs=added,
                return_dict=False,
            )[0]
            if len(rows) == 2:
                nothing, something = found.chunk(2)
                found = nothing + scale * (something - nothing)
            now = scheduler.step(found, timestep, now, return_dict=False)[0]
            latents.append(now.clone())
    return latents


@pytest.mark.thorough
@both
@pytest.mark.parametrize(
    ("guided", "compared"),
    [
        (Guided(), [1, 2, 3, 4, 5, 6]),
        (Guided(start=0.3), [3, 4, 5, 6]),
        (Guided(end=0.5), [1, 2, 3]),
        (Guided(0.2, 0.7), [3, 4, 5]),
        (Guided(end=0), []),
        (Guided(start=1), []),
    ],
)
def test_steps_without_guidance_are_those_of_a_loop_written_by_hand(
    model, guided, compared, monkeypatch
):
    found, unet, rows = encode(model, "a red hat", "blue"), model.components["unet"], []
    expected = loop(model, found.embeddings(), compared)
    forward = unet.forward

    def spy(sample, *args, **inputs):
        rows.append(len(sample))
        return forward(sample, *args, **inputs)

    monkeypatch.setattr(unet, "forward", spy)
    drawn = run(model, found, scheduler=EulerDiscreteScheduler(), guided=guided)
    assert all(torch.equal(*pair) for pair in zip(drawn, expected, strict=True))
    assert rows == [2 if step in compared else 1 for step in range(1, 7)]


@both
def test_without_guidance_an_and_is_what_it_is_at_scale_1(model):
    found = encode(model, "a red hat :0.7 AND rain :-0.3", "blue")
    alone = run(model, found, scheduler=EulerDiscreteScheduler(), guidance_scale=1.0)
    never = run(model, found, scheduler=EulerDiscreteScheduler(), guided=Guided(end=0))
    assert all(torch.equal(*pair) for pair in zip(never, alone, strict=True))
