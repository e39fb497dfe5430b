"""The history as a grid of thumbnails, with its search, its filters and what can be done."""

from widgets.gallery.gallery import Entry, Filters, Gallery, Notice
from widgets.gallery.transfers import Parcel

__all__ = ["Entry", "Filters", "Gallery", "Notice", "Parcel"]
