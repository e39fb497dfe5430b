"""Z-Image in its real size with random weights, written, and used by this studio or by a script.

`python -m tests.benchmarks.real_size write FOLDER SHARE` writes a models folder: 21 GB at a SHARE
of 1; smaller shares have fewer layers. `ours FOLDER OUTPUTS` and `plain FOLDER` load it, draw two
steps of 256 px, unload it, and print seconds and peak memory as JSON.
"""

import json
import shutil
import sys
import time
from pathlib import Path

CONFIGS = Path(__file__).resolve().parents[2] / "models" / "configs"
NAME = "z-image-random"
PROMPT, SIDE, STEPS, SEED = "a red car in a meadow, evening light", 256, 2, 7
_SHARD = "5GB"


def write(models, share):
    """Write a checkpoint of random weights in bfloat16; a share below 1 has fewer and smaller."""
    import torch
    from accelerate import init_empty_weights
    from diffusers import AutoencoderKL, ZImageTransformer2DModel
    from transformers import Qwen3Config, Qwen3Model

    configs, folder = CONFIGS / "z-image", Path(models) / "checkpoints" / NAME
    shutil.copytree(configs, folder)
    shutil.copytree(CONFIGS / "qwen3-tokenizer", folder / "tokenizer")
    denoiser, text, vae = (
        json.loads((configs / part / "config.json").read_text())
        for part in ("transformer", "text_encoder", "vae")
    )
    if share < 1:
        heads, width = max(2, round(30 * share)), 64 * max(1, round(40 * share))
        denoiser |= {"n_heads": heads, "n_kv_heads": heads, "dim": 128 * heads}
        denoiser |= {"cap_feat_dim": width, "n_layers": max(1, round(30 * share))}
        text |= {"hidden_size": width, "intermediate_size": 4 * width}
        text |= {"num_attention_heads": heads, "num_key_value_heads": 1}
        text |= {"num_hidden_layers": max(2, round(36 * share))}
    torch.set_default_dtype(torch.bfloat16)
    with init_empty_weights():
        made = {
            "transformer": ZImageTransformer2DModel.from_config(denoiser),
            "text_encoder": Qwen3Model(Qwen3Config(**text)),
        }
    for part, network in made.items():
        network.to_empty(device="cpu")  # one network's memory at a time
        _fill(network)
        network.save_pretrained(folder / part, max_shard_size=_SHARD)
        network.to("meta")
    AutoencoderKL.from_config(vae).save_pretrained(folder / "vae")


def _fill(network):
    """Fill a network with numbers of a normal distribution, which repeat: drawing takes minutes."""
    import torch

    few = torch.randn(2**22, generator=torch.Generator().manual_seed(0)).to(torch.bfloat16) * 0.02
    with torch.no_grad():
        for name, value in network.named_parameters():
            if "norm" in name:
                value.fill_(1)
            elif name.endswith(("bias", "pad_token")):
                value.zero_()
            else:
                flat = value.view(-1)
                for at in range(0, flat.numel(), few.numel()):
                    piece = flat[at : at + few.numel()]
                    piece.copy_(few[: piece.numel()])


def ours(models, outputs):
    """Draw it with the studio; return the picture, and seconds by name."""
    from medialab import PipelineConfig, Workbench
    from medialab.process.threads import preload

    preload()  # imports are compared elsewhere; `plain` has its own before it begins, too
    asked = PipelineConfig(
        prompt=PROMPT,
        checkpoint=NAME,
        width=SIDE,
        height=SIDE,
        steps=STEPS,
        guidance_scale=1.0,
        sampler="Euler",
        seed=SEED,
        precision="bfloat16",
    )
    with Workbench(models, outputs, device="cpu") as bench:
        info = bench.registry.find(NAME, "checkpoint")
        bench.registry.sha256(info)  # once for every file, whoever uses it
        bench.memory_plan(asked)
        began = time.perf_counter()
        bench.registry.load(info, precision="bfloat16")
        loaded = time.perf_counter()
        image = bench.execute(asked).image
        drawn = time.perf_counter()
    return image, {"load": loaded - began, "draw": drawn - loaded, "unload": _since(drawn)}


def plain(models):
    """Draw it with diffusers' pipeline alone; return the picture, and seconds by name."""
    import torch
    from diffusers import ZImagePipeline

    began = time.perf_counter()
    pipeline = ZImagePipeline.from_pretrained(
        Path(models) / "checkpoints" / NAME, torch_dtype=torch.bfloat16, local_files_only=True
    )
    loaded = time.perf_counter()
    image = pipeline(
        PROMPT,
        width=SIDE,
        height=SIDE,
        num_inference_steps=STEPS,
        guidance_scale=0.0,
        generator=torch.Generator("cpu").manual_seed(SEED),
    ).images[0]
    drawn = time.perf_counter()
    del pipeline
    return image, {"load": loaded - began, "draw": drawn - loaded, "unload": _since(drawn)}


def _since(begun):
    return time.perf_counter() - begun


def _peak():
    """Return the most memory of this process so far, in GB; pages of files are counted, too."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1e6 for line in lines if line.startswith("VmHWM"))


def main(what, *given):
    """Do one of the three, and print what it took."""
    if what == "write":
        write(given[0], float(given[1]))
        return
    image, seconds = (ours if what == "ours" else plain)(*given)
    image.save(Path(given[0]) / f"{what}.png")
    print(json.dumps({**seconds, "peak": _peak()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
