"""The picture on the canvas."""

from widgets.viewer.pictures import picture_size
from widgets.viewer.tiles import Tile
from widgets.viewer.viewer import Viewer

__all__ = ["Tile", "Viewer", "picture_size"]
