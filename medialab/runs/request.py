"""A request to an executor: plain values, which another process can read."""

import json
from dataclasses import dataclass
from typing import Any

from medialab.config.pipeline import PipelineConfig
from medialab.config.resolved import ResolvedConfig
from medialab.errors import ConfigError


@dataclass(frozen=True)
class Request:
    """A request to make pictures.

    Args:
        config: as asked for, or resolved: then it leaves no choice to the executor.
        save: whether pictures become artifacts.
        anew_from: the name of a stage; its cached result and all later ones are not used.
        keeps_interrupted: whether a cancelled picture is saved as far as it was made.
        threads: CPU threads to compute with; None: those of a resolved config, else the machine's.
        duplicates: whether a picture that is on the disk already is written once more.
        beside: pictures that are asked for besides, and are denoised at once with this one; they
            are made as far as that, in the cache.

    Raises:
        ConfigError: a picture of `beside` has no place of its own among those of `config`.
    """

    config: PipelineConfig
    save: bool = True
    anew_from: str | None = None
    keeps_interrupted: bool = False
    threads: int | None = None
    duplicates: bool = False
    beside: tuple[ResolvedConfig, ...] = ()

    def __post_init__(self) -> None:
        every = (self.config, *self.beside)
        together = [one.together for one in every if isinstance(one, ResolvedConfig)]
        places = {(one.pictures, one.place) for one in together if one is not None}
        are_single = all(one.batch_size == 1 for one in every)
        are_one_batch = len({pictures for pictures, _ in places}) == 1
        if self.beside and not (are_single and are_one_batch and len(places) == len(every)):
            told = ", ".join(
                f"{one.place} of {one.pictures}" if one else "none" for one in together
            )
            message = (
                "beside: pictures that are denoised at once are resolved single pictures with "
                f"different places in `together`, of the same number; these have {told}"
            )
            raise ConfigError(message)

    def as_json(self) -> str:
        """Return the request as one line of JSON for `from_json`."""
        plain: dict[str, Any] = {name: getattr(self, name) for name in _OPTIONS}
        plain["duplicates"] = self.duplicates
        plain["resolved"] = isinstance(self.config, ResolvedConfig)
        plain["config"] = self.config.model_dump(mode="json")
        if self.beside:
            plain["beside"] = [one.model_dump(mode="json") for one in self.beside]
        return json.dumps(plain)

    @classmethod
    def from_json(cls, text: str) -> "Request":
        """Return the request that `as_json` wrote.

        Raises:
            ConfigError: the text is not a valid request.
        """
        try:
            plain = json.loads(text)
            kind = ResolvedConfig if plain["resolved"] else PipelineConfig
            config, options = plain["config"], {name: plain[name] for name in _OPTIONS}
            options["duplicates"] = plain.get("duplicates", False)
            beside = [*plain.get("beside", ())]
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            message = f"this is no request that Request.as_json wrote: {error}"
            raise ConfigError(message) from error
        options["beside"] = tuple(ResolvedConfig.parse(one) for one in beside)
        return cls(kind.parse(config), **options)


_OPTIONS = ("save", "anew_from", "keeps_interrupted", "threads")
