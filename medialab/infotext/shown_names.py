"""A1111's names of upscalers, schedules and models, and ours for them."""

import re

from medialab.config.resolved import ResolvedConfig

_HASHED = re.compile(r"(.+?) \[\w+\]")
SHOWN_SCHEDULES = {"sgm uniform": "SGM Uniform", "ddim": "DDIM"}
_SHOWN_UPSCALERS = {
    "none": "None",
    "latent": "Latent",
    "latent nearest": "Latent (nearest)",
    "latent bicubic": "Latent (bicubic)",
    "lanczos": "Lanczos",
    "nearest": "Nearest",
    "bicubic": "Bicubic",
}
_UPSCALERS = {shown.casefold(): name for name, shown in _SHOWN_UPSCALERS.items() if name != "none"}


def shown_upscaler(name: str) -> str:
    """Return A1111's name of an upscaler."""
    return _SHOWN_UPSCALERS.get(name, name)


def schedule(name: str) -> str:
    """Return A1111's name of a schedule."""
    return SHOWN_SCHEDULES.get(name, name.title())


def plain_name(value: str) -> str:
    """Return a model's name without the hash that A1111 appends."""
    match = _HASHED.fullmatch(value)
    return match[1] if match else value


def with_hash(config: ResolvedConfig, kind: str, name: str) -> str:
    """Return a model's name with its hash, as A1111 writes it."""
    sha256 = config.sha256_of(kind, name)
    return f"{name} [{sha256[:10]}]" if sha256 else name


def read_upscaler(value: str) -> str:
    """Return our upscaler for A1111's name of it; a model's name stays."""
    return _UPSCALERS.get(value.casefold(), value)
