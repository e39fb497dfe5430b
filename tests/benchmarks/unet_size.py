"""SD1.5 and SDXL in their real sizes with random weights, and two programs that draw with them.

`python -m tests.benchmarks.unet_size write FOLDER sd15 1` writes two single files in half
precision, as they are published, and their configs; with 0 in place of 1 they are small, and a
number after it is how many. `plain
FOLDER sd15` is a script of diffusers alone in its defaults, `ours FOLDER sd15` this studio: each
reads lines of JSON, such as {"do": "load", "checkpoint": "a"}, and answers each with a line.
"""

import json
import shutil
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

CONFIGS = Path(__file__).resolve().parents[2] / "models" / "configs"
PROMPT, NEGATIVE, GUIDANCE = "a red car in a meadow, evening light", "blurry", 7.5
NAMES = ("a", "b")
# Of what is small: channels of the UNet's and the VAE's levels.
_SMALL = {"unet": 64, "vae": 32}
_REPEATED = 2**22  # drawing every number takes minutes
# Layers whose output is added to their input, and how large it is beside that, as in trained
# networks. With 1 the 70 blocks of SDXL made 60 grey levels of float32's last bit.
_ADDED = ("to_out.0.weight", "ff.net.2.weight", "conv2.weight", "proj_out.weight")
_ADDED_GAIN = 0.2
_LOOK = 0.02  # seconds between two looks at the memory


def write(folder, family, is_whole, many=2):
    """Write the first of the checkpoints, and the configs that they are built after."""
    import torch

    from tests.tiny import checkpoints, original_names

    configs = Path(folder) / "configs"
    shutil.copytree(CONFIGS / family, configs / family)
    shutil.copytree(CONFIGS / "clip-tokenizer", configs / "clip-tokenizer", dirs_exist_ok=True)
    if not is_whole:
        _shrink(configs / family)
    for number, name in enumerate(NAMES[:many]):
        few = torch.randn(_REPEATED, generator=torch.Generator().manual_seed(number))
        parts = {part: _filled(one, few) for part, one in _networks(configs / family).items()}
        states = {part: one.state_dict() for part, one in parts.items()}
        unet = original_names.original_unet(states["unet"], parts["unet"].config.layers_per_block)
        texts = [original_names.original_clip(states["text_encoder"])]
        under = ["cond_stage_model"]
        if "text_encoder_2" in states:
            texts.append(original_names.original_open_clip(states["text_encoder_2"]))
            under = ["conditioner.embedders.0", "conditioner.embedders.1.model"]
        checkpoints.write_checkpoint(
            Path(folder) / "models" / "checkpoints" / f"{name}.safetensors",
            unet,
            checkpoints.original_vae(parts["vae"]),
            *(checkpoints.under(*one) for one in zip(under, texts, strict=True)),
        )


def _shrink(configs):
    """Give the configs few channels and layers, in the same places."""
    for part in ("unet", "vae", "text_encoder", "text_encoder_2"):
        file = configs / part / "config.json"
        if not file.exists():
            continue
        told = json.loads(file.read_text())
        if part in _SMALL:
            told["block_out_channels"] = [_SMALL[part]] * len(told["block_out_channels"])
        else:
            told |= {"num_hidden_layers": 1, "intermediate_size": 64}
        file.write_text(json.dumps(told))


def _networks(configs):
    import diffusers
    import transformers
    from accelerate import init_empty_weights

    found = {}
    with init_empty_weights():
        for part, name in (("unet", "UNet2DConditionModel"), ("vae", "AutoencoderKL")):
            made = getattr(diffusers, name)
            found[part] = made.from_config(made.load_config(configs / part))
        for part in ("text_encoder", "text_encoder_2"):
            if (configs / part).is_dir():
                told = transformers.CLIPTextConfig.from_pretrained(configs / part)
                kind = "CLIPTextModel" if part == "text_encoder" else "CLIPTextModelWithProjection"
                found[part] = getattr(transformers, kind)(told)
    return found


def _filled(network, few):
    """Fill a network in half precision so that each layer's outputs are as large as its inputs."""
    import torch

    network = network.to_empty(device="cpu").to(torch.float16)
    with torch.no_grad():
        for number, (name, value) in enumerate(network.named_parameters()):
            if value.ndim < 2:
                value.fill_(1.0 if name.endswith("weight") else 0.0)  # norms, biases
                continue
            fan_in = value[0].numel() if "embedding" not in name else 2500
            gain = (_ADDED_GAIN if name.endswith(_ADDED) else 1.0) * fan_in**-0.5
            # From another number on: layers of one shape are not equal.
            flat, own = value.view(-1), (few.roll(number * 7919) * gain).to(value.dtype)
            for at in range(0, flat.numel(), own.numel()):
                piece = flat[at : at + own.numel()]
                piece.copy_(own[: piece.numel()])
        for name, value in network.named_buffers():
            if name.endswith("position_ids"):
                value.copy_(torch.arange(value.numel()).view(value.shape))
    return network


class Plain:
    """A script of diffusers alone in its defaults: one pipeline at a time, in float32."""

    def __init__(self, folder, family, device="cpu", dtype=None):
        from diffusers import DDIMScheduler, StableDiffusionPipeline, StableDiffusionXLPipeline
        from transformers import CLIPTokenizer

        self.folder, self.family, self.loaded, self.pipeline = Path(folder), family, None, None
        self.device, self.dtype = device, {} if dtype is None else {"torch_dtype": dtype}
        self.kind = StableDiffusionXLPipeline if family == "sdxl" else StableDiffusionPipeline
        self.scheduler, self.tokenizer = DDIMScheduler, CLIPTokenizer

    def load(self, checkpoint):
        if self.loaded == checkpoint:
            return
        self.pipeline = self.loaded = None
        made = {}
        for name, pad in (("tokenizer", "<|endoftext|>"), ("tokenizer_2", "!")):
            if name == "tokenizer" or self.family == "sdxl":
                own = self.folder / "configs" / "clip-tokenizer"
                made[name] = self.tokenizer.from_pretrained(own, pad_token=pad)
        if self.family != "sdxl":
            made |= {"safety_checker": None, "feature_extractor": None}
        self.pipeline = self.kind.from_single_file(
            str(self.folder / "models" / "checkpoints" / f"{checkpoint}.safetensors"),
            config=str(self.folder / "configs" / self.family),
            local_files_only=True,
            **made,
            **self.dtype,
        ).to(self.device)
        # SDXL's config is of another scheduler and does not say it: DDIM's default is for pixels.
        config = self.pipeline.scheduler.config
        self.pipeline.scheduler = self.scheduler.from_config(config, clip_sample=False)
        self.pipeline.set_progress_bar_config(disable=True)
        self.loaded = checkpoint

    def draw(self, checkpoint, seed, side, steps, **changes):
        import torch

        self.load(checkpoint)
        return self.pipeline(
            PROMPT,
            negative_prompt=NEGATIVE,
            width=side,
            height=side,
            num_inference_steps=steps,
            guidance_scale=GUIDANCE,
            generator=torch.Generator().manual_seed(seed),
            **changes,
        ).images[0]

    def close(self):
        self.pipeline = None


class Ours:
    """This studio, with its stage cache empty for every picture."""

    def __init__(self, folder, family, device="cpu"):
        from medialab import Workbench
        from medialab.process.threads import preload
        from tests.tiny.checkpoints import built_after

        preload()  # imports are compared elsewhere; `Plain` has its own before it begins
        self.configs = built_after(Path(folder) / "configs")
        self.configs.start()
        self.bench = Workbench(Path(folder) / "models", Path(folder) / "outputs", device=device)
        # Once for every file, whoever uses it, and once for every machine: its trial of bfloat16.
        for info in self.bench.registry.models("checkpoint"):
            self.bench.registry.sha256(info)
        self.bench.resolve(self.asked(NAMES[0], 1, 64, 1))

    def asked(self, checkpoint, seed, side, steps, **changes):
        from medialab import PipelineConfig

        return PipelineConfig(
            prompt=PROMPT,
            negative_prompt=NEGATIVE,
            checkpoint=checkpoint,
            width=side,
            height=side,
            steps=steps,
            guidance_scale=GUIDANCE,
            sampler="DDIM",
            seed=seed,
            **changes,
        )

    def load(self, checkpoint):
        asked = self.asked(checkpoint, 1, 64, 1)
        precision = self.bench.resolve(asked).dtype
        with self.bench.registry.lent():
            info = self.bench.registry.find(checkpoint, "checkpoint")
            self.bench.registry.load(info, precision=precision)

    def draw(self, checkpoint, seed, side, steps, **changes):
        asked = self.asked(checkpoint, seed, side, steps, **changes)
        return self.bench.execute(asked, save=False).image

    def close(self):
        self.bench.close()
        self.configs.stop()


class _Peak(threading.Thread):
    """The most memory of this process so far, in GB, without pages of files."""

    def __init__(self):
        super().__init__(daemon=True)
        self.most = 0.0

    def look(self):
        lines = Path("/proc/self/status").read_text().splitlines()
        now = next(int(line.split()[1]) / 1e6 for line in lines if line.startswith("RssAnon"))
        self.most = max(self.most, now)
        return now

    def run(self):
        while True:
            self.look()
            time.sleep(_LOOK)


@contextmanager
def _only_answers_on_stdout():
    """Let nothing but answers reach the pipe; progress bars and warnings go to stderr."""
    pipe, sys.stdout = sys.stdout, sys.stderr
    try:
        yield pipe
    finally:
        sys.stdout = pipe


def serve(program, folder, family):
    """Do what the lines of stdin say, and answer each."""
    peak = _Peak()
    peak.start()
    with _only_answers_on_stdout() as pipe:
        made = (Plain if program == "plain" else Ours)(folder, family)
        began_with = peak.look()
        print(json.dumps({"began_with": began_with}), file=pipe, flush=True)
        for line in sys.stdin:
            told = json.loads(line)
            do, picture = told.pop("do"), told.pop("picture", None)
            began = time.perf_counter()
            image = getattr(made, do)(**told)
            seconds = time.perf_counter() - began
            if picture:
                image.save(picture)
            peak.look()
            answer = {"seconds": seconds, "peak": peak.most}
            print(json.dumps(answer), file=pipe, flush=True)
        made.close()


def main(what, folder, family, is_whole="0", many="2"):
    """Write the checkpoints, or be one of the two programs."""
    if what == "write":
        write(folder, family, is_whole == "1", int(many))
    else:
        serve(what, folder, family)


if __name__ == "__main__":
    main(*sys.argv[1:])
