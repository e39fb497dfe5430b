"""What a client of the server may ask for."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from medialab.batch.sweep import Sweep
from medialab.config.pipeline import PipelineConfig
from medialab.errors import ConfigError
from medialab.stage import StageSize


@dataclass(frozen=True)
class Limits:
    """The limits of a server.

    Attributes:
        most_waiting: Jobs of one client that may wait at a time.
        most_steps: Of any one stage.
        most_pixels: Of a picture, as it is drawn and as it is enlarged.
        most_pictures: Of one request.
        most_rows: Pictures of one batch.
        most_wait: Seconds for which a request waits for its job.
    """

    most_waiting: int = 100
    most_steps: int = 150
    most_pixels: int = 4096 * 4096
    most_pictures: int = 16
    most_rows: int = 1000
    most_wait: float = 600

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
        pixels = (config.width or 0) * (config.height or 0)
        if pixels > self.most_pixels:
            raise _too_much("width", pixels, self.most_pixels, "pixels")

    def check_sizes(self, sizes: Iterable[StageSize]) -> None:
        """Refuse a picture that is too large as it is drawn, or as it is enlarged.

        Args:
            sizes: Those of its stages.

        Raises:
            ConfigError: it is.
        """
        for one in sizes:
            pixels = one.size[0] * one.size[1]
            if pixels > self.most_pixels:
                raise _too_much(one.setting, pixels, self.most_pixels, "pixels")

    def check_batch(self, sweep: Sweep) -> None:
        """Refuse a batch of too many pictures.

        Raises:
            ConfigError: it has too many pictures; each of them is checked by `check`.
        """
        if len(sweep) > self.most_rows:
            raise _too_much("axes", len(sweep), self.most_rows, "pictures")


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
