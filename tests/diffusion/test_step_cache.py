"""A step cache reuses what it says, mixes no prompts, leaves nothing behind, and is diffusers' own.

The networks are diffusers' own classes in tiny shapes; `CLOSE` is so small a change that no step
is near enough to reuse anything, and `ANY` the largest that can be asked for.
"""

from contextlib import nullcontext

import pytest
import torch
from diffusers import FirstBlockCacheConfig
from PIL import Image
from safetensors.torch import load_file, save_file

from medialab import PipelineConfig
from medialab.artifacts.sidecar import Sidecar
from medialab.diffusion.denoising import denoise
from medialab.diffusion.drawing import Drawing
from medialab.diffusion.step_cache import StepCache
from medialab.errors import ModelRefusedError
from medialab.families import RUNNING
from medialab.loading.taking_turns import in_groups
from medialab.settings.sampling import SAMPLING_NAMES, Sampling
from tests.lora.layers import written as write
from tests.tiny.families import write_families
from tests.tiny.qwen_image import make_pipeline as make_qwen
from tests.tiny.t5_clip import make_flux, make_sd3
from tests.tiny.transformer_loras import PEFT, linears, written
from tests.tiny.z_image import make_controlnet

CLOSE, ANY = 1e-9, 1.0
ABLE = [name for name, family in RUNNING.items() if family.reused_blocks]
STEPS = 4
pytestmark = pytest.mark.filterwarnings("ignore:`FluxPosEmbed` is deprecated:FutureWarning")


@pytest.fixture(scope="module")
def models(tiny_models, tmp_path_factory):
    root = tmp_path_factory.mktemp("cached") / "models"
    paperdoll = tiny_models / "checkpoints" / "paperdoll"
    write_families(root, (*ABLE, "paperdoll"), paperdoll)
    calm(root / "checkpoints" / "qwen-image-2.1" / "transformer")
    return root


def calm(folder):
    """Let a tiny Qwen-Image 2.1 see slow waves of time alone.

    All that its blocks add is a product with the time, which by chance is another at each step.
    """
    (path,) = folder.glob("*.safetensors")
    tensors = load_file(path)
    time = tensors["time_text_embed.timestep_embedder.linear_1.weight"]
    time[:, :112], time[:, 128:] = 0, 0
    save_file(tensors, path)


def asked(name, threshold=0.0, **settings):
    usual = {
        "checkpoint": name,
        "prompt": "a red ball",
        "guidance_scale": 3.0,
        "sampler": "Euler",
        "steps": STEPS,
        "width": 64,
        "height": 64,
        "seed": 3,
    }
    return PipelineConfig(**usual | settings, step_cache=threshold)


def bytes_of(bench, *args, **settings):
    return bench.execute(asked(*args, **settings), save=False).image.tobytes()


def told(run):
    return next(one for one in run.record["stages"] if one["name"] == "txt2img")["applied"]


def patched(network):
    """The modules whose `forward` is not their class's."""
    return [name for name, one in network.named_modules() if "forward" in vars(one)]


@pytest.mark.thorough
@pytest.mark.parametrize("name", ABLE)
def test_each_family_reuses_what_is_near_enough_and_draws_the_exact_picture_before_and_after(
    bench, name
):
    exact = bytes_of(bench, name)
    near = bench.execute(asked(name, CLOSE), save=False)
    assert near.image.tobytes() == exact
    calls = told(near)["step_cache"]["calls"]
    assert told(near)["step_cache"] == {"threshold": CLOSE, "calls": calls, "reused": 0}
    assert calls in {STEPS, 2 * STEPS}  # both prompts at once, or one after the other
    most = bench.execute(asked(name, ANY), save=False)
    assert most.image.tobytes() != exact
    in_each_step = calls // STEPS
    assert 0 < told(most)["step_cache"]["reused"] <= calls - in_each_step
    bench.cache.clear()
    assert bytes_of(bench, name) == exact
    assert "step_cache" not in told(bench.execute(asked(name), save=False))


def test_a_family_without_one_refuses_it_before_anything_is_loaded(bench):
    says = r"^txt2img: checkpoint 'paperdoll' is of family paperdoll, .* set step_cache=0.* flux, "
    with pytest.raises(ModelRefusedError, match=says) as refused:
        bench.execute(asked("paperdoll", 0.1))
    assert refused.value.setting == "step_cache"
    assert not bench.registry.budget.nbytes


def made(pipeline, scale):
    pipeline.set_progress_bar_config(disable=True)
    return pipeline(
        "a red ball",
        negative_prompt="a doll",
        true_cfg_scale=scale,
        width=64,
        height=64,
        num_inference_steps=8,
        generator=torch.Generator("cpu").manual_seed(3),
        output_type="latent",
    ).images


@pytest.mark.thorough
@pytest.mark.parametrize(("make", "name"), [(make_flux, "flux"), (make_qwen, "qwen-image")])
@pytest.mark.parametrize("scale", [1.0, 3.0])
def test_latents_are_those_of_diffusers_own_first_block_cache(make, name, scale):
    pipeline = make()
    exact = made(pipeline, scale)
    cache = StepCache(threshold_between(pipeline, name, scale))
    with cache.within(RUNNING[name], pipeline.transformer):
        ours = made(pipeline, scale)
    seen = cache.as_record["step_cache"]
    assert 0 < seen["reused"] < seen["calls"] - (1 if scale == 1 else 2)
    pipeline.transformer.enable_cache(FirstBlockCacheConfig(threshold=seen["threshold"]))
    theirs = made(pipeline, scale)
    pipeline.transformer.disable_cache()
    assert torch.equal(ours, theirs)
    assert not torch.equal(ours, exact)


@torch.inference_mode()
@pytest.mark.parametrize("read", [3, 0])
def test_of_places_that_only_the_first_call_computes_the_later_ones_reuse_nothing(read):
    blocks = [torch.nn.Identity(), torch.nn.Identity()]
    grown = iter((2.0, 3.0, 5.0))
    blocks[0].forward = lambda hidden_states: hidden_states + 1
    blocks[1].forward = lambda hidden_states: hidden_states * next(grown)
    network = torch.nn.Module()
    network.transformer_blocks = torch.nn.ModuleList(blocks)

    def forward(hidden_states, prompt):
        tokens = hidden_states if forward.later else torch.cat([prompt[0], hidden_states], dim=1)
        forward.later = True
        for block in network.transformer_blocks:
            tokens = block(hidden_states=tokens)
        return tokens[:, tokens.shape[1] - 2 :]

    forward.later = False
    network.forward = forward
    x, prompt = torch.arange(4.0).reshape(1, 2, 2), torch.full((1, read, 2), 9.0)
    cache = StepCache(ANY)
    with cache.within(RUNNING["qwen-image-2.1"], network):
        first = network.forward(hidden_states=x, prompt=[prompt])
        second = network.forward(hidden_states=x + 1, prompt=[prompt])
    assert torch.equal(first, 2 * (x + 1))
    assert torch.equal(second, (x + 2) + (x + 1))  # the later block added x + 1 before
    assert cache.as_record["step_cache"] == {"threshold": ANY, "calls": 2, "reused": 1}


def threshold_between(pipeline, name, scale):
    """A threshold at which some steps reuse, and some do not."""
    for threshold in (0.01 * 1.3**n for n in range(40)):
        cache = StepCache(threshold)
        with cache.within(RUNNING[name], pipeline.transformer):
            made(pipeline, scale)
        seen = cache.as_record["step_cache"]
        if seen["reused"] >= seen["calls"] // 3:
            return threshold
    raise AssertionError("no step reuses anything")


def inputs_of_flux(network, seed):
    draw = torch.Generator().manual_seed(seed)
    return {
        "hidden_states": torch.randn(1, 16, 64, generator=draw),
        "encoder_hidden_states": torch.randn(
            1, 6, network.config.joint_attention_dim, generator=draw
        ),
        "pooled_projections": torch.randn(1, network.config.pooled_projection_dim, generator=draw),
        "timestep": torch.tensor([0.7]),
        "guidance": torch.tensor([3.5]),
        "img_ids": torch.zeros(16, 3),
        "txt_ids": torch.zeros(6, 3),
        "return_dict": False,
    }


def later(inputs):
    """The inputs of a later step: other latents, and the prompt in a tensor of its own."""
    changed = {"hidden_states": inputs["hidden_states"] * 1.1, "timestep": torch.tensor([0.6])}
    return {**inputs, **changed, "encoder_hidden_states": inputs["encoder_hidden_states"].clone()}


@torch.inference_mode()
def test_each_prompt_reuses_its_own_results_whatever_is_asked_between():
    network = make_flux().transformer
    one, other = (inputs_of_flux(network, seed) for seed in (0, 1))

    def last(*calls):
        cache = StepCache(ANY)
        with cache.within(RUNNING["flux"], network):
            found = [network(**inputs)[0] for inputs in calls]
        return found[-1], cache.as_record["step_cache"]["reused"]

    alone, reused = last(one, later(one))
    assert reused == 1
    between, reused = last(one, other, later(one))
    assert reused == 1
    assert torch.equal(between, alone)
    assert not torch.equal(alone, network(**later(one))[0])


@torch.inference_mode()
def test_in_another_situation_such_as_with_another_lora_nothing_is_reused():
    network, on = make_flux().transformer, [True]
    inputs = inputs_of_flux(network, 0)
    cache = StepCache(ANY, situation=lambda: tuple(on))
    with cache.within(RUNNING["flux"], network):
        network(**inputs)
        on[0] = False
        assert torch.equal(network(**later(inputs))[0], exact(network, later(inputs)))
        assert cache.as_record["step_cache"]["reused"] == 0
        network(**inputs)
    assert cache.as_record["step_cache"]["reused"] == 1


def exact(network, inputs):
    """What a network of the same weights computes, with nothing in it."""
    other = make_flux().transformer
    other.load_state_dict(network.state_dict())
    return other(**inputs)[0]


def test_a_lora_that_begins_midway_has_its_first_step_computed_in_full(bench, models):
    sides = linears(make_flux().transformer)
    (models / "loras").mkdir(exist_ok=True)
    write(models / "loras", written(sides, "transformer.", PEFT), "ink")
    timed = {"guidance_scale": 1.0, "loras": [{"name": "ink", "weight": 0.01, "start": 0.5}]}
    assert bytes_of(bench, "flux", CLOSE, **timed) == bytes_of(bench, "flux", **timed)
    without = bench.execute(asked("flux", ANY, guidance_scale=1.0), save=False)
    assert told(without)["step_cache"]["reused"] == STEPS - 1
    run = bench.execute(asked("flux", ANY, **timed), save=False)
    assert told(run)["step_cache"]["reused"] == STEPS - 2


@torch.inference_mode()
def test_rows_that_memory_has_computed_apart_reuse_each_its_own():
    network, family = make_sd3().transformer, RUNNING["sd3"]
    draw = torch.Generator().manual_seed(0)
    rows = {
        "hidden_states": torch.randn(2, 16, 8, 8, generator=draw),
        "encoder_hidden_states": torch.randn(
            2, 6, network.config.joint_attention_dim, generator=draw
        ),
        "pooled_projections": torch.randn(2, network.config.pooled_projection_dim, generator=draw),
        "timestep": torch.tensor([700.0, 700.0]),
        "return_dict": False,
    }
    after = {**rows, "hidden_states": rows["hidden_states"] * 1.1}

    def computed(*, apart):
        cache = StepCache(ANY)
        with (
            cache.within(family, network),
            family.denoiser.rows_apart(network) if apart else nullcontext(),
        ):
            network(**rows)
            return network(**after)[0], cache.as_record["step_cache"]["reused"]

    together, reused = computed(apart=False)
    assert reused == 1
    found, reused = computed(apart=True)
    assert reused == 2
    assert torch.allclose(found, together, atol=1e-5)
    assert not torch.allclose(found, network(**after)[0], atol=1e-5)


def test_one_that_is_off_or_in_vain_changes_no_module_and_the_record_says_why():
    network = make_flux().transformer
    off = StepCache(0)
    with off.within(RUNNING["flux"], network):
        assert not patched(network)
    assert off.as_record == {}
    vain = StepCache(0.1, "tiles")
    with vain.within(RUNNING["flux"], network):
        assert not patched(network)
    assert vain.as_record["step_cache"] == {
        "threshold": 0.1,
        "calls": 0,
        "reused": 0,
        "note": "tiles are computed in full",
    }


class _StoppedError(Exception):
    pass


def test_a_run_that_is_stopped_midway_leaves_nothing_in_the_denoiser(bench):
    info = bench.registry.find("flux", "checkpoint")
    model = bench.registry.load(info)
    config = asked("flux")
    sampling = Sampling(**{name: getattr(config, name) for name in SAMPLING_NAMES})

    def stop(step, steps, latents):
        assert patched(model.denoiser)
        if step == 2:
            raise _StoppedError

    before = {name: id(one) for name, one in model.denoiser.named_modules()}
    with pytest.raises(_StoppedError):
        denoise(Drawing(model, step_cache=ANY), "text-to-image", sampling, stop, size=(64, 64))
    assert not patched(model.denoiser)
    assert {name: id(one) for name, one in model.denoiser.named_modules()} == before


@pytest.mark.thorough
@pytest.mark.parametrize(
    "settings",
    [
        {"prompt": "a red ball AND a doll"},
        {"prompt": "a [red ball:doll:0.5]"},
        {"guidance_start": 0.3, "guidance_end": 0.8},
        {"weight_dtype": "int8"},
        {"sampler": "Heun"},
    ],
    ids=lambda one: next(iter(one.items()))[1],
)
@pytest.mark.parametrize("name", ["flux", "z-image"])
def test_beside_other_settings_it_is_exact_where_nothing_is_near_and_reuses_where_it_is(
    bench, name, settings
):
    assert bytes_of(bench, name, CLOSE, **settings) == bytes_of(bench, name, **settings)
    run = bench.execute(asked(name, ANY, **settings), save=False)
    assert told(run)["step_cache"]["reused"] > 0


@torch.inference_mode()
def test_blocks_that_come_to_the_device_group_by_group_are_reused_and_stay_as_they_were():
    network = make_flux().transformer
    before = {name: one.clone() for name, one in network.state_dict().items()}
    calls = inputs_of_flux(network, 0), later(inputs_of_flux(network, 0))

    def computed(within):
        cache = StepCache(ANY)
        with cache.within(RUNNING["flux"], network), within:
            found = [network(**inputs)[0] for inputs in calls]
        assert cache.as_record["step_cache"]["reused"] == 1
        return found[-1]

    plain = computed(nullcontext())
    assert torch.equal(computed(in_groups(network, "cpu:0")), plain)
    assert all(torch.equal(one, before[name]) for name, one in network.state_dict().items())


def test_tiles_are_computed_in_full_and_the_record_says_so(bench):
    larger = {"enabled": True, "upscaler": "lanczos", "scale": 2.0, "denoising_strength": 0.5}
    larger |= {"diffusion_tile": 64, "steps": 4}
    run = bench.execute(asked("z-image", ANY, upscaler=larger), save=False)
    applied = next(one for one in run.record["stages"] if one["name"] == "upscaler")["applied"]
    assert applied["tiles"]["count"] > 1
    told_of_tiles = found_in(applied, "step_cache")
    assert (told_of_tiles["reused"], told_of_tiles["note"]) == (0, "tiles are computed in full")
    assert told(run)["step_cache"]["reused"] > 0


def found_in(record, name):
    if name in record:
        return record[name]
    inner = [found_in(one, name) for one in record.values() if isinstance(one, dict)]
    return next((one for one in inner if one is not None), None)


def test_steps_that_follow_a_controlnet_are_computed_in_full_and_the_record_says_so(bench, models):
    make_controlnet().save_pretrained(models / "controlnet" / "edges")
    kept = bench.keep(Image.new("RGB", (64, 64), "white"))
    control = [{"model": "edges", "image": kept}]
    run = bench.execute(asked("z-image", ANY, control=control), save=False)
    note = "steps that follow ControlNets are computed in full"
    assert (told(run)["step_cache"]["reused"], told(run)["step_cache"]["note"]) == (0, note)
    exact = bench.execute(asked("z-image", control=control), save=False)
    assert run.image.tobytes() == exact.image.tobytes()


def test_pictures_of_a_batch_are_drawn_one_by_one_each_with_its_own_results(bench):
    batch = bench.execute(asked("z-image", ANY, batch_size=2, draw_together=2), save=False)
    bench.cache.clear()
    alone = [
        bench.execute(asked("z-image", ANY, seed=seed), save=False).image.tobytes()
        for seed in (3, 4)
    ]
    assert [one.tobytes() for one in batch.images] == alone
    assert told(batch)["step_cache"]["reused"] > 0
    assert "together" not in told(batch)


def test_a_checkpoint_that_takes_over_computes_its_steps_in_full(bench, models):
    (models / "checkpoints" / "flux-2nd").mkdir(exist_ok=True)
    make_flux(guidance_embeds=False).save_pretrained(models / "checkpoints" / "flux-2nd")
    other = {"handover_checkpoint": "flux-2nd", "switch_at": 0.4}
    run = bench.execute(asked("flux", ANY, guidance_scale=1.0, **other), save=False)
    before, after = map(int, told(run)["handover"]["steps"].split(" + "))
    assert (before > 1, after > 0) == (True, True)
    seen = told(run)["step_cache"]
    assert (seen["calls"], seen["reused"]) == (before, before - 1)


def test_it_is_in_the_key_and_in_the_file_that_makes_the_picture_again(bench):
    run = bench.execute(asked("flux", ANY))
    asked_again = Sidecar.read(run.artifact.sidecar).config
    assert asked_again.step_cache == ANY
    assert all(stage["cached"] for stage in bench.execute(asked_again).record["stages"])
    bench.cache.clear()
    assert bench.execute(asked_again).image.tobytes() == run.image.tobytes()
    assert not any(one["cached"] for one in bench.execute(asked("flux")).record["stages"])
