"""Upscaler models (ESRGAN and its kin): loaded from the disk, and run tile by tile.

spandrel knows the architectures. It gets weights that safetensors has read, never a pickle. Its
import needs torchvision, which this project keeps out (pyproject.toml says why), for two
architectures that enlarge nothing; where it is absent, a stand-in lets the import pass.
"""

import importlib.util
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from medialab.errors import ModelRefusedError, NotFiniteError
from medialab.files.opening import opening
from medialab.files.tensors import read_tensors, refuse_whole_numbers
from medialab.pixels.geometry import Box
from medialab.pixels.tiles import blended, part_of, tiles
from medialab.process.libraries import require
from medialab.process.memory import claim, free_after
from medialab.process.retries import Fallback, RetryPolicy, is_finite

if TYPE_CHECKING:
    import torch
    from PIL import Image

# In pixels. A1111's own numbers are 192 and 8; at 16 the architecture with the widest view shows no
# seams.
TILE, OVERLAP = 192, 16
# Purposes that spandrel names, other than enlarging -> an explanation for a person.
_PURPOSES = {
    "FaceSR": "faces only: use the face detailer instead",
    "Inpainting": "filling holes: use the mode inpaint instead",
}
# Sides in pixels of the tiles that are tried when memory runs out.
SMALLER_TILES = (TILE, 96, 48)
# Bytes a pixel of the enlarged picture (sums, weights, their quotient), and of an enlarged tile:
# three maps of the 64 channels that ESRGAN's and Compact's last layers have, in float32.
_PIXEL_BYTES, _MAP_BYTES = 48, 3 * 64 * 4


class Upscaler:
    """An upscaler model in memory; its pictures are `scale` times larger."""

    def __init__(
        self,
        network: "torch.nn.Module",
        scale: int,
        device: str,
        *,
        call: "Callable[[torch.Tensor], torch.Tensor] | None" = None,
        is_whole: bool = False,
    ) -> None:
        """Take over a network; the upscaler owns its weights.

        Args:
            network: the torch network.
            scale: how many times larger its output is.
            device: the torch device that it is on.
            call: called in its place, as spandrel's wrapper is, which pads a picture to a size that
                the network takes; by default the network itself.
            is_whole: whether the network needs the whole picture, and makes its own tiles.
        """
        self.scale = scale
        self.nbytes = sum(weight.nbytes for weight in network.parameters())
        self._call: Any = call or network
        self._is_whole = is_whole
        self._device = device

    def in_float32(self) -> AbstractContextManager[object]:
        """Return an empty block: an upscaler always computes in float32."""
        return nullcontext()

    def release(self) -> None:
        """Release the weights."""
        self._call = None
        free_after(self.nbytes)

    def enlarge(
        self,
        image: "Image.Image",
        *,
        tile: int = TILE,
        overlap: int = OVERLAP,
        on_tile: Callable[[int, int], None] = lambda _done, _all: None,
        retries: RetryPolicy | None = None,
    ) -> "Image.Image":
        """Return the picture as RGB, `scale` times larger.

        Tiles fade into each other over their `overlap`. Memory grows with the tile, not with the
        picture.

        Args:
            image: any size and mode; it is converted to RGB.
            tile: side of a tile in pixels of the input; 0: the whole picture at once.
            overlap: pixels of the input that neighbouring tiles share.
            on_tile: called as `on_tile(done, all)` after each tile; may raise to stop.
            retries: the retry policy of the stage that enlarges.

        Raises:
            NotFiniteError: the model computed NaN or infinity.
            OutOfMemoryError: not even the smallest tile fits.
        """
        largest = tile or max(image.size)
        limits: list[int] = []

        @contextmanager
        def limited(smaller: int) -> Iterator[None]:
            limits.append(smaller)
            try:
                yield
            finally:
                limits.pop()

        fallbacks = [
            Fallback(f"tiles of {smaller} px", False, partial(limited, smaller))
            for smaller in SMALLER_TILES
            if smaller < largest
        ]
        return (retries or RetryPolicy()).attempt(
            "the upscaler",
            fallbacks,
            lambda: self._enlarge(image, tile, overlap, on_tile, limits[-1] if limits else None),
        )

    def _enlarge(
        self,
        image: "Image.Image",
        tile: int,
        overlap: int,
        on_tile: Callable[[int, int], None],
        limit: int | None,
    ) -> "Image.Image":
        import numpy as np
        import torch
        from PIL import Image

        pixels = torch.from_numpy(np.array(image.convert("RGB"))).permute(2, 0, 1)[None]
        tile = max(image.size) if self._is_whole else tile or max(image.size)
        if limit is not None and limit < tile:
            tile, overlap = limit, min(overlap, limit // 3)
        boxes = tiles(image.width, image.height, tile, overlap)
        width, height = image.width * self.scale, image.height * self.scale
        claim(width * height * _PIXEL_BYTES, "cpu", f"a picture of {width} × {height} px")
        side = min(tile, max(image.size))
        claim(side * side * self.scale**2 * _MAP_BYTES, self._device, f"a tile of {side} px")

        def enlarged(box: Box) -> torch.Tensor:
            piece = part_of(pixels, box).to(self._device).float() / 255
            with torch.inference_mode():
                larger = self._called(piece)[0].float().cpu()
            if not is_finite(larger):
                message = "the upscaler produced NaN; try another one"
                raise NotFiniteError(message)
            return larger

        whole = blended(
            (3, height, width), boxes, overlap, enlarged, scale=self.scale, on_tile=on_tile
        )
        levels = whole.clamp(0, 1).mul(255).round().byte()
        return Image.fromarray(levels.permute(1, 2, 0).numpy())

    def _called(self, piece: "torch.Tensor") -> "torch.Tensor":
        """Return a tile enlarged and checked: (1, 3, h, w) in [0, 1] to (1, 3, scale·h, scale·w).

        Raises:
            ModelRefusedError: the result has another shape.
        """
        larger: torch.Tensor = self._call(piece)
        expected = (1, 3, piece.shape[2] * self.scale, piece.shape[3] * self.scale)
        if tuple(larger.shape) != expected:
            message = (
                f"the upscaler made {tuple(larger.shape)} of {tuple(piece.shape)}, where "
                f"{expected} was due; choose another one"
            )
            raise ModelRefusedError(message)
        return larger


def compact_network(features: int, layers: int, scale: int) -> "torch.nn.Module":
    """Return a new, untrained Compact network (Real-ESRGAN's SRVGGNetCompact), by spandrel.

    It takes (n, 3, h, w) in [0, 1] to (n, 3, scale·h, scale·w).

    Raises:
        MissingLibraryError: spandrel is not installed.
    """
    _import_spandrel()
    from spandrel.architectures.Compact import Compact

    network: torch.nn.Module = Compact(
        num_in_ch=3, num_out_ch=3, num_feat=features, num_conv=layers, upscale=scale
    )
    return network


def load_upscaler(path: Path, device: str) -> Upscaler:
    """Load an upscaler from one safetensors file.

    Raises:
        MissingLibraryError: spandrel is not installed; the message says how to install it.
        ModelRefusedError: a pickle, broken, of no architecture that spandrel knows, or no upscaler.
    """
    import torch

    what = f"upscaler {path.stem!r}"
    weights = {}
    for name, value in read_tensors(path, what):
        if name.endswith((".weight", ".bias")):
            refuse_whole_numbers(value, what, name)
        weights[name] = value.float() if value.is_floating_point() else value
    spandrel = _import_spandrel()
    advice = "; spandrel does not know its architecture"
    with opening(what, advice), warnings.catch_warnings():
        # A warning for authors of architectures, which would be printed into the user's cell.
        warnings.filterwarnings("ignore", message="torch.meshgrid")
        try:
            found = spandrel.ModelLoader(torch.device(device)).load_from_state_dict(weights)
        except spandrel.UnsupportedModelError as error:
            message = f"{what} is of no architecture that spandrel knows"
            raise ModelRefusedError(message) from error
    if not isinstance(found, spandrel.ImageModelDescriptor) or found.purpose == "FaceSR":
        message = f"{what} is made for {_PURPOSES.get(found.purpose, found.purpose)}"
        raise ModelRefusedError(message)
    if found.input_channels != 3 or found.output_channels != 3 or found.scale < 1:
        message = f"{what} does not make an RGB picture from an RGB picture"
        raise ModelRefusedError(message)
    found.to(torch.device(device)).eval()
    is_whole = found.tiling == spandrel.ModelTiling.INTERNAL
    return Upscaler(found.model, int(found.scale), device, call=found, is_whole=is_whole)


def _import_spandrel() -> Any:
    with _importing_without_torchvision():
        return require("spandrel")


@contextmanager
def _importing_without_torchvision() -> Iterator[None]:
    """Let `import spandrel` pass without torchvision; the stand-ins are removed afterwards."""
    if "spandrel" in sys.modules or importlib.util.find_spec("torchvision") is not None:
        yield
        return
    names = ("torchvision", "torchvision.transforms", "torchvision.transforms.functional")
    stand_ins = {name: ModuleType(name) for name in names}
    for name, stand_in in stand_ins.items():
        stand_in.__spec__ = ModuleSpec(name, None)
    functional: Any = stand_ins[names[-1]]
    functional.InterpolationMode = functional.rotate = functional.normalize = None
    sys.modules.update(stand_ins)
    try:
        yield
    finally:
        for name in names:
            sys.modules.pop(name, None)
