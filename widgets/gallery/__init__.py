"""The history as a grid of thumbnails."""

from widgets.gallery.gallery import Entry, Gallery

__all__ = ["Entry", "Gallery"]
