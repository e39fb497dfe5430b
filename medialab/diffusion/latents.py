"""Pictures to latents and back with a VAE, and the shapes of latents."""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from medialab.diffusion.encoded_pictures import encoding_once
from medialab.diffusion.low_memory import vae_fallbacks
from medialab.diffusion.vae_tiles import tile_side
from medialab.loading.memory_needs import decoding_bytes, encoding_bytes
from medialab.pixels.geometry import drawn_size
from medialab.pixels.resizing import padded
from medialab.process.memory import claim
from medialab.process.retries import in_float32

if TYPE_CHECKING:
    import numpy as np
    import torch
    from PIL import Image

    from medialab.diffusion.drawing import Drawing


def encode_image(
    drawing: "Drawing", image: "Image.Image", hidden: "Image.Image | None" = None
) -> "torch.Tensor":
    """Encode a picture to latents (1, c, h, w), scaled for the denoiser, without any noise.

    A picture whose sides are not whole blocks is padded by repeating its edge.

    Args:
        drawing: The checkpoint whose VAE encodes.
        image: The picture; it is converted to RGB.
        hidden: A mask of the same size; where it is 255 the picture is replaced by the mean of
            black and white.

    Raises:
        NotFiniteError: the VAE computes NaN or infinity in float32, too.
        OutOfMemoryError: memory ran out with every fallback.
    """
    import numpy as np
    import torch

    vae, codec = drawing.vae, drawing.family.codec
    image = padded(image.convert("RGB"), *drawn_size(*image.size, drawing.block))
    pixels = torch.from_numpy(np.array(image)).permute(2, 0, 1)[None]
    shown = torch.ones(1, 1, 1, 1, dtype=torch.bool)
    if hidden is not None:
        grown = padded(hidden.convert("L"), *image.size)
        shown = torch.from_numpy(np.array(grown))[None, None] < 255

    def attempt() -> torch.Tensor:
        _claim(drawing, *image.size, encoding_bytes, "to encode")
        scaled = (pixels.to(drawing.device, vae.dtype) / 127.5) - 1
        scaled = torch.where(shown.to(scaled.device), scaled, 0.0)
        with torch.inference_mode(), encoding_once(drawing):
            return codec.encode(vae, scaled, drawing.dtype)

    return drawing.retries.finite("the VAE's encoder", vae_fallbacks(drawing), attempt, vae)


def decode_latents(drawing: "Drawing", latents: "torch.Tensor") -> "Image.Image":
    """Decode latents (1, c, h, w), scaled for the denoiser, to an 8-bit RGB picture.

    Raises:
        NotFiniteError: the VAE computes NaN or infinity in float32, too.
        OutOfMemoryError: memory ran out with every fallback.
    """
    import torch

    vae = drawing.vae

    def attempt() -> torch.Tensor:
        height, width = (side * drawing.reduction for side in latents.shape[-2:])
        _claim(drawing, width, height, decoding_bytes, "to decode")
        with torch.inference_mode():
            return drawing.family.codec.decode(vae, latents.to(vae.dtype))

    with in_float32(*([vae] if drawing.vae_overflows else [])):
        pixels = drawing.retries.finite("the VAE's decoder", vae_fallbacks(drawing), attempt, vae)
    levels = (pixels * 0.5 + 0.5).clamp(0, 1).cpu().permute(0, 2, 3, 1).float().numpy()[0]
    return to_image(levels)


def _claim(
    drawing: "Drawing",
    width: int,
    height: int,
    takes: Callable[[int, int, int, int], int],
    what: str,
) -> None:
    """Refuse a size for which the VAE has too little memory with its present tiling.

    Args:
        drawing: The checkpoint whose VAE is used.
        width: In pixels.
        height: In pixels.
        takes: The bytes needed, by width, height, channels and bytes a number.
        what: The work, for the message.
    """
    vae = drawing.vae
    if getattr(vae, "use_tiling", False):
        width, height = (min(side, tile_side(vae)) for side in (width, height))
    channels = int(vae.config.get("block_out_channels", (128,))[0])
    needed = takes(width, height, channels, vae.dtype.itemsize)
    claim(needed, drawing.device, f"{what} {width} × {height} px")


def stretched(
    drawing: "Drawing", image: "Image.Image", size: tuple[int, int], method: str
) -> "torch.Tensor":
    """Encode a picture and interpolate its latents to the shape drawn for another size.

    Positions relative to the whole picture stay the same, even if a side is not whole blocks.

    Args:
        drawing: The checkpoint whose VAE encodes.
        image: The picture, 8-bit RGB.
        size: The other width and height in pixels.
        method: torch's name of the interpolation.
    """
    import torch.nn.functional as F

    place, drawn = drawing.reduction, drawn_size(*size, drawing.block)
    corners = None if method == "nearest" else False
    columns, rows = (side // place for side in drawn)
    if drawn == size and image.size == drawn_size(*image.size, drawing.block):
        latents = encode_image(drawing, image)
        return F.interpolate(latents, (rows, columns), mode=method, align_corners=corners)
    across, down = size[0] / image.width, size[1] / image.height
    # One latent more than fills the other size: rounding may cut the last.
    wide = max(math.ceil(columns / across) + 1, -(-image.width // place))
    high = max(math.ceil(rows / down) + 1, -(-image.height // place))
    latents = encode_image(drawing, padded(image, wide * place, high * place))
    larger = F.interpolate(
        latents,
        scale_factor=(down, across),
        mode=method,
        align_corners=corners,
        recompute_scale_factor=False,
    )
    return larger[..., :rows, :columns].contiguous()


def latent_mask(mask: "Image.Image", latents: "torch.Tensor") -> "torch.Tensor":
    """Return a mask (255 = paint) as (1, 1, h, w) in [0, 1]: each place is its maximum."""
    import numpy as np
    import torch
    import torch.nn.functional as F

    levels = torch.from_numpy(np.array(mask.convert("L"))).float()[None, None] / 255
    return F.adaptive_max_pool2d(levels, latents.shape[-2:]).to(latents)


def to_image(pixels: "np.ndarray") -> "Image.Image":
    """Return (h, w, 3) floats in [0, 1] as 8-bit RGB, rounded half to even as in diffusers."""
    from PIL import Image

    return Image.fromarray((pixels * 255).round().astype("uint8"))


def latent_shape(drawing: "Drawing", width: int, height: int) -> tuple[int, int, int, int]:
    """Return the shape of the latents of a picture of that size in pixels."""
    scale = drawing.reduction
    return 1, drawing.family.latents.channels, height // scale, width // scale
