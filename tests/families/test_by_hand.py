"""Every family of flow matching draws the bytes of the same calls written by hand in diffusers.

A family joins by a line in tests/tiny/by_hand.py.
"""

import shutil

import numpy as np
import pytest
import torch
from PIL import Image, ImageChops
from safetensors.torch import load_file, save_file

from medialab import PipelineConfig, Workbench
from medialab.artifacts import Sidecar
from medialab.errors import CancelledError, ConfigError
from medialab.families import RUNNING
from medialab.files.predictions import FLOW
from medialab.pixels.geometry import Box
from medialab.pixels.masks import box_mask
from medialab.settings.steps import Plan
from tests.records import applied
from tests.tiny.by_hand import BY_HAND, KLEIN, ByHand
from tests.tiny.families import write_families

PROMPT, NEGATIVE = "a red ball", "blue"
each = pytest.mark.parametrize("name", BY_HAND)


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A models folder with a tiny checkpoint of each family here, called like the family."""
    root = tmp_path_factory.mktemp("by_hand") / "models"
    write_families(root, BY_HAND)
    return root


@pytest.fixture(scope="module")
def hands(models):
    """Makes the pipelines of a family's checkpoint, once."""
    made = {}

    def of(name):
        if name not in made:
            folder = models / "checkpoints" / name
            made[name] = ByHand(folder, BY_HAND[name], RUNNING[name].latents.channels)
        return made[name]

    return of


@pytest.fixture
def hand(hands, name):
    return hands(name)


@pytest.fixture
def second(name, models):
    """The transformer's weights of a second checkpoint, which is written beside the first."""
    folder = models / "checkpoints" / f"{name}-2"
    if not folder.exists():
        shutil.copytree(models / "checkpoints" / name, folder)
        (file,) = (folder / "transformer").glob("*.safetensors")
        save_file({part: one * 0.9 for part, one in load_file(file).items()}, file)
    (file,) = (folder / "transformer").glob("*.safetensors")
    return load_file(file)


def block(name):
    return RUNNING[name].latents.block


def quick(name, **settings):
    """Return a config for a small picture of few steps."""
    small = {
        "checkpoint": name,
        "prompt": PROMPT,
        "negative_prompt": NEGATIVE if RUNNING[name].guidance == "true" else "",
        "sampler": RUNNING[name].defaults.sampler,
        "guidance_scale": 2.0,
        "width": 64,
        "height": 64,
        "steps": 2,
        "seed": 3,
    }
    return PipelineConfig.parse(small | settings)


def by_hand(name, **settings):
    """Return what diffusers is told for the same."""
    true = {"negative": NEGATIVE} if RUNNING[name].guidance == "true" else {}
    return {"scale": 2.0, **true, **settings}


def picture(width, height):
    """Return a picture of smooth colours and some noise."""
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[0:height, 0:width]
    levels = np.stack([rows * 200 / height, columns * 200 / width, rows * 0 + 90], axis=-1)
    return Image.fromarray((levels + rng.integers(0, 50, levels.shape)).astype(np.uint8))


def outside(box, before, after):
    """Return whether every byte outside the box is as before."""
    changed = ImageChops.difference(before, after).getbbox()
    if changed is None:
        return True
    left, top, right, bottom = changed
    return box.left <= left and box.top <= top and right <= box.right and bottom <= box.bottom


def test_every_family_of_flow_matching_has_its_line():
    flows = {name for name, one in RUNNING.items() if one.prediction_type == FLOW}
    assert flows == set(BY_HAND)


# Stage 3


@each
def test_text_to_image_is_that_of_diffusers(name, bench, hand):
    wide = 64 + block(name)
    run = bench.execute(quick(name, width=wide), save=False)
    expected = hand.draw(PROMPT, **by_hand(name, size=(wide, 64)))
    assert run.image.tobytes() == expected.tobytes()


@pytest.mark.thorough
@each
@pytest.mark.parametrize("strength", [0.6, 0.5])  # of 5 steps, the second is rounded up
def test_image_to_image_is_that_of_diffusers(name, bench, hand, strength):
    image = picture(64 + block(name), 64)
    kept = bench.keep(image)
    settings = {"denoising_strength": strength, "steps": 5}
    config = quick(name, mode="img2img", image=kept, img2img=settings, width=image.width)
    run = bench.execute(config, save=False)
    expected = hand.redraw(PROMPT, image, strength, **by_hand(name, size=image.size, steps=5))
    assert run.image.tobytes() == expected.tobytes()
    assert applied(run, "img2img")["steps"] == 3


@pytest.mark.thorough
@pytest.mark.parametrize(("sampler", "schedule"), [("DPM++ 2M", "automatic"), ("LMS", "karras")])
@pytest.mark.parametrize("name", [one for one in BY_HAND if BY_HAND[one] is not KLEIN])
def test_from_a_picture_a_solver_steps_as_in_diffusers_own_pipeline(
    name, bench, hand, sampler, schedule, monkeypatch
):
    image, family = picture(64, 64), RUNNING[name]
    trained = hand.redraws.scheduler.config
    whole = family.schedulers.make(sampler, schedule, trained, steps=Plan(5, 5), seed=3)
    monkeypatch.setattr(hand.redraws, "scheduler", whole)
    strength = 0.5
    if schedule == "karras":  # it spaces what is left of the even list; diffusers would cut it
        whole.run, strength = 3, 1.0
    settings = {"denoising_strength": 0.5, "steps": 5, "sampler": sampler, "schedule": schedule}
    config = quick(name, mode="img2img", image=bench.keep(image), img2img=settings)
    expected = hand.redraw(PROMPT, image, strength, **by_hand(name, steps=5))
    assert bench.execute(config, save=False).image.tobytes() == expected.tobytes()


@pytest.mark.thorough
@each
def test_at_strength_1_nothing_of_the_picture_is_left(name, bench, hand):
    images = [picture(64, 64), Image.new("RGB", (64, 64), "red")]
    drawn = {
        bench.execute(
            quick(
                name,
                mode="img2img",
                image=bench.keep(image),
                img2img={"denoising_strength": 1.0},
            ),
            save=False,
        ).image.tobytes()
        for image in images
    }
    assert drawn == {hand.draw(PROMPT, **by_hand(name)).tobytes()}


@pytest.mark.thorough
@each
def test_a_masked_part_is_repainted_and_every_byte_outside_stays(name, bench, hand):
    image = picture(96, 64)
    box = Box(32, 0, 64, 64)
    mask = box_mask(box, *image.size)
    settings = {"mask": bench.keep(mask), "mask_blur": 0, "denoising_strength": 0.75, "steps": 4}
    config = quick(name, mode="inpaint", image=bench.keep(image), inpaint=settings, width=96)
    after = bench.execute(config, save=False).image
    assert outside(box, image, after)
    expected = hand.repaint(PROMPT, image, mask, 0.75, **by_hand(name, steps=4))
    assert after.tobytes() == expected.tobytes()


@pytest.mark.thorough
@each
@pytest.mark.parametrize(("sampler", "calls"), [("Heun", 5), ("Euler a", 3), ("UniPC", 3)])
def test_any_sampler_repaints_a_part_and_gives_the_same_bytes_again(name, bench, sampler, calls):
    image, box = picture(64, 64), Box(32, 0, 64, 64)
    mask = bench.keep(box_mask(box, *image.size))
    settings = {"mask": mask, "mask_blur": 0, "denoising_strength": 0.75, "steps": 4}
    config = quick(name, mode="inpaint", image=bench.keep(image), inpaint=settings, sampler=sampler)
    run = bench.execute(config, save=False)
    assert outside(box, image, run.image)
    told = applied(run, "inpaint")
    assert (told["steps"], told["of_steps"], told["model_calls"]) == (3, 4, calls)
    bench.cache.clear()
    assert bench.execute(config, save=False).image.tobytes() == run.image.tobytes()


@pytest.mark.thorough
@each
def test_a_border_is_painted_and_the_picture_inside_stays(name, bench):
    image = picture(64, 64)
    settings = {"right": 32, "left": 0, "mask_blur": 0, "denoising_strength": 0.8}
    config = quick(name, mode="outpaint", image=bench.keep(image), outpaint=settings)
    after = bench.execute(config, save=False).image
    assert after.size == (96, 64)
    assert after.crop((0, 0, 64, 64)).tobytes() == image.tobytes()
    border = after.crop((64, 0, 96, 64))
    assert any(low < high for low, high in border.getextrema())


@pytest.mark.thorough
@each
def test_a_second_checkpoint_of_the_family_takes_over_where_its_noise_begins(
    name, second, bench, hand
):
    config = quick(name, steps=4, handover_checkpoint=f"{name}-2", switch_at=0.05)
    run = bench.execute(config, save=False)
    at = applied(run, "txt2img")["handover"]["from_call"]
    assert 1 < at <= 4

    network = hand.network
    first = {part: one.clone() for part, one in network.state_dict().items()}

    def take_over(_pipeline, step, _timestep, _tensors):
        if step + 2 == at:
            network.load_state_dict(second)
        return {}

    try:
        expected = hand.draw(PROMPT, **by_hand(name, steps=4, callback_on_step_end=take_over))
    finally:
        network.load_state_dict(first)
    assert run.image.tobytes() == expected.tobytes()
    assert run.image.tobytes() != hand.draw(PROMPT, **by_hand(name, steps=4)).tobytes()


# Later stages


@pytest.mark.thorough
@each
def test_the_hires_fix_by_pixels_is_that_of_diffusers(name, bench, hand):
    larger = {"enabled": True, "scale": 1.5, "upscaler": "lanczos", "denoising_strength": 0.5}
    run = bench.execute(quick(name, refiner=larger | {"steps": 2}), save=False)
    first = hand.draw(PROMPT, **by_hand(name))
    start = first.resize((96, 96), Image.Resampling.LANCZOS)
    # All steps that are set are run: they are the last two of four.
    expected = hand.redraw(PROMPT, start, 0.5, **by_hand(name, size=(96, 96), steps=4))
    assert run.image.tobytes() == expected.tobytes()


@pytest.mark.thorough
@each
def test_the_hires_fix_by_latents_is_that_of_diffusers(name, bench, hand):
    larger = {"enabled": True, "scale": 2.0, "upscaler": "latent", "denoising_strength": 0.5}
    run = bench.execute(quick(name, refiner=larger | {"steps": 2}), save=False)
    latents = hand.encoded(hand.draw(PROMPT, **by_hand(name)))
    start = torch.nn.functional.interpolate(
        latents, scale_factor=2, mode="bilinear", align_corners=False
    )
    expected = hand.redraw(PROMPT, start, 0.5, **by_hand(name, size=(128, 128), steps=4))
    assert run.image.tobytes() == expected.tobytes()


@pytest.mark.thorough
@each
@pytest.mark.parametrize("part", ["body", "face", "hand"])
def test_a_detailer_repaints_its_crop_and_every_byte_outside_stays(name, part, bench):
    plain = bench.execute(quick(name, width=128, height=96), save=False).image
    detail = {"enabled": True, "detector": "centre", "crop_factor": 1.0, "steps": 2}
    run = bench.execute(quick(name, width=128, height=96, **{part: detail}), save=False)
    (drawn,) = applied(run, part)["drawn"]
    assert outside(Box(*drawn["crop"]), plain, run.image)
    assert run.image.tobytes() != plain.tobytes()


@each
def test_the_upscaler_draws_in_tiles_or_refuses_it_by_name_before_the_run(name, bench, hand):
    larger = {"enabled": True, "upscaler": "lanczos", "scale": 2.0, "denoising_strength": 0.5}
    config = quick(name, upscaler=larger | {"diffusion_tile": 64, "steps": 4})
    if RUNNING[name].tiling is None:
        with pytest.raises(ConfigError, match=f"upscaler: drawing in tiles .* {name}"):
            bench.execute(config, save=False)
        assert not bench.registry.nbytes
        return
    run = bench.execute(config, save=False)
    assert run.image.size == (128, 128)
    assert applied(run, "upscaler")["tiles"]["count"] > 1
    # One tile that covers the picture changes nothing.
    whole = quick(name, upscaler=larger | {"diffusion_tile": 128, "steps": 4})
    start = hand.draw(PROMPT, **by_hand(name)).resize((128, 128), Image.Resampling.LANCZOS)
    expected = hand.redraw(
        PROMPT, hand.encoded(start), 0.5, **by_hand(name, size=(128, 128), steps=4)
    )
    alone = bench.execute(whole, save=False).image
    assert alone.tobytes() == expected.tobytes()
    assert alone.tobytes() != run.image.tobytes()


# Guidance in a part of the steps


# The tiny Klein is distilled: no step of it compares.
compared = pytest.mark.parametrize("name", [one for one in BY_HAND if BY_HAND[one] is not KLEIN])


def alone_outside(forward, calls, steps, of_steps):
    """Return a transformer that answers with the prompt's answer in steps that do not compare."""
    answers = []

    def asked(*args, **inputs):
        given = inputs.get("hidden_states", args[0] if args else None)
        rows, a_step = len(given), 1 if len(given) == 2 else 2
        step = 1 + len(calls) // a_step
        calls.append(step)
        assert step <= of_steps
        if steps[0] > 1 and "kv_cache" in inputs:  # it would be stored at the first step
            inputs |= {"kv_cache": None, "kv_cache_mode": None}
        if step in steps:
            return forward(*args, **inputs)
        if rows == 1:  # the prompt first, then the negative one
            answers.append(answers.pop() if answers else forward(*args, **inputs))
            return answers.pop() if len(calls) % 2 == 0 else answers[-1]
        if isinstance(given, list):
            latents, time, texts, *rest = args
            found = forward(latents[:1], time[:1], texts[:1], *rest, **inputs)
            return ([found[0][0]] * 2, *found[1:])
        one = {
            key: value[1:] if isinstance(value, torch.Tensor) and len(value) == 2 else value
            for key, value in inputs.items()
        }
        return (forward(*args, **one)[0].repeat(2, 1, 1, 1),)

    return asked


@pytest.mark.thorough
@compared
@pytest.mark.parametrize(("start", "end", "steps"), [(0, 0.5, [1, 2]), (0.25, 1, [3, 4])])
def test_steps_without_guidance_use_the_prompt_alone(
    name, start, end, steps, bench, hand, monkeypatch
):
    config = quick(name, steps=4, guidance_start=start, guidance_end=end)
    run = bench.execute(config, save=False)
    assert applied(run, "txt2img")["guided_steps"] == [steps[0], steps[-1]]
    whole = hand.draw(PROMPT, **by_hand(name, steps=4))
    calls = []
    monkeypatch.setattr(
        hand.network, "forward", alone_outside(hand.network.forward, calls, steps, 4)
    )
    expected = hand.draw(PROMPT, **by_hand(name, steps=4))
    assert max(calls) == 4
    assert run.image.tobytes() == expected.tobytes() != whole.tobytes()


@pytest.mark.thorough
@compared
def test_no_step_with_guidance_is_guidance_1(name, bench):
    never = bench.execute(quick(name, guidance_end=0.0), save=False)
    alone = bench.execute(quick(name, guidance_scale=1.0), save=False)
    assert never.image.tobytes() == alone.image.tobytes()


@pytest.mark.thorough
@each
def test_at_guidance_1_the_prompt_alone_is_computed(name, bench, monkeypatch):
    network = bench.registry.load(bench.registry.find(name, "checkpoint")).denoiser
    rows, forward = [], network.forward

    def spy(*args, **inputs):
        rows.append(len(inputs.get("hidden_states", args[0] if args else ())))
        return forward(*args, **inputs)

    monkeypatch.setattr(network, "forward", spy)
    bench.execute(quick(name, guidance_scale=1.0), save=False)
    assert rows == [1, 1]


# Promises of the cache, the record and the queue


@pytest.mark.thorough
@each
def test_a_later_stage_alone_runs_again_if_only_it_changes(name, bench):
    larger = {"enabled": True, "scale": 1.5, "upscaler": "lanczos", "steps": 2}
    first = bench.execute(quick(name, refiner=larger), save=False)
    again = bench.execute(quick(name, refiner=larger), save=False)
    assert again.image.tobytes() == first.image.tobytes()
    assert all(one["cached"] for one in again.record["stages"])
    other = bench.execute(quick(name, refiner=larger | {"denoising_strength": 0.5}), save=False)
    cached = {one["name"]: one["cached"] for one in other.record["stages"]}
    assert cached == {"prompt": True, "txt2img": True, "refiner": False, "finish": False}
    bench.cache.clear()
    cold = bench.execute(quick(name, refiner=larger | {"denoising_strength": 0.5}), save=False)
    assert cold.image.tobytes() == other.image.tobytes()


@pytest.mark.thorough
@each
def test_a_picture_is_made_again_from_its_own_file(name, bench, models, tmp_path):
    larger = {"enabled": True, "scale": 1.5, "upscaler": "latent", "steps": 2}
    detail = {"enabled": True, "detector": "centre", "steps": 2}
    first = bench.execute(quick(name, refiner=larger, face=detail))
    config = Sidecar.read(first.artifact.sidecar).config
    with Workbench(models=models, outputs=tmp_path / "others", device="cpu") as other:
        again = other.execute(config)
    assert again.image.tobytes() == first.image.tobytes()


@pytest.mark.thorough
@each
def test_each_picture_of_a_batch_is_the_one_of_its_seed(name, bench, hand):
    run = bench.execute(quick(name, batch_size=2), save=False)
    for number, image in enumerate(run.images):
        alone = hand.draw(PROMPT, **by_hand(name, seed=3 + number))
        assert image.tobytes() == alone.tobytes()


@pytest.mark.thorough
@each
def test_cancelled_between_steps_it_stops_and_the_next_run_is_the_same(name, bench, hand):
    def stop(event):
        if event.kind == "step" and event.stage == "txt2img":
            bench.executor.cancel_all()

    end = bench.executor.listen(stop)
    with pytest.raises(CancelledError):
        bench.execute(quick(name, steps=4), save=False)
    end()
    expected = hand.draw(PROMPT, **by_hand(name, steps=4))
    assert bench.execute(quick(name, steps=4), save=False).image.tobytes() == expected.tobytes()


@pytest.mark.thorough
@each
def test_previews_show_the_size_that_is_drawn(name, bench):
    seen = []
    end = bench.executor.listen(lambda event: seen.append(event.preview))
    wide = 64 + block(name)
    bench.execute(quick(name, width=wide), save=False)
    end()
    sizes = {preview.size for preview in seen if preview is not None}
    assert sizes == {(wide, 64)}


@pytest.mark.thorough
@each
def test_a_size_between_blocks_is_drawn_larger_cut_and_told(name, bench, hand):
    run = bench.execute(quick(name, width=72, height=88), save=False)
    side = block(name)
    drawn = tuple(-(-one // side) * side for one in (72, 88))
    whole = hand.draw(PROMPT, **by_hand(name, size=drawn))
    assert run.image.tobytes() == whole.crop((0, 0, 72, 88)).tobytes()
    (note,) = applied(run, "txt2img")["notes"]
    assert note == f"drawn at {drawn[0]} × {drawn[1]} px, in blocks of {side}, and cut to 72 × 88"
