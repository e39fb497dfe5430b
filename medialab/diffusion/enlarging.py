"""A picture made larger, by a filter or by an upscaler model, to an exact size."""

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
    """Return the picture at exactly `size`; `upscaler` is a loaded model or of PIXEL_UPSCALERS.

    A model enlarges as often as it takes to reach the size, once at least and at most four times,
    and Lanczos does the rest, as A1111 does it (modules/upscaler.py). So one that keeps the size,
    and cleans or sharpens, does its work at scale 1.
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
    """Return what the record tells of an upscaler; a filter does nothing where the size stays."""
    if name in {*PIXEL_UPSCALERS, *LATENT_UPSCALERS} and before == after:
        return {"upscaler": "none", "note": f"{name} did nothing: the size stays the same"}
    return {"upscaler": name}
