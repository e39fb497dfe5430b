"""Pictures on disk: each with its sidecar, both or neither, and found again through an index."""

from medialab.artifacts.days import LeftOut
from medialab.artifacts.manager import ArtifactManager
from medialab.artifacts.query import Choices, Query
from medialab.artifacts.reading import SettingsReader
from medialab.artifacts.sidecar import Artifact, Sidecar

__all__ = [
    "Artifact",
    "ArtifactManager",
    "Choices",
    "LeftOut",
    "Query",
    "SettingsReader",
    "Sidecar",
]
