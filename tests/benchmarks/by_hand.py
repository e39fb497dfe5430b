"""What nine stages do, written out with diffusers alone, as in a script for one picture."""

import math
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import (
    DDIMScheduler,
    StableDiffusionControlNetPipeline,
    StableDiffusionImg2ImgPipeline,
)
from PIL import Image, ImageFilter


class Asked(NamedTuple):
    """What the picture shows and how it is drawn."""

    prompt: str
    detail: str
    negative_prompt: str
    edges: Image.Image
    seed: int
    steps: int
    guidance: float
    strength: float
    boxes: tuple[tuple[int, int, int, int], ...]


class Script:
    """One picture: control, base, refiner, three details, upscaler, sharpening.

    `components` are a loaded checkpoint's, `controlnet` a ControlNet, `enlarge` a network that
    takes (1, 3, h, w) in [0, 1] to one twice as large.
    """

    def __init__(self, components, controlnet, enlarge):
        self.parts = components
        self.control = StableDiffusionControlNetPipeline(**components, controlnet=controlnet)
        self.paint = StableDiffusionImg2ImgPipeline(**components)
        self.enlarge = enlarge
        for pipe in (self.control, self.paint):
            pipe.set_progress_bar_config(disable=True)

    def run(self, asked):
        """The picture, 8-bit RGB."""
        edges, seed, strength = asked.edges, asked.seed, asked.strength
        with torch.inference_mode():
            self.same = {
                "num_inference_steps": asked.steps,
                "guidance_scale": asked.guidance,
                "output_type": "np",
                **self.encoded(asked.prompt, asked.negative_prompt),
            }
            self.fresh(self.control)
            image = to_picture(
                self.control(
                    image=edges,
                    width=edges.width,
                    height=edges.height,
                    generator=torch.Generator().manual_seed(seed),
                    **self.same,
                ).images[0]
            )
            size = image.width * 3 // 2, image.height * 3 // 2
            image = self.refine(
                image.resize(size, Image.Resampling.LANCZOS), seed, strength, exact=True
            )
            self.same |= self.encoded(asked.detail, asked.negative_prompt)
            for box in asked.boxes:
                image = self.detail(image, box, seed, strength)
            pixels = torch.from_numpy(np.array(image)).permute(2, 0, 1)[None].float() / 255
            larger = self.enlarge(pixels)[0].clamp(0, 1).mul(255).round().byte()
        image = Image.fromarray(larger.permute(1, 2, 0).numpy())
        return image.filter(ImageFilter.UnsharpMask(1.2, 100, 3))

    def encoded(self, prompt, negative_prompt):
        positive, negative = self.control.encode_prompt(
            prompt, "cpu", 1, True, negative_prompt=negative_prompt
        )
        return {"prompt_embeds": positive, "negative_prompt_embeds": negative}

    def fresh(self, pipe):
        pipe.scheduler = DDIMScheduler.from_config(self.parts["scheduler"].config)

    def refine(self, image, seed, strength, callback=None, *, exact=False):
        self.fresh(self.paint)
        told = {} if callback is None else {"callback_on_step_end": callback}
        steps = max(self.same["num_inference_steps"], math.ceil(1 / strength))
        if exact:  # the hires fix runs as many as are set: diffusers runs int(steps * strength)
            wanted = self.same["num_inference_steps"]
            steps = int(wanted / strength)
            strength = (wanted + 0.5) / steps
        found = self.paint(
            image=image,
            strength=strength,
            generator=torch.Generator().manual_seed(seed),
            **self.same | {"num_inference_steps": steps},
            **told,
        )
        return to_picture(found.images[0])

    def detail(self, image, box, seed, strength, padding=16, side=128):
        """The box drawn again with its surroundings, which are kept."""
        left, top, right, bottom = box
        crop = (left - padding, top - padding, right + padding, bottom + padding)
        mask = Image.new("L", image.size)
        mask.paste(255, box)
        seen = image.crop(crop).resize((side, side), Image.Resampling.LANCZOS)
        paint = mask.crop(crop).resize((side, side), Image.Resampling.BILINEAR)
        vae = self.parts["vae"]
        pixels = torch.from_numpy(np.array(seen)).permute(2, 0, 1)[None] / 127.5 - 1
        start = vae.encode(pixels).latent_dist.mode() * vae.config.scaling_factor
        levels = torch.from_numpy(np.array(paint)).float()[None, None] / 255
        free = F.adaptive_max_pool2d(levels, start.shape[-2:]) >= 0.5
        noise = torch.randn(start.shape, generator=torch.Generator().manual_seed(seed))

        def keep(pipe, step, _timestep, tensors):
            timesteps = pipe.scheduler.timesteps[-pipe.num_timesteps :]
            known = start
            if step + 1 < len(timesteps):
                known = pipe.scheduler.add_noise(start, noise, timesteps[step + 1 : step + 2])
            tensors["latents"] = torch.where(free, tensors["latents"], known)
            return tensors

        drawn = self.refine(start, seed, strength, keep)
        back = drawn.resize((crop[2] - crop[0], crop[3] - crop[1]), Image.Resampling.LANCZOS)
        painted = image.copy()
        painted.paste(back, crop[:2])
        return Image.composite(painted, image, mask)


def to_picture(pixels):
    return Image.fromarray((pixels * 255).round().astype("uint8"))
