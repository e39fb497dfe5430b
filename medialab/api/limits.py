"""What a client of the server may ask for."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from medialab.config.pipeline import PipelineConfig
from medialab.errors import ConfigError


@dataclass(frozen=True)
class Limits:
    """The limits of a server.

    Attributes:
        most_waiting: Jobs of one client that may wait at a time.
        most_steps: Of any one stage.
        most_pixels: Of a picture, as it is drawn and as it is enlarged.
        most_pictures: Of one request.
        most_rows: Pictures of one batch.
    """

    most_waiting: int = 100
    most_steps: int = 150
    most_pixels: int = 4096 * 4096
    most_pictures: int = 16
    most_rows: int = 1000

    def check(self, config: PipelineConfig) -> None:
        """Refuse a request that asks for too much.

        Raises:
            ConfigError: it does; the message names the setting and the limit.
        """
        for name, steps in _named("steps", config):
            if steps > self.most_steps:
                raise _too_much(name, steps, self.most_steps, "steps")
        if config.batch_size > self.most_pictures:
            raise _too_much("batch_size", config.batch_size, self.most_pictures, "pictures")
        width, height = config.width or 0, config.height or 0
        if width * height > self.most_pixels:
            raise _too_much("width", width * height, self.most_pixels, "pixels")


def _named(name: str, model: BaseModel, inside: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each number of that name in a request, with its path."""
    for field in type(model).model_fields:
        value = getattr(model, field)
        path = f"{inside}{field}"
        if field == name and isinstance(value, int):
            yield path, value
        elif isinstance(value, BaseModel):
            yield from _named(name, value, f"{path}.")


def _too_much(setting: str, value: int, most: int, unit: str) -> ConfigError:
    message = f"{setting}: {value:,} {unit} are more than this server makes; at most {most:,}"
    return ConfigError(message).about(setting)
