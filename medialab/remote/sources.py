"""The sources that there are, by name."""

from collections.abc import Mapping
from typing import Any

from medialab.errors import ConfigError, listed, shown
from medialab.remote.civitai import CivitAI
from medialab.remote.huggingface import HuggingFace
from medialab.remote.source import RemoteSource

# A source is one line here.
_CLASSES: tuple[type[RemoteSource], ...] = (CivitAI, HuggingFace)
SOURCES: Mapping[str, type[RemoteSource]] = {one.name: one for one in _CLASSES}


def open_source(name: str, **settings: Any) -> RemoteSource:
    """Return a source by its name; nothing is sent.

    Args:
        name: The source's name.
        settings: What the source's class takes, such as `base_url`.

    Raises:
        ConfigError: there is no such source.
    """
    if name not in SOURCES:
        message = f"no source {shown(name)}; {listed(name, SOURCES)}"
        raise ConfigError(message).about("source", SOURCES)
    return SOURCES[name](**settings)
