"""Enlarging a picture to an exact size, with a filter or an upscaler model."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from medialab.loading.memory_needs import PICTURE_BYTES
from medialab.process.memory import claim
from medialab.process.retries import RetryPolicy
from medialab.settings.choices import LATENT_UPSCALERS, PIXEL_UPSCALERS

if TYPE_CHECKING:
    from PIL import Image

    from medialab.loading.upscalers import Upscaler

MOST_TIMES = 4


def enlarged(
    image: "Image.Image",
    size: tuple[int, int],
    upscaler: "Upscaler | str",
    *,
    tile: int,
    overlap: int,
    on_tile: Callable[[int, int], None],
    retries: RetryPolicy | None = None,
) -> "Image.Image":
    """Return the picture at exactly `size`.

    A model runs as often as it takes to reach the size, at least once and at most four times, and
    Lanczos resizes its result, as in A1111 (modules/upscaler.py). A model that only cleans or
    sharpens (scale 1) runs once.

    Args:
        image: The picture, 8-bit RGB.
        size: The width and height in pixels to reach.
        upscaler: A loaded model, or one of PIXEL_UPSCALERS.
        tile: The side of a model's tiles in pixels of its input.
        overlap: The overlap of neighbouring tiles in those pixels.
        on_tile: Called with (done, all) after each tile; may raise to stop.
        retries: The retry policy of a model; by default a new one.
    """
    from PIL import Image

    if isinstance(upscaler, str):
        filters = dict(
            zip(
                PIXEL_UPSCALERS,
                (
                    Image.Resampling.LANCZOS,
                    Image.Resampling.BICUBIC,
                    Image.Resampling.NEAREST,
                ),
                strict=True,
            )
        )
        claim(size[0] * size[1] * PICTURE_BYTES, "cpu", f"a picture of {size[0]} × {size[1]} px")
        on_tile(1, 1)
        return image.resize(size, filters[upscaler])
    for number in range(MOST_TIMES):
        if number and image.width >= size[0] and image.height >= size[1]:
            break
        image = upscaler.enlarge(
            image, tile=tile, overlap=overlap, on_tile=on_tile, retries=retries
        )
        if upscaler.scale == 1:
            break
    return image.resize(size, Image.Resampling.LANCZOS) if image.size != size else image


def upscaler_as_record(
    name: str, before: tuple[int, int], after: tuple[int, int]
) -> dict[str, str]:
    """Return an upscaler's entry in the record, which says if a filter had nothing to resize."""
    if name in {*PIXEL_UPSCALERS, *LATENT_UPSCALERS} and before == after:
        return {"upscaler": "none", "note": f"{name} did nothing: the size stays the same"}
    return {"upscaler": name}
