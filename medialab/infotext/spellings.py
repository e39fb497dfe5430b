"""A1111's keys, and how other programs spell them."""

from collections.abc import Mapping

STORED = "Diffusion in Low Bits"  # Forge's item of how the denoiser's weights are stored
# A1111's keys as it writes them.
_KEYS = (
    *("Steps", "Sampler", "Schedule type", "CFG scale", "Seed", "Size", "Model hash", "Model"),
    *("VAE hash", "VAE", "Variation seed", "Variation seed strength", "Denoising strength"),
    *("Clip skip", "Emphasis", "Sharpen", "Version", "User", "Lora hashes", "TI hashes", "Hashes"),
    *("Hires checkpoint", "Hires sampler", "Hires prompt", "Hires negative prompt"),
    *("Hires CFG Scale", "Hires schedule type", "Hires upscale", "Hires resize", "Hires steps"),
    *("Hires upscaler", "Refiner", "Refiner switch at", "Mask mode", "Mask blur", "Inpaint area"),
    *("Masked area padding", "Masked content", "First pass size", "Width", "Height", "RNG", "ENSD"),
    *("Face restoration", "Image CFG scale", "Eta", "Tiling", "Hypernet", "Hypernet strength"),
    *(STORED, "FP8 weight"),
)
# Other programs' names for them, in lower case and with single spaces.
_SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "Steps": ("sampling steps", "num inference steps"),
    "Sampler": ("sampling method", "sampler name", "sampler index"),
    "Schedule type": ("scheduler", "schedule", "sampler scheduler"),
    "CFG scale": ("cfg", "cfgscale", "guidance", "guidance scale"),
    "Size": ("resolution", "image size", "dimensions"),
    "Model": ("checkpoint", "model name", "base model name", "sd checkpoint"),
    "VAE": ("sd vae", "vae name", "vae model"),
    "Variation seed": ("subseed",),
    "Variation seed strength": ("subseed strength",),
    "Denoising strength": ("denoising", "denoise", "denoise strength", "strength"),
    "Clip skip": ("clipskip",),
    "Hires upscale": ("hires scale", "hires upscale by"),
    "Hires sampler": ("hires sampler name",),
    "Refiner switch at": ("refiner switch",),
}
_CANONICAL: Mapping[str, str] = {key.casefold(): key for key in _KEYS} | {
    other: key for key, others in _SYNONYMS.items() for other in others
}


def canonical(key: str) -> str:
    """Return A1111's key for another spelling of it; an unknown key unchanged."""
    return _CANONICAL.get(_plain(key), key.strip())


def is_known(key: str) -> bool:
    """Return whether a key, however it is spelt, is one of A1111's own."""
    return _plain(key) in _CANONICAL


def _plain(key: str) -> str:
    """Return a key in lower case, its words separated by single spaces."""
    return " ".join(key.replace("_", " ").split()).casefold()
