"""A part of a picture drawn again: what is outside the mask keeps every byte."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, NamedTuple

from medialab.diffusion.control import Control
from medialab.diffusion.denoising import denoise
from medialab.diffusion.inpaint_models import masked_picture
from medialab.diffusion.latents import encode_image, latent_mask
from medialab.diffusion.options import DenoisingOptions
from medialab.diffusion.start import Kept
from medialab.diffusion.steps import Step
from medialab.families.base import INPAINT
from medialab.pixels import masks
from medialab.pixels.geometry import Box, drawn_size
from medialab.pixels.resizing import lanczos, padded
from medialab.settings.fields import LARGEST_SEED
from medialab.settings.sampling import Sampling

if TYPE_CHECKING:
    import torch
    from PIL import Image

    from medialab.diffusion.drawing import Drawing


class Repaint(NamedTuple):
    """What is painted: the mask (255 = paint), its soft edge in pixels, and what it starts from.

    `crop` is the part that the model sees and `size` how large it sees it. `feather` is over how
    many pixels of that size the change itself fades: differential diffusion. `noise_multiplier`
    is how strong the first noise is.
    """

    mask: "Image.Image"
    blur: int
    strength: float
    crop: Box
    size: tuple[int, int]
    content: str = "original"
    soft: bool = False
    feather: int = 0
    noise_multiplier: float = 1.0


def repaint(
    drawing: "Drawing",
    image: "Image.Image",
    job: Repaint,
    sampling: Sampling,
    on_step: Step,
    controls: Sequence[Control] = (),
) -> "tuple[Image.Image, dict[str, Any]]":
    """The picture with the masked part drawn anew, and what was applied.

    `controls` are prepared for the job's crop and size.

    Where the (softened) mask is black every byte is the given picture's. At strength 1 nothing of
    what was under the mask is left in what is drawn. Cost: by the crop, and by what the mask
    covers, not by the picture's size (but for the content "fill").
    """
    edge = masks.blurred(job.mask, job.blur)
    start = masks.filled(image, job.mask) if job.content == "fill" else image
    soft = edge.crop(job.crop.edges)
    seen = start.crop(job.crop.edges)
    if job.strength >= 1 and job.content != "fill":
        seen = masks.filled(seen, masks.opaque(job.mask.crop(job.crop.edges)))
    seen = lanczos(seen, *job.size)
    paint = masks.blurred(masks.scaled(soft, *job.size), job.feather)
    latents = encode_image(drawing, seen)
    drawn = drawn_size(*job.size, drawing.block)
    mask = latent_mask(padded(paint, *drawn), latents)
    masked = None
    if drawing.variant == INPAINT:
        masked = masked_picture(drawing, padded(seen, *drawn), padded(paint, *drawn))
    begin = _beginning(latents, mask, job.content, sampling.seed)
    denoised = denoise(
        drawing,
        "image-to-image",
        sampling,
        on_step,
        controls=controls,
        options=DenoisingOptions(
            kept=Kept(latents, mask, job.soft or job.feather > 0),
            masked=masked,
            noise_multiplier=job.noise_multiplier,
        ),
        size=job.size,
        image=begin,
        strength=job.strength,
    )
    back = lanczos(denoised.image, job.crop.width, job.crop.height)
    patch = masks.composite(image.crop(job.crop.edges), back, soft)
    painted = image.copy()
    painted.paste(patch, (job.crop.left, job.crop.top))
    return painted, denoised.applied


def whole(image: "Image.Image") -> tuple[Box, tuple[int, int]]:
    """The whole picture as crop, and the size at which it is drawn: its own."""
    return Box(0, 0, image.width, image.height), image.size


def facts_of(image: "Image.Image", job: Repaint, sampling: Sampling) -> dict[str, Any]:
    """All that decides how `repaint` comes out besides the models, as plain JSON values.

    What the model does not see has no part in it: a change elsewhere in the picture changes
    nothing. That does not hold where the content is "fill", whose colours come from afar.
    """
    return {
        **job._asdict(),
        "mask": hashlib.sha256(job.mask.tobytes()).hexdigest(),
        "crop": list(job.crop.edges),
        "size": list(job.size),
        "seen": hashlib.sha256(image.crop(job.crop.edges).tobytes()).hexdigest(),
        "picture": list(image.size),
        "sampling": {
            **asdict(sampling),
            "loras": [one.model_dump(mode="json") for one in sampling.loras],
            "control": [one.model_dump(mode="json") for one in sampling.control],
        },
    }


def packed(patch: "Image.Image", applied: Mapping[str, Any]) -> bytes:
    """A part of a picture and what was applied to make it, as one safetensors file."""
    import numpy as np
    from safetensors.numpy import save

    return save({"patch": np.array(patch)}, {"applied": json.dumps(applied)})


def unpacked(content: bytes) -> "tuple[Image.Image, dict[str, Any]]":
    """What was packed.

    Raises:
        ValueError: these bytes are no packed part of a picture.
    """
    from PIL import Image
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        patch = Image.fromarray(load(content)["patch"])
        length = int.from_bytes(content[:8], "little")
        applied = json.loads(json.loads(content[8 : 8 + length])["__metadata__"]["applied"])
        if patch.mode != "RGB" or not isinstance(applied, dict):
            raise ValueError(patch.mode)
    except (SafetensorError, TypeError, LookupError, RecursionError) as error:
        message = f"no part of a picture: {error}"
        raise ValueError(message) from error
    return patch, applied


def _beginning(
    latents: "torch.Tensor", mask: "torch.Tensor", content: str, seed: int
) -> "torch.Tensor":
    """What the masked places hold before noise comes over them."""
    import torch

    if content == "latent noise":
        generator = torch.Generator("cpu").manual_seed((seed + 1) % (LARGEST_SEED + 1))
        noise = torch.randn(latents.shape, generator=generator).to(latents)
        return torch.where(mask > 0, noise, latents)
    if content == "latent nothing":
        return torch.where(mask > 0, torch.zeros_like(latents), latents)
    return latents
