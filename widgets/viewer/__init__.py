"""The picture in the middle."""

from widgets.viewer.viewer import Viewer, picture_size

__all__ = ["Viewer", "picture_size"]
