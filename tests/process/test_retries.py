"""When memory runs out: one fallback more each time, finished stages kept, all as before."""

import gc
import shutil
import sys
from contextlib import ExitStack, contextmanager

import numpy as np
import pytest
import torch
from diffusers import ControlNetModel
from PIL import Image
from safetensors.torch import save_file

from medialab import PipelineConfig, Workbench
from medialab.diffusion.drawing import Drawing
from medialab.diffusion.low_memory import denoiser_fallbacks, offloaded
from medialab.errors import OutOfMemoryError
from medialab.loading.upscalers import compact_network, load_upscaler
from medialab.process.memory import is_out_of_memory
from medialab.process.retries import Fallback, RetryPolicy
from tests.records import applied

QUICK = {"prompt": "a red ball", "steps": 2, "width": 64, "height": 64, "seed": 7}
NO_ROOM = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has …")
ROWS = "prompts one after another"
TILES, SMALLER = "VAE in tiles", "VAE in smaller tiles"


def quick(**settings):
    return PipelineConfig(**QUICK | settings)


@pytest.fixture
def model(bench):
    return bench.registry.load(bench.registry.find("paperdoll", "checkpoint"))


def cached(run):
    return [stage["name"] for stage in run.record["stages"] if stage["cached"]]


def hows(run, stage):
    return [retry["how"] for retry in applied(run, stage).get("retries", [])]


def distance(first, second):
    return int(np.abs(np.asarray(first).astype(int) - np.asarray(second)).max())


@pytest.mark.parametrize(
    ("error", "is_one"),
    [
        (NO_ROOM, True),
        (MemoryError(), True),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: …"), True),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling …"), True),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), False),
        (ValueError("out of memory"), False),
    ],
    ids=str,
)
def test_no_room_is_told_by_type_or_by_words(error, is_one):
    assert is_out_of_memory(error) is is_one


def test_a_fallback_lasts_as_long_as_its_work_and_the_next_piece_begins_with_it():
    on, seen, left = [], [], [3]

    @contextmanager
    def entered(name):
        on.append(name)
        try:
            yield
        finally:
            on.remove(name)

    def work():
        seen.append(list(on))
        left[0] -= 1
        if left[0] >= 0:
            raise MemoryError
        return "done"

    freed = []
    policy = RetryPolicy(free=lambda: freed.append(1))
    fallbacks = [
        Fallback("slow", True, lambda: entered("slow")),
        Fallback("elsewhere", True, None),
        Fallback("coarse", False, lambda: entered("coarse")),
    ]
    assert policy.attempt("work", fallbacks, work) == "done"
    assert seen == [[], [], ["slow"], ["slow", "coarse"]]
    assert (on, len(freed)) == ([], 3)
    assert [retry.how for retry in policy.done] == ["caches freed", "slow", "coarse"]
    assert not policy.exact
    policy.attempt("work", fallbacks, work)
    assert seen[-1] == ["slow", "coarse"]
    policy.attempt("other work", fallbacks, work)
    assert seen[-1] == []


def test_other_errors_are_no_reason_to_try_again():
    calls = []

    def work():
        calls.append(1)
        message = "mat1 and mat2 shapes cannot be multiplied"
        raise RuntimeError(message)

    with pytest.raises(RuntimeError, match="mat1"):
        RetryPolicy().attempt("work", [], work)
    assert calls == [1]


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("network", "times", "expected", "most"),
    [
        ("unet", 1, ["caches freed"], 0),
        ("unet", 2, ["caches freed", ROWS], 2),
        ("decoder", 1, ["caches freed"], 0),
        ("decoder", 2, ["caches freed", TILES], 255),
        ("decoder", 3, ["caches freed", TILES, SMALLER], 255),
        ("text_encoder", 1, ["caches freed"], 0),
    ],
)
def test_pain_20_a_fake_oom_at_each_fallback_ends_in_an_image_and_earlier_stages_are_not_run_again(
    bench, model, failing, checksum, network, times, expected, most
):
    config = quick(width=192, height=192, face={"enabled": True, "detector": "centre"})
    stage = "prompt" if network == "text_encoder" else "face"
    clean = bench.execute(config)
    before = checksum(model)
    bench.cache.clear()
    bench.execute(config.changed(face={"enabled": False}))  # all that comes before the face
    part = {
        "unet": model.components["unet"],
        "decoder": model.components["vae"].decoder,
        "text_encoder": model.components["text_encoder"],
    }[network]
    if stage == "prompt":
        bench.cache.clear()
        model.cached("encoded texts", dict).clear()
    failing(part, times, NO_ROOM)
    run = bench.execute(config)
    assert hows(run, stage) == expected
    assert cached(run) == ([] if stage == "prompt" else ["prompt", "txt2img"])
    assert distance(run.image, clean.image) <= most
    assert np.asarray(run.image).std() > 1
    assert checksum(model) == before
    vae = model.components["vae"]
    assert not vae.use_tiling
    assert "forward" not in vars(model.components["unet"])
    # What may have other pixels is not kept for later.
    again = bench.execute(config)
    assert again.image.tobytes() == clean.image.tobytes()
    assert ("face" in cached(again)) == (most == 0)


def test_pain_02_an_oom_inside_a_step_leaves_nothing_in_memory_and_the_next_run_works(
    bench, model, failing
):
    clean = bench.execute(quick())
    bench.cache.clear()
    given = failing(model.components["unet"], 3, NO_ROOM, after=1)
    with pytest.raises(OutOfMemoryError) as raised:
        bench.execute(quick())
    assert len(given) == 3
    gc.collect()
    assert [one() for one in given] == [None, None, None]
    message = str(raised.value)
    assert message.startswith("txt2img: the denoiser ran out of memory (CUDA out of memory.")
    assert f"caches freed, {ROWS}; parts on the CPU while they rest: not on this device" in message
    assert "Make the picture smaller" in message
    assert isinstance(raised.value.__cause__, OutOfMemoryError)
    assert getattr(sys, "last_exc", None) is None
    run = bench.execute(quick())
    assert run.image.tobytes() == clean.image.tobytes()
    assert cached(run) == ["prompt"]  # which was done before memory ran out


def test_what_the_stage_does_not_use_is_released_first(bench, tiny_models, model, failing):
    other = type("Loaded", (), {"nbytes": 1, "release": lambda self: released.append(1)})()
    released = []
    bench.registry._loaded[(tiny_models, ())] = other
    failing(model.components["unet"], 1, NO_ROOM)
    bench.execute(quick())
    assert released == [1]
    assert model.components  # the one in use stays


def test_a_picture_that_the_pipeline_encodes_itself_goes_through_tiles(bench, model, failing):
    start = Image.effect_noise((192, 192), 90).convert("RGB")
    failing(model.components["vae"].encoder, 3, NO_ROOM)
    run = bench.enhance(start, quick(width=None, height=None, mode="img2img"))
    assert hows(run, "img2img") == ["caches freed", ROWS, TILES]


def test_a_control_net_takes_one_prompt_after_another_too(bench, model, failing, tiny_models):
    torch.manual_seed(1)
    unet = model.components["unet"]
    network = ControlNetModel.from_unet(unet, conditioning_channels=3).eval()
    for weight in network.parameters():
        torch.nn.init.normal_(weight, std=0.05)
    inputs = {
        "encoder_hidden_states": torch.randn(2, 5, unet.config.cross_attention_dim),
        "controlnet_cond": torch.rand(2, 3, 64, 64),
        "conditioning_scale": 0.5,
        "return_dict": False,
    }
    latents, rows = torch.randn(2, 4, 8, 8), []
    network.register_forward_pre_hook(lambda _module, given: rows.append(given[0].shape[0]))
    apart = denoiser_fallbacks(Drawing(model), [network], encodes=False)[0]
    with torch.inference_mode(), ExitStack() as undo:
        whole = network(latents, torch.tensor(7), **inputs)
        undo.enter_context(apart.enter())
        pieces = network(latents, torch.tensor(7), **inputs)
    for one, other in zip([*whole[0], whole[1]], [*pieces[0], pieces[1]], strict=True):
        assert torch.allclose(one, other, atol=1e-4)
    assert "forward" not in vars(network)


def test_and_prompts_work_one_after_another_too(bench, model, failing):
    asked = quick(prompt="a red ball AND rain :0.5", steps=3)
    clean = bench.execute(asked)
    bench.cache.clear()
    failing(model.components["unet"], 2, NO_ROOM)
    run = bench.execute(asked)
    assert hows(run, "txt2img") == ["caches freed", ROWS]
    assert distance(run.image, clean.image) <= 2


def test_parts_that_rest_elsewhere_change_no_pixel_and_are_all_back(bench, model, checksum):
    parts = model.components
    networks = [parts["text_encoder"], parts["unet"], parts["vae"]]
    clean = bench.execute(quick()).image.tobytes()
    bench.cache.clear()
    before = checksum(model)
    # "cpu:0" stands for a device that is another one than "cpu".
    with offloaded(networks, "cpu:0"):
        assert all(hasattr(network, "_hf_hook") for network in networks)
        assert bench.execute(quick()).image.tobytes() == clean
    for network in networks:
        assert not hasattr(network, "_hf_hook")
        assert "forward" not in vars(network)
    assert checksum(model) == before


@pytest.mark.parametrize(("window", "mode"), [({}, "merged"), ({"stop": 0.6}, "attached")])
def test_pain_06_a_lora_and_parts_that_rest_elsewhere_give_the_picture_of_the_lora_alone(
    tiny_models, tmp_path, failing, monkeypatch, checksum, window, mode
):
    shutil.copytree(tiny_models, tmp_path / "models")
    (tmp_path / "models" / "loras").mkdir()
    key = "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn1_to_q"
    lora = {f"{key}.lora_down.weight": torch.randn(4, 32)}
    lora[f"{key}.lora_up.weight"] = torch.randn(32, 4)
    save_file(lora, tmp_path / "models" / "loras" / "ink.safetensors")
    # "cpu:0" stands for a device that is another one than "cpu": the fallback is there then.

    def away(drawing, _networks, **_options):
        parts = [drawing.components[name] for name in ("text_encoder", "unet", "vae")]
        return [Fallback("away", True, lambda: offloaded(parts, "cpu:0"))]

    monkeypatch.setattr("medialab.diffusion.denoising.denoiser_fallbacks", away)

    with Workbench(tmp_path / "models", tmp_path / "outputs", device="cpu") as bench:
        config = quick(steps=4, loras=[{"name": "ink", **window}])
        clean = bench.execute(config)
        assert mode in str(applied(clean, "txt2img"))
        model = bench.registry.load(bench.registry.find("paperdoll", "checkpoint"))
        before = checksum(model)
        bench.cache.clear()
        frugal = ["LoRAs merged layer by layer"] if mode == "merged" else []
        expected = ["caches freed", *frugal, "away"]
        failing(model.components["unet"], len(expected), NO_ROOM)
        run = bench.execute(config)
        assert hows(run, "txt2img") == expected
        assert run.image.tobytes() == clean.image.tobytes()
        assert checksum(model) == before


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU")
def test_on_a_gpu_the_last_fallback_keeps_resting_parts_on_the_cpu(tiny_models, tmp_path, failing):
    with Workbench(tiny_models, tmp_path / "outputs", device="cuda") as bench:
        clean = bench.execute(quick())
        model = bench.registry.load(bench.registry.find("paperdoll", "checkpoint"))
        bench.cache.clear()
        failing(model.components["unet"], 3, NO_ROOM)
        run = bench.execute(quick())
        assert hows(run, "txt2img")[-1] == "parts on the CPU while they rest"
        assert distance(run.image, clean.image) <= 3
        assert {
            part.device.type for part in (model.components["unet"], model.components["vae"])
        } == {"cuda"}


@pytest.fixture
def upscaler(tmp_path):
    torch.manual_seed(0)
    network = compact_network(features=8, layers=2, scale=2)
    save_file(
        {name: one.contiguous() for name, one in network.state_dict().items()},
        tmp_path / "tiny.safetensors",
    )
    return load_upscaler(tmp_path / "tiny.safetensors", "cpu")


def test_the_upscaler_takes_smaller_tiles(upscaler, failing):
    picture = Image.effect_noise((250, 200), 90).convert("RGB")
    whole = upscaler.enlarge(picture, tile=0)
    calls = []
    network = upscaler._call.model
    network.register_forward_pre_hook(lambda _m, given: calls.append(given[0].shape[-1]))
    failing(network, 3, NO_ROOM)
    policy = RetryPolicy()
    tiled = upscaler.enlarge(picture, tile=0, retries=policy)
    assert [retry.how for retry in policy.done] == [
        "caches freed",
        "tiles of 192 px",
        "tiles of 96 px",
    ]
    assert calls[:4] == [250, 250, 192, 96]
    assert distance(whole, tiled) <= 1
    assert upscaler.enlarge(picture, tile=0).tobytes() == whole.tobytes()


def test_the_upscalers_last_fallback_is_a_named_error(upscaler, failing):
    failing(upscaler._call.model, 9, RuntimeError("DefaultCPUAllocator: can't allocate memory"))
    with pytest.raises(OutOfMemoryError, match=r"with caches freed, tiles of 96 px, tiles of 48"):
        upscaler.enlarge(Image.new("RGB", (200, 100)), tile=128)
