"""A search in sources of models on the network, and the list of downloads."""

from widgets.model_finder.model_finder import (
    Filter,
    Found,
    FoundFile,
    FoundModel,
    FoundVersion,
    ModelFinder,
)

__all__ = ["Filter", "Found", "FoundFile", "FoundModel", "FoundVersion", "ModelFinder"]
