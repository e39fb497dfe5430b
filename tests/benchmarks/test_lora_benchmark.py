"""What it costs to change LoRAs between two stages: printed, and asserted as ratios of one run.

`make benchmark` runs the size of SD1.5 (860 M parameters, 4 GiB of memory more for what is merged)
with random weights; the suite runs a small one. Times are CPU seconds of one thread.
"""

import time
from contextlib import ExitStack
from statistics import median

import pytest
import torch
from diffusers import AutoencoderKL, PNDMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from medialab.families import RUNNING
from medialab.loading.checkpoint import LoadedCheckpoint
from medialab.loading.networks import CONFIGS
from medialab.lora import LoRAManager, LoRAUse
from medialab.lora.manager import MERGED_FROM

# Of the UNet's config what the small one has otherwise, and the side of its latents.
SMALL = {"block_out_channels": (64, 128, 256, 256), "attention_head_dim": 8}
SIZES = {"small": (SMALL, 32), "SD1.5": ({}, 64)}
RANK = 16
TARGETS = ("to_q", "to_k", "to_v", "to_out.0", "ff.net.0.proj", "ff.net.2", "proj_in", "proj_out")


def make_model(changed):
    torch.manual_seed(0)
    config = UNet2DConditionModel.load_config(CONFIGS / "sd15" / "unet") | changed
    text = CLIPTextConfig.from_pretrained(CONFIGS / "sd15" / "text_encoder")
    if changed:
        text.num_hidden_layers = 4
    pipeline = StableDiffusionPipeline(
        vae=AutoencoderKL(block_out_channels=(8, 8, 8, 8), norm_num_groups=8),
        text_encoder=CLIPTextModel(text).eval(),
        tokenizer=CLIPTokenizer.from_pretrained(CONFIGS / "clip-tokenizer", local_files_only=True),
        unet=UNet2DConditionModel.from_config(config).eval(),
        scheduler=PNDMScheduler(skip_prk_steps=True, steps_offset=1),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    return pipeline, LoadedCheckpoint(pipeline, RUNNING["sd15"], "cpu", torch.float32)


def write_lora(path, pipeline, seed):
    """A kohya LoRA over the attention of denoiser and text encoder, as most are."""
    generator = torch.Generator().manual_seed(seed)
    tensors = {}
    for prefix, network in (
        ("lora_unet_", pipeline.unet),
        ("lora_te_text_model_", pipeline.text_encoder),
    ):
        for name, module in network.named_modules():
            attends = name.endswith(TARGETS) and ".attentions." in name
            if not attends and "self_attn." not in name and ".mlp." not in name:
                continue
            if not isinstance(module, (torch.nn.Linear, torch.nn.Conv2d)):
                continue
            out, *into = module.weight.shape
            shapes = {"down": (RANK, *into), "up": (out, RANK, *[1] * (len(into) - 1))}
            for end, shape in shapes.items():
                key = f"{prefix}{name.replace('.', '_')}.lora_{end}.weight"
                tensors[key] = 0.01 * torch.randn(shape, generator=generator).half()
            tensors[f"{prefix}{name.replace('.', '_')}.alpha"] = torch.tensor(float(RANK))
    save_file(tensors, path)
    return path


def seconds(work, times=1):
    spent = []
    for _ in range(times):
        start = time.process_time()
        work()
        spent.append(time.process_time() - start)
    return median(spent)


def swap(model, manager, uses, calls):
    """From one set to the other and back: twice what a change between two stages costs."""
    for use in uses:
        with manager.apply_loras(model, [use], calls=calls):
            pass


def measure(tmp_path, changed, side):
    pipeline, model = make_model(changed)
    unet = pipeline.unet
    files = [write_lora(tmp_path / f"{n}.safetensors", pipeline, n) for n in (1, 2)]
    manager, uses = LoRAManager(), [LoRAUse(path) for path in files]
    generator = torch.Generator().manual_seed(0)
    inputs = {
        "sample": torch.randn(2, 4, side, side, generator=generator),
        "timestep": torch.tensor(500),
        "encoder_hidden_states": torch.randn(2, 77, 768, generator=generator),
    }

    def step():
        with torch.inference_mode():
            unet(**inputs)

    def from_disk():
        pipeline.load_lora_weights(tmp_path, weight_name=files[0].name, local_files_only=True)
        pipeline.unload_lora_weights()

    merged = MERGED_FROM
    swap(model, manager, uses, 1)  # read once
    step()
    found = {"one UNet step": seconds(step, 3)}
    with ExitStack() as stack:
        stack.enter_context(manager.apply_loras(model, [uses[0]], calls=1))
        found["one UNet step, attached"] = seconds(step, 3)
    found["attach"] = seconds(lambda: swap(model, manager, uses, 1), 5) / 2
    found["merge anew"] = seconds(lambda: swap(model, manager, uses, merged)) / 2
    found["merged before"] = seconds(lambda: swap(model, manager, uses, merged), 5) / 2
    manager.clear_cache()
    from_disk()
    found["diffusers: load, unload"] = seconds(from_disk, 3)
    parameters = sum(value.numel() for value in unet.parameters()) / 1e6
    return found, parameters


def report(found, parameters):
    """What was measured as lines of text."""
    disk, step = found["diffusers: load, unload"], found["one UNet step"]
    more = found["one UNet step, attached"] - step
    calls = (found["merge anew"] - found["attach"]) / max(more, 1e-9)
    return [
        f"UNet of {parameters:.0f} M parameters, rank {RANK}, float32, CPU seconds of one thread",
        *(
            f"{name:26} {value:8.3f} s {value / disk:8.2f} of diffusers {value / step:8.3f} steps"
            for name, value in found.items()
        ),
        f"attached, a call costs {more / step:.0%} more: merging pays from {calls:.1f} calls on",
    ]


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("size", SIZES)
def test_changing_loras_between_stages_is_far_cheaper_than_loading_them(
    tmp_path, size, keep, gates
):
    if size != "small" and not gates:
        pytest.skip("make benchmark")
    found, parameters = measure(tmp_path, *SIZES[size])
    told = {name: round(value, 4) for name, value in found.items()}
    keep("\n".join(report(found, parameters)), parameters=round(parameters), seconds=told)
    if not gates:
        return
    for way in ("attach", "merged before"):
        assert found[way] <= 0.1 * found["diffusers: load, unload"]
        assert found[way] < found["one UNet step"]
