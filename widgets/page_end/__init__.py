"""Ending the kernel when its page is closed."""

from widgets.page_end.page_end import PageEnd

__all__ = ["PageEnd"]
