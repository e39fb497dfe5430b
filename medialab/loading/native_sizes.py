"""The size that a checkpoint was trained at, known before it is loaded."""

from pathlib import Path

from medialab.errors import ModelRefusedError
from medialab.families import DENOISER_PARTS, RUNNING
from medialab.families.vaes import MOST_LEVELS, size_told
from medialab.listing.folders import read_config
from medialab.listing.info import ModelInfo
from medialab.listing.unchanged import unchanged


def native_size(info: ModelInfo) -> int:
    """Return the side in pixels that a checkpoint was trained at, from its configs or its family.

    Raises:
        ModelRefusedError: neither has it.
    """
    if info.path.is_dir() and (size := _size_now(info.path)):
        return size
    family = RUNNING.get(info.family)
    if family and (side := family.native_size(info.prediction_type)):
        return side
    message = f"the native size of {info.kind} {info.name!r} is not known; set width and height"
    raise ModelRefusedError(message)


def _size_now(folder: Path) -> int | None:
    """Return the size that a folder's configs tell; they are read again if one has changed."""
    configs = [folder / part / "config.json" for part in (*DENOISER_PARTS, "vae")]
    return unchanged(_configured_size, folder, configs)


def _configured_size(folder: Path) -> int | None:
    """Return the latents' side times the VAE's reduction, which halves once between two levels.

    Transformers' configs often have no side; then the VAE's is used, if it tells one.
    """
    vae = folder / "vae" / "config.json"
    for part in DENOISER_PARTS:
        config = folder / part / "config.json"
        if config.is_file() and vae.is_file():
            latents, of_vae = read_config(config).get("sample_size"), read_config(vae)
            if latents is None:
                return size_told(of_vae)
            levels = of_vae.get("block_out_channels")
            if not isinstance(latents, int) or not isinstance(levels, list):
                return None
            if len(levels) <= MOST_LEVELS:
                return int(latents * 2 ** (len(levels) - 1))
    return None
