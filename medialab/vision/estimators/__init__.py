"""Estimators: what a model tells of a picture, drawn for a ControlNet.

One line a preprocessor with a model: its name in settings, and its class, which tells the rest.
"""

from collections.abc import Mapping

from medialab.errors import ConfigError
from medialab.vision.estimators.depth import DepthEstimator
from medialab.vision.estimators.poses import PoseEstimator
from medialab.vision.roles import Estimator

ESTIMATORS: Mapping[str, type[Estimator]] = {
    "depth": DepthEstimator,
    "pose": PoseEstimator,
}


def of_another_kind(preprocessor: str, model: str) -> ConfigError:
    """Return the error for a model of that name that does not do what a preprocessor needs."""
    message = (
        f"preprocessor {preprocessor!r} needs a model that {ESTIMATORS[preprocessor].needs}; "
        f"{model!r} is of another kind"
    )
    return ConfigError(message)
