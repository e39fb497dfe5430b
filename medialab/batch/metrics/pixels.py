"""Metrics that count pixels."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL import Image


def sharpness(image: "Image.Image", subject: Any) -> float:  # noqa: ARG001 - others look at it
    """Return the variance of the Laplacian of the grey levels: higher is sharper, or noisier.

    Source: Pech-Pacheco et al., 2000, "Diatom autofocusing in brightfield microscopy", as OpenCV's
    `Laplacian(grey, CV_64F).var()`.
    """
    import numpy as np

    grey = np.pad(np.asarray(image.convert("L"), dtype=np.float64), 1, mode="reflect")
    middle = grey[1:-1, 1:-1]
    around = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:]
    return float((around - 4 * middle).var())


def mean_colour(image: "Image.Image", subject: Any) -> list[float]:  # noqa: ARG001 - likewise
    """Return the mean of red, green and blue, 0 to 255 each."""
    import numpy as np

    pixels = np.asarray(image, dtype=np.float64).reshape(-1, 3)
    return [float(level) for level in pixels.mean(axis=0)]


def difference(image: "Image.Image", subject: Any) -> float:
    """Return the mean difference of all levels from those of the reference: 0 to 1.

    A reference of another size is resized to the picture's.
    """
    import numpy as np

    reference = subject.reference
    if reference.size != image.size:
        reference = reference.resize(image.size)
    ours, theirs = (np.asarray(one, dtype=np.float64) for one in (image, reference))
    return float(np.abs(ours - theirs).mean() / 255)
