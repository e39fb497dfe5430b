"""The end of a page, and of its kernel."""

from widgets.page_end.page_end import PageEnd

__all__ = ["PageEnd"]
