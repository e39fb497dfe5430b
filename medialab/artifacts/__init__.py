"""Pictures on disk: each saved together with its sidecar, and found through an index."""

from medialab.artifacts.days import LeftOut
from medialab.artifacts.differences import Difference
from medialab.artifacts.manager import ArtifactManager
from medialab.artifacts.query import Choices, Query
from medialab.artifacts.reading import SettingsReader
from medialab.artifacts.sidecar import Artifact, Sidecar

__all__ = [
    "Artifact",
    "ArtifactManager",
    "Choices",
    "Difference",
    "LeftOut",
    "Query",
    "SettingsReader",
    "Sidecar",
]
