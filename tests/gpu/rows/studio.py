"""The studio itself on the device: LoRAs, two models, memory after runs, kills and full memory."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import torch
from safetensors.torch import save_file

from medialab import PipelineConfig
from medialab.lora import LoRAManager
from medialab.lora.sets import LoRAUse
from tests.benchmarks.unet_size import NAMES, Ours
from tests.gpu.rows.device import begin_peak, once, peak, seconds, used

ROOT = Path(__file__).resolve().parents[3]
_RANK, _SWITCHES, _MIXED = 16, 50, 50
_TARGETS = ("to_q", "to_k", "to_v", "to_out.0")


def _lora(path, network, seed):
    """Write a LoRA over every attention layer of a denoiser."""
    generator, tensors = torch.Generator().manual_seed(seed), {}
    for name, module in network.named_modules():
        if name.endswith(_TARGETS) and ".attentions." in name:
            out, into = module.weight.shape
            key = f"lora_unet_{name.replace('.', '_')}"
            for end, shape in (("down", (_RANK, into)), ("up", (out, _RANK))):
                tensors[f"{key}.lora_{end}.weight"] = 0.01 * torch.randn(shape, generator=generator)
            tensors[f"{key}.alpha"] = torch.tensor(float(_RANK))
    path.parent.mkdir(exist_ok=True)
    save_file(tensors, path)
    return LoRAUse(path)


def lora_swap(place):
    """From one LoRA to another on SDXL, attached and merged, once both were read."""
    ours = Ours(place.models("sdxl"), "sdxl", place.device)
    ours.load("a")
    registry = ours.bench.registry
    model = registry.load(registry.find("a", "checkpoint"), precision=_precision(ours))
    uses = [_lora(place.folder / "loras" / f"{n}.safetensors", model.denoiser, n) for n in (1, 2)]
    manager, found = LoRAManager(), {}
    for name, calls in (("attached", 1), ("merged", 20)):

        def swap(calls=calls):
            for use in uses:
                with manager.apply_loras(model, [use], calls=calls):
                    pass

        found[f"{name}_ms"] = round(1000 * seconds(swap, place.device) / 2, 2)
    manager.clear_cache()
    ours.close()
    return found


def _precision(ours):
    return ours.bench.resolve(ours.asked("a", 1, 64, 1)).dtype


def switching(place):
    """Two checkpoints in turn, both kept, and both read anew; memory before and after."""
    ours = Ours(place.models("sd15"), "sd15", place.device)
    for name in NAMES:
        ours.load(name)
    before = used(place.device)
    _, kept = once(lambda: [ours.load(NAMES[n % 2]) for n in range(_SWITCHES)], place.device)
    anew, times = [], place.times(6)
    for number in range(times):
        ours.bench.registry.unload_all()
        anew.append(once(lambda n=number: ours.load(NAMES[n % 2]), place.device)[1])
    for name in NAMES:
        ours.load(name)
    grown = used(place.device) - before
    ours.close()
    return {
        "kept_ms": round(1000 * kept / _SWITCHES, 2),
        "anew_s": round(min(anew), 2),
        "grown_gb": round(grown, 3),
    }


def leaks(place):
    """Runs of several modes, sizes and LoRAs: memory in use after them, and at their start."""
    ours = Ours(place.models("sd15"), "sd15", place.device)
    model = ours.bench.registry
    ours.load("a")
    loaded = model.load(model.find("a", "checkpoint"), precision=_precision(ours))
    _lora(Path(model.folder) / "loras" / "leak.safetensors", loaded.denoiser, 3)
    del loaded
    first = ours.draw("a", 1, 64, 1)
    picture = ours.bench.keep(first)

    def mixed(number):
        asked = ours.asked(NAMES[number % 2], number, 64 + 64 * (number % 3), 2)
        if number % 4 == 1:
            asked = asked.changed(
                mode="img2img", image=picture, img2img={"denoising_strength": 0.6}
            )
        if number % 5 == 2:
            asked = asked.changed(loras=[{"name": "leak", "weight": 0.5}])
        ours.bench.execute(PipelineConfig.parse(asked.model_dump()), save=False)

    for number in range(20):  # each kind once: caches are filled
        mixed(number)
    before, times = used(place.device), place.times(_MIXED)
    for number in range(100, 100 + times):
        mixed(number)
    grown = used(place.device) - before
    ours.close()
    return {"runs": times, "before_gb": round(before, 2), "grown_gb": round(grown, 3)}


def killed(place):
    """A process that draws is killed; the device's free memory before and after."""

    def free():
        return torch.cuda.mem_get_info(place.device)[0] / 1e9 if place.device != "cpu" else 0.0

    before = free()
    folder = place.models("sd15")
    code = (
        "import sys\nfrom tests.benchmarks.unet_size import Ours\n"
        f"ours = Ours({str(folder)!r}, 'sd15', {place.device!r})\nours.load('a')\n"
        "print('loaded', flush=True)\nours.draw('a', 1, 512, 150)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=ROOT) as child:
        try:
            child.stdout.readline()
            during = free()
        finally:
            child.send_signal(signal.SIGKILL)
            child.wait()
    time.sleep(1)  # the driver frees it a moment later
    return {
        "taken_gb": round(before - during, 2),
        "left_gb": round(before - free(), 3),
        "ended": child.returncode == -signal.SIGKILL,
    }


def out_of_memory(place):
    """A picture that does not fit with both prompts: which fallbacks made it."""
    if place.device == "cpu":
        return {"not measured": "a CPU's memory cannot be bounded for torch alone"}
    ours = Ours(place.models("sdxl"), "sdxl", place.device)
    ours.draw("a", 1, 256, 1)
    held = torch.cuda.memory_allocated() + 1.2e9  # room for a step of one prompt, not of two
    total = torch.cuda.get_device_properties(0).total_memory
    torch.cuda.empty_cache()
    torch.cuda.set_per_process_memory_fraction(min(1.0, held / total))
    try:
        asked = ours.asked("a", 2, place.side(1536), 2)
        run = ours.bench.execute(asked, save=False)
        (stage,) = (one for one in run.record["stages"] if one["name"] == "txt2img")
        return {"made": True, "retries": stage["applied"].get("retries", [])}
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
        ours.close()


def offload(place):
    """SDXL with all of it on the device, with parts in turns, and block by block."""
    if place.device == "cpu":
        return {"not measured": "a CPU has nowhere to offload to"}
    ours = Ours(place.models("sdxl"), "sdxl", place.device)
    side, steps = place.side(1024), place.steps(8)
    found, exact = {}, None
    for way in ("none", "parts", "groups"):
        ours.bench.registry.unload_all()
        ours.draw("a", 1, side, steps, offload=way)
        begin_peak(place.device)
        image, taken = once(
            lambda way=way: ours.draw("a", 2, side, steps, offload=way), place.device
        )
        exact = exact or image
        same = image.tobytes() == exact.tobytes()
        found[way] = {"s": round(taken, 2), "gb": round(peak(place.device), 2), "same": same}
    ours.close()
    return found
