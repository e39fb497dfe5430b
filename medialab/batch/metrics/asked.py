"""The metrics that are asked for: their names, with the references and models that they need."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from medialab.batch.metrics import METRICS
from medialab.errors import ConfigError, MediaLabError, ModelNotFoundError, listed, shown
from medialab.listing.info import ModelInfo
from medialab.loading.detectors import backend_of


class Registry(Protocol):
    """What metrics need of a model registry."""

    def models(self, kind: str | None = None) -> list[ModelInfo]:
        """See `ModelRegistry.models`."""

    def load(self, info: ModelInfo) -> Any:
        """See `ModelRegistry.load`."""


@dataclass(frozen=True)
class Asked:
    """A metric that is asked for.

    Attributes:
        name: Its name, in `METRICS`.
        reference: The reference's name in the batch's store of pictures; "" for none.
        model: The model's name; "" for none.
    """

    name: str
    reference: str = ""
    model: str = ""

    @property
    def key(self) -> str:
        """A name under which its values are kept: another reference or model gives other values."""
        return " ".join(filter(None, (self.name, self.reference, self.model)))


def read_metrics(asked: Any, keep: Callable[[Any], str], registry: Registry) -> list[Asked]:
    """Return the metrics that a person asks for.

    Args:
        asked: A name or a list of names; one that needs a reference is a mapping of its name to
            the picture, or its file's path: `["sharpness", {"difference": "car.png"}]`.
        keep: Takes a reference, a picture or its file's path, and returns its name.
        registry: The models.

    Raises:
        ConfigError: no such metric, or it needs a reference, or takes none.
        ModelNotFoundError: no model that it needs is in models/detectors.
        PictureError: a reference cannot be read.
    """
    found: dict[str, Asked] = {}
    for name, given in _pairs(asked):
        if name not in METRICS:
            message = f"there is no metric {shown(name)}; {listed(str(name), METRICS)}"
            raise ConfigError(message).about("metrics", METRICS)
        metric = METRICS[name]
        if metric.takes_reference != (given is not None):
            example = f"{{{name!r}: 'picture.png'}}" if metric.takes_reference else repr(name)
            message = f"metrics: write {example}, since {name} "
            message += "compares with a picture" if metric.takes_reference else "needs no more"
            raise ConfigError(message).about("metrics")
        reference = "" if given is None else keep(given)
        found[name] = Asked(name, reference, _model(name, metric.scorer, registry))
    return [*found.values()]


def scorer_of(asked: Asked, registry: Registry) -> Any:
    """Return the loaded model of a metric; None if it needs none.

    Raises:
        ModelNotFoundError: it is no longer there.
        ModelRefusedError: it cannot be used.
    """
    role = METRICS[asked.name].scorer
    if role is None:
        return None
    infos = _scorers(role, registry)
    info = next((one for one in infos if one.name == asked.model), None)
    if info is None:
        raise ModelNotFoundError.among(
            asked.model, "model", "models/detectors", [one.name for one in infos]
        )
    return registry.load(info)


def _pairs(asked: Any) -> list[tuple[Any, Any]]:
    """Return names with their references, or None."""
    if isinstance(asked, str):
        return [(asked, None)]
    if isinstance(asked, Mapping):
        return [*asked.items()]
    if not isinstance(asked, Sequence):
        message = f"metrics={shown(asked)}: give a list of names; known: {', '.join(METRICS)}"
        raise ConfigError(message).about("metrics", METRICS)
    return [pair for one in asked for pair in ([(one, None)] if _is_name(one) else _pairs(one))]


def _is_name(value: Any) -> bool:
    return not isinstance(value, (Mapping, list, tuple))


def _model(name: str, role: type | None, registry: Registry) -> str:
    if role is None:
        return ""
    for info in _scorers(role, registry):
        return info.name
    message = (
        f"the metric {name} needs a model, and there is none in models/detectors: put a "
        f"transformers folder for {_TITLES[name]} there, with its weights as safetensors"
    )
    raise ModelNotFoundError(message).about("metrics")


_TITLES = {
    "clip_score": "CLIP (CLIPModel, such as clip-vit-base-patch32)",
    "aesthetic_score": 'image classification with a label "aesthetic"',
}


def _scorers(role: type, registry: Registry) -> list[ModelInfo]:
    found = []
    for info in registry.models("detector"):
        try:
            if backend_of(info).role is role:
                found.append(info)
        except MediaLabError:  # it is none that can be opened
            continue
    return found
