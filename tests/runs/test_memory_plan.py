"""What a run needs of memory is worked out before it begins; what cannot be is refused by name."""

import json
import shutil
from io import BytesIO

import pytest
import torch
from PIL import Image

from medialab import PipelineConfig, Workbench
from medialab.api.failures import answer_of
from medialab.diffusion.step_cache import StepCache
from medialab.errors import OutOfMemoryError
from medialab.families.unet_clip.needs import UNetNeeds
from medialab.loading.checkpoint import LoadedCheckpoint
from medialab.loading.memory_needs import bytes_in_memory, part_sizes
from medialab.loading.registry import ModelRegistry
from medialab.process import memory as memory_module
from medialab.process.offloading import PartSizes
from medialab.process.precisions import WEIGHT_DTYPES
from medialab.runs import resolver as resolving_module
from medialab.runs.memory_plan import MemoryPlan
from medialab.runs.stage_needs import StageNeed, work_bytes
from tests.tiny.families import write_families

QUICK = {"prompt": "a red ball", "steps": 2, "width": 64, "height": 64, "seed": 7}
GIB = 2**30


@pytest.fixture
def free(monkeypatch):
    """Sets what the machine says is free, everywhere where it is asked."""
    from medialab.process import memory_budget

    def set_to(nbytes):
        for module in (memory_module, resolving_module, memory_budget):
            monkeypatch.setattr(module, "free_bytes", lambda device="cpu": nbytes)

    return set_to


def test_weights_are_counted_as_what_they_become(tiny_models, tmp_path):
    root = tmp_path / "models"
    shutil.copytree(tiny_models, root)
    unet = root / "checkpoints" / "paperdoll" / "unet" / "diffusion_pytorch_model.safetensors"
    registry = ModelRegistry(root, device="cpu")
    info = registry.find("paperdoll", "checkpoint")
    needed = bytes_in_memory(info, "float32")
    model = registry.load(info)
    assert isinstance(model, LoadedCheckpoint)
    assert model.nbytes == pytest.approx(needed, rel=0.02)
    assert bytes_in_memory(info, "float16") * 2 == needed
    # Another variant of the same weights beside them is not loaded.
    shutil.copy(unet, unet.with_name("diffusion_pytorch_model.fp16.safetensors"))
    bytes_in_memory.cache_clear()
    assert bytes_in_memory(registry.find("paperdoll", "checkpoint"), "float32") == needed
    # Nor what nothing here asks, and what the index does not name.
    part = unet.parents[1]
    shutil.copytree(unet.parent, part / "unet_ema")
    shutil.copytree(unet.parent, part / "safety_checker")
    index = json.loads((part / "model_index.json").read_text())
    index["safety_checker"] = ["stable_diffusion", "StableDiffusionSafetyChecker"]
    (part / "model_index.json").write_text(json.dumps(index))
    bytes_in_memory.cache_clear()
    assert bytes_in_memory(registry.find("paperdoll", "checkpoint"), "float32") == needed
    registry.unload_all()


def test_every_stage_is_planned_at_the_size_that_it_leaves(bench):
    config = PipelineConfig.parse(
        QUICK
        | {
            "refiner": {"enabled": True, "scale": 1.5},
            "upscaler": {"enabled": True, "scale": 2.0},
        }
    )
    plan = bench.memory_plan(config)
    assert {one.stage: one.size for one in plan.stages} == {
        "prompt": (64, 64),
        "txt2img": (64, 64),
        "refiner": (96, 96),
        "upscaler": (192, 192),
        "finish": (192, 192),
    }
    assert plan.fits
    assert all(one.least <= one.usual for one in plan.stages)
    assert str(plan).startswith("needs ")
    assert plan.largest.stage == "refiner"


@pytest.mark.parametrize("weight_dtype", WEIGHT_DTYPES)
def test_the_weights_of_a_plan_are_those_that_the_run_loads(bench, weight_dtype):
    config = PipelineConfig.parse(QUICK | {"precision": "float32", "weight_dtype": weight_dtype})
    bench.registry.unload_all()
    planned = {one.stage: one.weights for one in bench.memory_plan(config).stages}
    bench.execute(config, save=False)
    assert planned["txt2img"] == pytest.approx(bench.registry.nbytes, rel=0.002)
    assert planned["finish"] == 0


def test_a_run_that_fits_says_what_it_needed(bench):
    run = bench.execute(PipelineConfig.parse(QUICK), save=False)
    assert run.record["memory"].startswith("needs ")
    again = bench.execute(PipelineConfig.parse(QUICK), save=False)
    assert "memory" not in again.record


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"upscaler": {"enabled": True, "scale": 8.0}}, r"upscaler at 512 × 512 px needs at least"),
        ({"refiner": {"enabled": True, "scale": 4.0}}, r"refiner at 256 × 256 px needs at least"),
    ],
)
def test_what_fits_on_no_rung_is_refused_by_the_stages_name_and_nothing_is_drawn(
    bench, free, settings, said
):
    plan = bench.memory_plan(PipelineConfig.parse(QUICK | settings))
    worst = max(one.weights + one.least for one in plan.stages)
    base = max(one.weights + one.least for one in plan.stages if one.size == (64, 64))
    assert base < worst
    free(worst - 1)
    drawn = []
    bench.executor.listen(lambda event: drawn.append(event.stage))
    with pytest.raises(OutOfMemoryError, match=said) as raised:
        bench.execute(PipelineConfig.parse(QUICK | settings))
    assert "smaller" in str(raised.value)
    assert set(drawn) == {""}
    free(64 * GIB)
    assert bench.execute(PipelineConfig.parse(QUICK), save=False).image.size == (64, 64)


def test_more_pictures_than_can_be_kept_until_the_last_are_refused(bench, free):
    free(63 * 64 * 64 * 3)
    with pytest.raises(OutOfMemoryError, match=r"64 pictures of 64 × 64 px .*\(batch_size\)"):
        bench.execute(PipelineConfig.parse(QUICK | {"batch_size": 64}))


def test_a_small_request_for_a_picture_that_takes_all_memory_is_refused_by_name(bench, free):
    config = PipelineConfig.parse({"seed": 3, "upscaler": {"enabled": True, "scale": 8.0}})
    free(1_000_000)
    with pytest.raises(OutOfMemoryError, match="upscaler at 512 × 512 px needs at least") as raised:
        bench.enhance(Image.open(BytesIO(png_of(64, 64))), config)
    assert answer_of(raised.value, str).status == 507


def png_of(width, height):
    buffer = BytesIO()
    Image.new("RGB", (width, height)).save(buffer, "PNG")
    return buffer.getvalue()


def test_what_is_kept_needs_nothing(bench, free):
    config = PipelineConfig.parse(QUICK)
    kept = bench.execute(config, save=False).image.tobytes()
    free(1)
    assert bench.execute(config, save=False).image.tobytes() == kept


def test_a_model_larger_than_what_is_free_is_refused_before_it_is_read(tiny_models, free):
    registry = ModelRegistry(tiny_models, device="cpu")
    info = registry.find("paperdoll", "checkpoint")
    free(bytes_in_memory(info, "float32"))  # and nothing for the work
    with pytest.raises(OutOfMemoryError, match=r"'paperdoll' needs .* as float32, .* close other"):
        registry.load(info)


@pytest.mark.thorough
def test_a_picture_too_large_to_decode_whole_is_decoded_in_tiles(bench, monkeypatch):
    from medialab.diffusion import latents, prepared

    def scarce(nbytes, device, what):
        if what.startswith("to decode 512"):
            message = f"{what} needs more than there is"
            raise memory_module.NoRoomError(message)

    monkeypatch.setattr(latents, "claim", scarce)
    monkeypatch.setattr(prepared, "claim", scarce)
    run = bench.execute(PipelineConfig.parse(QUICK | {"width": 512, "height": 512}), save=False)
    retries = run.record["stages"][1]["applied"]["retries"]
    assert [one["how"] for one in retries] == ["caches freed", "VAE in tiles"]


def test_a_row_of_a_denoisers_batch_counts_for_itself():
    denoising_bytes = UNetNeeds().denoising_bytes
    assert denoising_bytes((64, 64), 320, 4) == 2 * denoising_bytes((64, 64), 320, 4, rows=1)
    # Measured: 360 MiB at SD1.5's size.
    assert denoising_bytes((64, 64), 320, 4) == pytest.approx(360 * 2**20, rel=0.1)


def test_what_a_run_needs_is_told_before_its_first_stage_begins(bench):
    heard = []
    bench.executor.listen(heard.append)
    config = PipelineConfig.parse(QUICK | {"seed": 4711})
    run = bench.execute(config, save=False)
    kinds = [event.kind for event in heard]
    assert kinds.index("planned") < kinds.index("stage")
    told = heard[kinds.index("planned")].told
    assert told.startswith("needs ")
    assert run.record["memory"].startswith(told)
    heard.clear()
    bench.execute(config, save=False)
    assert "planned" not in {event.kind for event in heard}


def test_where_there_is_too_little_it_is_told_that_pieces_are_made_smaller():
    need = StageNeed("txt2img", (1024, 1024), 14 * 10**9, 4_500_000_000, 2 * 10**9)
    plan = MemoryPlan((need,), 20 * 10**9)
    assert plan.summary == "needs 18.5 GB of memory, 20.0 GB are free"
    told = plan._replace(available=17 * 10**9).summary
    assert told.startswith("needs 18.5 GB of memory, 17.0 GB are free: txt2img at 1024 × 1024 px")
    assert told.endswith("; it falls back to slower ways that need less")


def test_memory_that_the_allocator_holds_back_is_given_back_before_a_run_is_refused(
    bench, monkeypatch
):
    config = PipelineConfig.parse(QUICK | {"seed": 4713})
    given_back = []
    available = lambda device="cpu": 64 * GIB if given_back else 0  # noqa: E731 - one line says it
    monkeypatch.setattr(resolving_module, "free_bytes", available)
    monkeypatch.setattr(resolving_module, "free_memory", lambda: given_back.append(1))
    assert bench.memory_plan(config).fits
    assert given_back == [1]
    assert bench.memory_plan(config).fits
    assert given_back == [1]


@pytest.mark.parametrize("stage", ["face", "upscaler"])
def test_details_and_tiles_are_planned_at_the_size_that_the_checkpoint_draws(bench, stage):
    settings = {"enabled": True, "denoising_strength": 0.4}
    if stage == "face":
        settings["fallback"] = "centre"
    large = QUICK | {"width": 512, "height": 512}
    plan = bench.memory_plan(PipelineConfig.parse(large | {stage: settings}))
    needs = {one.stage: one.usual for one in plan.stages}
    # A detail or a tile of 64 px, the tiny checkpoint's own, where the base draws 512 px at once.
    assert needs[stage] < needs["txt2img"] / 2


def test_memory_that_runs_out_beside_the_stages_is_told_as_theirs(bench, monkeypatch):
    def failing(*_args):
        raise MemoryError

    monkeypatch.setattr(bench.artifacts, "save", failing)
    with pytest.raises(OutOfMemoryError, match=r"ran out of memory \(MemoryError\)"):
        bench.execute(PipelineConfig.parse(QUICK | {"seed": 4714}))


@pytest.fixture
def flux_bench(tmp_path):
    write_families(tmp_path / "models", ("flux",))
    with Workbench(tmp_path / "models", tmp_path / "outputs", device="cpu") as workbench:
        yield workbench


@pytest.mark.filterwarnings("ignore:`FluxPosEmbed` is deprecated:FutureWarning")
@pytest.mark.parametrize("guidance_scale", [1.0, 3.0])
def test_what_a_step_cache_keeps_is_in_the_plan(flux_bench, monkeypatch, guidance_scale):
    held = {}
    called = StepCache._called

    def counting(self, *args, **inputs):
        found = called(self, *args, **inputs)
        for one in self._prompts:
            held[id(one)] = sum(t.nbytes for t in (one.first, *one.added))
        return found

    monkeypatch.setattr(StepCache, "_called", counting)
    size = {"width": 512, "height": 512, "guidance_scale": guidance_scale, "precision": "float32"}
    asked = PipelineConfig.parse(QUICK | size | {"checkpoint": "flux", "sampler": "Euler"})
    info = flux_bench.registry.find("flux", "checkpoint")
    (most, least), (usual, small) = (
        next(work_bytes(config, config, (512, 512), info, 4, 1))
        for config in (asked.changed(step_cache=0.1), asked)
    )
    assert most - usual == least - small
    flux_bench.execute(asked.changed(step_cache=0.1), save=False)
    assert len(held) == (2 if guidance_scale > 1 else 1)
    assert 0.6 * (most - usual) < sum(held.values()) <= most - usual


GB = 10**9
Z_IMAGE = PartSizes(8 * GB, 8 * GB, 9 * GB, 200 * 10**6, 200 * 10**6)


def on_a_card(available, asked="automatic"):
    """The plan of a Z-Image whose denoiser is stored in float8, on a card of its own memory."""
    need = StageNeed("txt2img", (1024, 1024), Z_IMAGE.all, 2 * GB, GB, Z_IMAGE)
    other = StageNeed("finish", (1024, 1024), 0, GB // 10, GB // 10)
    return MemoryPlan((need, other), available, asked=asked, is_apart=True)


@pytest.mark.parametrize(
    ("available", "way", "told"),
    [
        (20, "none", "needs 19.2 GB of memory, 20.0 GB are free"),
        (12, "parts", "needs 19.2 GB of memory, 12.0 GB are free: text encoders, denoiser and VAE"),
        (12, "parts", "take turns, the others wait on the CPU, and it needs 11.0 GB"),
        (9, "groups", "the denoiser comes layer by layer, all else waits on the CPU"),
    ],
)
def test_on_a_small_card_parts_wait_on_the_cpu_and_that_is_told_before_loading(
    available, way, told
):
    plan = on_a_card(available * GB)
    assert plan.way == way
    assert told in plan.summary
    plan.refuse_impossible()
    assert plan._replace(is_apart=False).way == "none"


def test_what_fits_no_way_is_refused_and_what_is_asked_for_is_taken_at_its_word():
    with pytest.raises(OutOfMemoryError, match=r"txt2img .* needs at least 8\.0 GB"):
        on_a_card(5 * GB).refuse_impossible()
    with pytest.raises(OutOfMemoryError, match=r"needs at least 18\.2 GB"):
        on_a_card(12 * GB, "none").refuse_impossible()
    assert on_a_card(80 * GB, "groups").way == "groups"


def test_the_sizes_of_a_checkpoints_parts_are_told_by_its_headers(tiny_models):
    registry = ModelRegistry(tiny_models, device="cpu")
    info = registry.find("paperdoll", "checkpoint")
    found, model = part_sizes(info, (), "float32"), registry.load(info)
    held = {
        name: sum(one.nbytes for one in part.parameters())
        for name, part in model.components.items()
        if isinstance(part, torch.nn.Module)
    }
    assert found.denoiser == held.pop("unet")
    texts = [size for name, size in held.items() if name.startswith("text_encoder")]
    assert (found.encoders, found.largest_encoder) == (sum(texts), max(texts))
    assert found.others == sum(held.values()) - sum(texts)
    assert 0 < found.group < found.denoiser
    assert found.all == bytes_in_memory(info, "float32")
    for stored in WEIGHT_DTYPES[1:]:
        small = part_sizes(info, (), "float32", stored)
        assert found.denoiser // 4 < small.denoiser < found.denoiser // 3
        assert small.encoders == found.encoders
    registry.unload_all()
