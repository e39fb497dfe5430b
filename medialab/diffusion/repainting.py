"""Repainting a masked part of a picture; every byte outside the mask is preserved."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from medialab.diffusion.control import Control
from medialab.diffusion.denoising import Asked, Denoised, denoise_all
from medialab.diffusion.inpaint_models import masked_picture
from medialab.diffusion.latents import encode_image, latent_mask
from medialab.diffusion.options import DenoisingOptions
from medialab.diffusion.start import Kept
from medialab.diffusion.steps import Step
from medialab.diffusion.together import Places
from medialab.families.base import INPAINT
from medialab.pixels import masks
from medialab.pixels.geometry import Box, drawn_size
from medialab.pixels.resizing import lanczos, padded
from medialab.process.retries import RetryPolicy
from medialab.settings.fields import LARGEST_SEED
from medialab.settings.sampling import Sampling

if TYPE_CHECKING:
    import torch
    from PIL import Image

    from medialab.diffusion.drawing import Drawing


class Repaint(NamedTuple):
    """A masked part of a picture to repaint, and how.

    Attributes:
        mask: Of the picture's size, 255 = paint.
        blur: The radius in pixels that softens the mask's edge when the result is pasted.
        strength: The share of the noise schedule that is run, 0 to 1.
        crop: The part of the picture that the model sees.
        size: The width and height in pixels at which it sees the crop.
        content: The start under the mask: original, fill, latent noise or latent nothing.
        soft: Whether grey mask places change less: differential diffusion.
        feather: The radius, in pixels of `size`, over which the change itself fades out.
        noise_multiplier: A factor of the first noise.
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


@dataclass(frozen=True)
class Painting:
    """What is asked of the repainting of one picture.

    Attributes:
        image: The picture, 8-bit RGB.
        job: The mask, the crop and how to repaint it.
        sampling: Prompts, sampler, steps, seed and the rest.
        on_step: Called with (step, steps, latents); may raise to stop.
        controls: ControlNets prepared for the job's crop and size.
        retries: How failed work of this picture is retried; by default as the drawing's.
    """

    image: "Image.Image"
    job: Repaint
    sampling: Sampling
    on_step: Step
    controls: Sequence[Control] = ()
    retries: RetryPolicy | None = None

    @cached_property
    def edge(self) -> "Image.Image":
        """The job's mask with its softened edge, of the crop. Cost: by the mask's whole area."""
        return masks.blurred(self.job.mask, self.job.blur).crop(self.job.crop.edges)


def repaint(
    drawing: "Drawing",
    image: "Image.Image",
    job: Repaint,
    sampling: Sampling,
    on_step: Step,
    controls: Sequence[Control] = (),
) -> Denoised:
    """Repaint the masked part of a picture; return the picture and the denoising's record.

    Where the blurred mask is 0, every byte of the picture is preserved. At strength 1 the result
    holds nothing of the picture under the mask. Cost: by the crop's and the mask's area, not by
    the picture's (except with the content "fill").

    Args: as `Painting` has them; `drawing` is the checkpoint on loan.

    Raises: as `denoise`.
    """
    (painted,) = repaint_all(drawing, [Painting(image, job, sampling, on_step, controls)])
    return painted


def repaint_all(
    drawing: "Drawing", paintings: Sequence[Painting], places: Places | None = None
) -> list[Denoised]:
    """Repaint the masked part of each picture, side by side; see `repaint` and `denoise_all`."""
    asked = [_asked_of(drawing, one) for one in paintings]
    denoised = denoise_all(drawing, asked, places)
    return [
        found._replace(image=_pasted(one, found.image))
        for one, found in zip(paintings, denoised, strict=True)
    ]


def _asked_of(drawing: "Drawing", painting: Painting) -> Asked:
    """Return the denoising of a painting's crop."""
    image, job = painting.image, painting.job
    start = masks.filled(image, job.mask) if job.content == "fill" else image
    seen = start.crop(job.crop.edges)
    if job.strength >= 1 and job.content != "fill":
        seen = masks.filled(seen, masks.opaque(job.mask.crop(job.crop.edges)))
    seen = lanczos(seen, *job.size)
    paint = masks.blurred(masks.scaled(painting.edge, *job.size), job.feather)
    latents = encode_image(drawing, seen)
    drawn = drawn_size(*job.size, drawing.block)
    mask = latent_mask(padded(paint, *drawn), latents)
    masked = None
    if drawing.variant == INPAINT:
        masked = masked_picture(drawing, padded(seen, *drawn), padded(paint, *drawn))
    begin = _beginning(latents, mask, job.content, painting.sampling.seed)
    return Asked(
        "image-to-image",
        painting.sampling,
        painting.on_step,
        controls=painting.controls,
        options=DenoisingOptions(
            kept=Kept(latents, mask, job.soft or job.feather > 0),
            masked=masked,
            noise_multiplier=job.noise_multiplier,
        ),
        size=job.size,
        inputs={"image": begin, "strength": job.strength},
        retries=painting.retries,
    )


def _pasted(painting: Painting, drawn: "Image.Image") -> "Image.Image":
    """Return a painting's picture with what was drawn pasted over its mask."""
    image, crop = painting.image, painting.job.crop
    back = lanczos(drawn, crop.width, crop.height)
    patch = masks.composite(image.crop(crop.edges), back, painting.edge)
    painted = image.copy()
    painted.paste(patch, (crop.left, crop.top))
    return painted


def whole(image: "Image.Image") -> tuple[Box, tuple[int, int]]:
    """Return the whole picture as a crop, and its own size to draw it at."""
    return Box(0, 0, image.width, image.height), image.size


def facts_of(image: "Image.Image", job: Repaint, sampling: Sampling) -> dict[str, Any]:
    """Return all that `repaint` depends on besides the models, as plain JSON values.

    Pixels outside the crop are not among them, except that the content "fill" depends on them and
    its caller must add them.
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
    """Return the bytes of a safetensors file with a patch of a picture and its record."""
    import numpy as np
    from safetensors.numpy import save

    return save({"patch": np.array(patch)}, {"applied": json.dumps(applied)})


def unpacked(content: bytes) -> "tuple[Image.Image, dict[str, Any]]":
    """Return the patch, 8-bit RGB, and the record that `packed` wrote.

    Raises:
        ValueError: the bytes are not such a file.
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
    """Return the latents to start from, with the masked places replaced as `content` says."""
    import torch

    if content == "latent noise":
        generator = torch.Generator("cpu").manual_seed((seed + 1) % (LARGEST_SEED + 1))
        noise = torch.randn(latents.shape, generator=generator).to(latents)
        return torch.where(mask > 0, noise, latents)
    if content == "latent nothing":
        return torch.where(mask > 0, torch.zeros_like(latents), latents)
    return latents
