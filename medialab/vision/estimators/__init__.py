"""Estimators: what a model tells of a picture, drawn for a ControlNet.

One line a preprocessor with a model: its name in settings, and its class, which tells the rest.
"""

from collections.abc import Mapping

from medialab.vision.estimators.depth import DepthEstimator
from medialab.vision.estimators.poses import PoseEstimator
from medialab.vision.roles import Estimator

ESTIMATORS: Mapping[str, type[Estimator]] = {
    "depth": DepthEstimator,
    "pose": PoseEstimator,
}
