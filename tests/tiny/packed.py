"""A tiny Z-Image whose denoiser is a GGUF file, and diffusers' own pipeline of the same file."""

import gguf
import torch
from diffusers import GGUFQuantizationConfig, ZImageTransformer2DModel
from gguf.constants import GGMLQuantizationType

from medialab.families.flow.networks import read_tensors
from tests.tiny.flow_files import original_parts, write_flow_configs, write_parts
from tests.tiny.z_image import make_pipeline

WIDTH = 2560  # of Qwen3-4B
FILE = "diffusion_models/z-q8.gguf"
SETTINGS = {
    "checkpoint": "z-q8",
    "prompt": "a red ball",
    "guidance_scale": 1.0,
    "sampler": "Euler",
    "steps": 2,
    "width": 64,
    "height": 64,
    "seed": 3,
}


def write_gguf(path, tensors, quantised=GGMLQuantizationType.Q8_0):
    """Write weights quantised where their rows can be, others as they are, one as BF16."""
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = gguf.GGUFWriter(path, "lumina2")
    for name, value in tensors.items():
        rows, kind = value.numpy(), None
        if name == "cap_pad_token":  # no layer of its own, and made floating point at once
            kind = GGMLQuantizationType.BF16
        elif value.ndim == 2 and value.shape[1] % 32 == 0 and name != "x_pad_token":
            kind = quantised
        if kind is None:
            writer.add_tensor(name, rows)
        else:
            writer.add_tensor(name, gguf.quants.quantize(rows, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def write_packed(root):
    """Write its file, its other parts and its configs into a models folder; return the folder."""
    pipeline = make_pipeline(WIDTH)
    write_parts(root, pipeline)
    write_gguf(root / FILE, original_parts(pipeline)[0])
    write_flow_configs(root / "configs" / "z-image", pipeline, tokenizer="qwen3-tokenizer")
    return root


def packed_pipeline(root):
    """Return diffusers' pipeline of the file that `write_packed` wrote."""
    pipeline = make_pipeline(WIDTH)
    pipeline.transformer = ZImageTransformer2DModel.from_single_file(
        {
            name: value if name != "cap_pad_token" else value.as_tensor().view(torch.bfloat16)
            for name, value in read_tensors(root / FILE).items()
        },
        config=str(root / "configs" / "z-image" / "transformer"),
        quantization_config=GGUFQuantizationConfig(compute_dtype=torch.float32),
        dtype=torch.float32,
        local_files_only=True,
    )
    pipeline.vae.to(memory_format=torch.channels_last)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def drawn(pipeline):
    """Return what diffusers draws for `SETTINGS`."""
    return pipeline(
        SETTINGS["prompt"],
        width=SETTINGS["width"],
        height=SETTINGS["height"],
        num_inference_steps=SETTINGS["steps"],
        guidance_scale=0.0,
        generator=torch.Generator("cpu").manual_seed(SETTINGS["seed"]),
    ).images[0]
