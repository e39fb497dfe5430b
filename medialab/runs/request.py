"""A request as an executor takes it: plain values, so that another process can read it."""

import json
from dataclasses import dataclass
from typing import Any

from medialab.config.pipeline import PipelineConfig
from medialab.config.resolved import ResolvedConfig
from medialab.errors import ConfigError


@dataclass(frozen=True)
class Request:
    """What to make, and how.

    Args:
        config: as asked for, or resolved: then nothing of it is left to who makes it.
        save: whether pictures become artifacts.
        anew_from: the stage from which on nothing cached is used.
        keeps_interrupted: whether a cancelled picture is saved as far as it was.
        threads: CPU threads to compute with; None: those of a resolved config, else the machine's.
    """

    config: PipelineConfig
    save: bool = True
    anew_from: str | None = None
    keeps_interrupted: bool = False
    threads: int | None = None

    def as_json(self) -> str:
        """Return it as one line of JSON, as `from_json` reads it."""
        plain: dict[str, Any] = {name: getattr(self, name) for name in _OPTIONS}
        plain["resolved"] = isinstance(self.config, ResolvedConfig)
        plain["config"] = self.config.model_dump(mode="json")
        return json.dumps(plain)

    @classmethod
    def from_json(cls, text: str) -> "Request":
        """Return the request that `as_json` wrote.

        Raises:
            ConfigError: the text is none.
        """
        try:
            plain = json.loads(text)
            kind = ResolvedConfig if plain["resolved"] else PipelineConfig
            config, options = plain["config"], {name: plain[name] for name in _OPTIONS}
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            message = f"this is no request that Request.as_json wrote: {error}"
            raise ConfigError(message) from error
        return cls(kind.parse(config), **options)


_OPTIONS = ("save", "anew_from", "keeps_interrupted", "threads")
