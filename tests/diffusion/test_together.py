"""Pictures that are denoised at once are those of one by one but for last bits, in every family."""

import threading

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from medialab import PipelineConfig, Workbench
from medialab.config.resolved import Together
from medialab.diffusion.denoising import Asked, denoise_all
from medialab.diffusion.drawing import Drawing
from medialab.diffusion.together import NAME, Places
from medialab.errors import CancelledError
from medialab.families import RUNNING
from medialab.families.joining import Call
from medialab.settings.sampling import SAMPLING_NAMES, Sampling
from models.paperdoll import family
from tests.tiny import checkpoints, networks, z_image
from tests.tiny.families import write_families
from tests.tiny.small_memory import one_row_at_a_time

# Levels of grey, of 255: what sums in another order may add up to in a few steps.
MOST_APART = 2
NAMES = [name for name, one in RUNNING.items() if not one.finishes]
# Of those tiny checkpoints, the ones that are made for it.
# Those whose calls cannot be joined.
APART = ["qwen-image-2.1"]
EDITING = ["flux2-klein-4b", "flux2-klein-9b"]
SAMPLERS = [
    *("Euler", "Euler a", "Heun", "DPM2 a", "DPM++ 2M", "DPM++ 2M SDE", "DPM++ SDE"),
    *("LMS", "UniPC", "LCM", "DDPM"),
]
QUICK = {"prompt": "a red ball", "negative_prompt": "rain", "steps": 4, "seed": 7}
SIZES = {"width": 64, "height": 64, "batch_size": 3, "draw_together": 3}
PROMPTS = {
    "AND": {"prompt": "a red ball AND a blue hat :0.6"},
    "changing with the steps": {"prompt": "a [red:blue:0.5] ball, [hat|rain]"},
    "unguided": {"guidance_scale": 1.0},
    "guided in a part": {"guidance_start": 0.3, "guidance_end": 0.8},
    "a variation": {"variation_strength": 0.3, "variation_seed": 5},
    "a LoRA for a part": {"loras": [{"name": "ink", "weight": 0.8, "start": 0.3, "stop": 0.7}]},
    "a LoRA": {"prompt": "a red ball <lora:ink:0.8>"},
}
LAYER = "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn1_to_q"


@pytest.fixture(scope="module")
def models(tiny_models, tmp_path_factory):
    root = tmp_path_factory.mktemp("together") / "models"
    paperdoll = tiny_models / "checkpoints" / "paperdoll"
    write_families(root, NAMES, paperdoll)
    for kind in ("controlnet", "loras"):
        (root / kind).mkdir()
    torch.manual_seed(1)
    unet = family.make_unet(checkpoints.PAPERDOLL)
    networks.make_controlnet(unet).save_pretrained(root / "controlnet" / "lines")
    ink = {f"{LAYER}.lora_down.weight": torch.randn(4, 32)}
    ink[f"{LAYER}.lora_up.weight"] = torch.randn(32, 4)
    save_file(ink, root / "loras" / "ink.safetensors")
    return root


@pytest.fixture(scope="module")
def bench(models, tmp_path_factory):
    outputs = tmp_path_factory.mktemp("outputs")
    with Workbench(models=models, outputs=outputs, device="cpu") as workbench:
        yield workbench


@pytest.fixture(autouse=True)
def _no_thread_is_left():
    yield
    assert [one for one in threading.enumerate() if one.name == NAME] == []


def asked(**settings):
    return PipelineConfig.parse(QUICK | SIZES | settings)


def apart(one, other):
    first, second = (np.asarray(image, np.int16) for image in (one, other))
    return int(np.abs(first - second).max())


def records(run):
    mode = run.config.mode
    return [
        next(one["applied"] for one in record["stages"] if one["name"] == mode)
        for record in run.records
    ]


def compared(bench, config):
    """Draw pictures at once and one by one; nothing may be cached."""
    runs = []
    for count in (config.draw_together, 1):
        bench.cache.clear()
        runs.append(bench.execute(config.changed(draw_together=count), save=False))
    return runs


def assert_alike(together, alone, most=MOST_APART):
    pairs = list(zip(together.images, alone.images, strict=True))
    assert max(apart(*pair) for pair in pairs) <= most
    # They are not each other's: the seeds are their own.
    images = together.images
    assert all(apart(images[0], other) > MOST_APART for other in images[1:])
    count = len(images)
    told = [one["together"] for one in records(together)]
    assert told == [{"pictures": count, "place": place + 1} for place in range(count)]
    assert not any("together" in one for one in records(alone))
    left_out = {"together"}
    for mine, theirs in zip(records(together), records(alone), strict=True):
        assert {key: mine[key] for key in mine.keys() - left_out} == theirs


@pytest.mark.thorough
@pytest.mark.parametrize("name", NAMES)
def test_every_familys_pictures_are_those_of_one_by_one(bench, name):
    guidance = 3.0 if RUNNING[name].guidance != "none" else 1.0
    assert_alike(*compared(bench, asked(checkpoint=name, guidance_scale=guidance)))


@pytest.fixture
def start(bench):
    return {"image": bench.keep(Image.radial_gradient("L").convert("RGB").resize((64, 64)))}


@pytest.fixture
def modes(bench):
    """The settings of each mode that starts from a picture."""
    mask = bench.keep(Image.linear_gradient("L").resize((64, 64)))
    return {
        "img2img": {"denoising_strength": 0.6},
        "inpaint": {"denoising_strength": 0.8, "mask": mask, "masked_content": "latent noise"},
        "outpaint": {"left": 16, "right": 0},
        "instruct": {},
    }


def repainting(mode, modes, start, **settings):
    return asked(mode=mode, **{mode: modes[mode]}, **start, **settings)


@pytest.mark.thorough
@pytest.mark.parametrize("mode", ["img2img", "inpaint"])
@pytest.mark.parametrize("name", NAMES)
def test_every_family_repaints_as_one_by_one(bench, modes, start, name, mode):
    guidance = 3.0 if RUNNING[name].guidance != "none" else 1.0
    config = repainting(mode, modes, start, checkpoint=name, guidance_scale=guidance)
    assert_alike(*compared(bench, config))


@pytest.mark.thorough
@pytest.mark.parametrize("name", EDITING)
def test_every_family_that_edits_by_instruction_does_so_as_one_by_one(bench, modes, start, name):
    assert_alike(*compared(bench, repainting("instruct", modes, start, checkpoint=name)))


@pytest.mark.parametrize("strength", [0.5, 1.0])
@pytest.mark.parametrize("mode", ["img2img", "inpaint", "outpaint"])
def test_pictures_that_start_from_one_are_those_of_one_by_one(bench, modes, start, mode, strength):
    modes[mode]["denoising_strength"] = strength
    assert_alike(*compared(bench, repainting(mode, modes, start)))


def test_edits_by_instruction_are_those_of_one_by_one(bench, modes, start):
    config = repainting("instruct", modes, start, checkpoint="flux2-klein-4b")
    assert_alike(*compared(bench, config))


def test_a_start_picture_is_encoded_once_for_all(bench, modes, start):
    vae = bench.registry.load(bench.registry.find("paperdoll", "checkpoint")).vae
    encode, seen = vae.encode, []
    vae.encode = lambda pixels: seen.append(pixels) or encode(pixels)
    bench.cache.clear()
    try:
        bench.execute(repainting("img2img", modes, start, width=72), save=False)
    finally:
        del vae.encode
    assert len(seen) == 1


@pytest.mark.thorough
def test_controlnets_follow_the_start_picture_of_all(bench, modes, start):
    control = [{"model": "lines", "weight": 0.8}]
    assert_alike(*compared(bench, repainting("img2img", modes, start, control=control)))


@pytest.mark.thorough
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_every_sampler_keeps_to_its_pictures_own_noise(bench, sampler):
    assert_alike(*compared(bench, asked(sampler=sampler, steps=5)))


@pytest.mark.thorough
@pytest.mark.parametrize("how", PROMPTS)
def test_what_stands_around_a_denoiser_stands_around_each_picture(bench, how):
    assert_alike(*compared(bench, asked(**PROMPTS[how])))


@pytest.mark.thorough
@pytest.mark.parametrize("part", [{}, {"guidance_start": 0.3}])
def test_controlnets_are_asked_for_all(bench, part):
    shown = bench.keep(Image.radial_gradient("L").convert("RGB").resize((64, 64)))
    units = [{"model": "lines", "weight": weight, "image": shown} for weight in (0.8, 0.3)]
    for control in (units[:1], units):
        assert_alike(*compared(bench, asked(control=control, **part)))


def test_z_images_controlnets_too(bench, models):
    folder = models / "controlnet" / "z"
    torch.manual_seed(2)
    z_image.make_controlnet().save_pretrained(folder)
    shown = bench.keep(Image.radial_gradient("L").convert("RGB").resize((64, 64)))
    control = [{"model": "z", "weight": 0.8, "image": shown}]
    assert_alike(*compared(bench, asked(checkpoint="z-image", control=control)))


def test_a_place_makes_no_picture_another(bench):
    """The class of equality is how many there are; the place is in it to be on the safe side."""
    config = bench.resolve(asked(batch_size=1, seed=9))
    images = []
    for place in (1, 2, 3):
        one = config.model_copy(update={"together": Together(pictures=3, place=place)})
        images.append(bench.execute(one, save=False).image)
    assert max(apart(images[0], other) for other in images[1:]) <= 1


def test_rows_of_other_lengths_are_filled_with_copies(bench):
    """A text of two chunks beside one of one: neither is changed by the other."""
    settings = dict(asked(batch_size=1))
    own = {name: settings[name] for name in SAMPLING_NAMES}
    drawing = Drawing(bench.registry.load(bench.registry.find("paperdoll", "checkpoint")))
    texts = ["a red ball", ", ".join(["a red ball", "a blue hat", "green rain"] * 12)]
    every = [
        Asked("text-to-image", Sampling(**own | {"prompt": text}), lambda *_: None, size=(64, 64))
        for text in texts
    ]
    at_once = denoise_all(drawing, every, Places((0, 1), 2))
    by_itself = [denoise_all(drawing, [one], Places((at,), 2))[0] for at, one in enumerate(every)]
    assert [one.image.tobytes() for one in at_once] == [one.image.tobytes() for one in by_itself]


@pytest.mark.thorough
@pytest.mark.parametrize("name", NAMES)
def test_in_no_family_does_a_row_depend_on_what_the_others_show(bench, name, monkeypatch):
    drawing = Drawing(bench.registry.load(bench.registry.find(name, "checkpoint")))
    guidance = 3.0 if RUNNING[name].guidance != "none" else 1.0
    settings = dict(asked(checkpoint=name, guidance_scale=guidance, batch_size=1))
    own = {key: settings[key] for key in SAMPLING_NAMES}
    texts = ["a red ball on a hat", "a hat on a red ball", "a ball on a red hat"]
    every = [
        Asked("text-to-image", Sampling(**own | {"prompt": text}), lambda *_: None, size=(64, 64))
        for text in texts
    ]
    forward, rows = drawing.denoiser.forward, []

    def counted(*args, **inputs):
        rows.append(Call(args, inputs).rows)
        return forward(*args, **inputs)

    monkeypatch.setattr(drawing.denoiser, "forward", counted)
    at_once = denoise_all(drawing, every, Places((0, 1, 2), 3))
    most = max(rows)
    by_itself = [denoise_all(drawing, [one], Places((at,), 3))[0] for at, one in enumerate(every)]
    rows.clear()
    denoise_all(drawing, every[:1])
    assert most == max(rows) * (1 if name in APART else 3)
    assert [one.image.tobytes() for one in at_once] == [one.image.tobytes() for one in by_itself]
    assert len({one.image.tobytes() for one in at_once}) == 3


def test_texts_that_are_as_long_as_their_tokens_stand_apart(bench):
    """Z-Image's texts have no padding, those of Flux and of CLIP have."""
    texts = ["a red ball", "a ball red", "a red ball on a large blue hat"]
    for name, equal in (
        ("z-image", [0, 1]),
        ("flux2-klein-4b", [0, 1, 2]),
        ("paperdoll", [0, 1, 2]),
    ):
        one = bench.resolve(asked(checkpoint=name, batch_size=1))
        kinds = bench.alike([one.model_copy(update={"prompt": text}) for text in texts])
        assert [at for at, kind in enumerate(kinds) if kind == kinds[0]] == equal


def test_a_denoiser_with_a_cache_for_each_picture_is_not_asked_for_copies(bench, monkeypatch):
    """Qwen-Image 2.1 stores what it computes of a prompt: its calls cannot be joined."""
    denoiser = bench.registry.load(bench.registry.find("qwen-image-2.1", "checkpoint")).denoiser
    forward, rows = denoiser.forward, []

    def counted(*args, **inputs):
        rows.append(len(inputs["hidden_states"]))
        return forward(*args, **inputs)

    counts = []
    monkeypatch.setattr(denoiser, "forward", counted)
    for config in (asked(checkpoint="qwen-image-2.1"), asked(draw_together=1)):
        rows.clear()
        bench.cache.clear()
        bench.execute(config.changed(checkpoint="qwen-image-2.1"), save=False)
        counts.append(sum(rows))
    assert counts[0] == counts[1]


def test_an_error_in_one_ends_all_and_leaves_the_networks_as_they_were(bench):
    loaded = bench.registry.load(bench.registry.find("paperdoll", "checkpoint"))
    parts = {name: set(vars(loaded.components[name])) for name in ("unet", "vae")}

    def fail(event):
        if event.kind == "step" and event.image == 2 and event.step == 2:
            raise ValueError("a fault in the second picture")

    forget = bench.executor.listen(fail)
    bench.cache.clear()
    with pytest.raises(ValueError, match="second picture"):
        bench.execute(asked(), save=False)
    forget()
    assert {name: set(vars(loaded.components[name])) for name in parts} == parts


def test_a_cancel_ends_all(bench):
    bench.cache.clear()
    forget = bench.executor.listen(
        lambda one: one.kind == "step" and one.image == 3 and bench.executor.cancel_all()
    )
    with pytest.raises(CancelledError):
        bench.execute(asked(), save=False)
    forget()


def test_where_memory_runs_out_each_picture_is_computed_by_itself(bench, monkeypatch):
    """Less memory than for two rows at once: prompts one after another, of every picture."""
    bench.cache.clear()
    alone = bench.execute(asked(draw_together=1), save=False)
    seen = one_row_at_a_time(bench, monkeypatch)
    bench.cache.clear()
    run = bench.execute(asked(), save=False)
    monkeypatch.undo()
    assert {*seen} == {6, 1}
    for record in records(run):
        assert [one["how"] for one in record["retries"]] == [
            "caches freed",
            "prompts one after another",
        ]
    assert max(apart(*pair) for pair in zip(run.images, alone.images, strict=True)) <= MOST_APART
