"""Refuse ControlNet units whose other models cannot prepare a control picture."""

from collections.abc import Mapping, Sequence

from medialab.listing.info import ModelInfo
from medialab.loading.detectors import backend_of
from medialab.settings.control_units import ControlUnit
from medialab.stage import Model
from medialab.vision.estimators import ESTIMATORS, of_another_kind
from medialab.vision.roles import Finder, finds_no_parts


def check_units(units: Sequence[ControlUnit], found: Mapping[Model, ModelInfo]) -> None:
    """Refuse models that do not estimate what a unit's preprocessor needs, or find no people.

    Args:
        units: of one stage; those without effect, or whose preprocessor needs no model, are
            skipped.
        found: the listing of the stage's models; models that are not in it are skipped.

    Raises:
        ConfigError: `preprocessor_model` is no estimator of that kind.
        ModelRefusedError: `people_model` finds no parts, or nothing here opens a model.
    """
    for unit in units:
        if not unit.counts or unit.preprocessor not in ESTIMATORS:
            continue
        estimator = ESTIMATORS[unit.preprocessor]
        info = found.get(Model("detector", unit.preprocessor_model or ""))
        if info is not None and not issubclass(backend_of(info).role, estimator):
            raise of_another_kind(unit.preprocessor, info.name)
        finder = found.get(Model("detector", unit.people_model or ""))
        if finder is not None and estimator.looks_at and backend_of(finder).role is not Finder:
            raise finds_no_parts(finder.name)
