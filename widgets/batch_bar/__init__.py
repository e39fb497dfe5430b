"""The line of a batch below its grid: how far it is, and what can be done with it."""

from widgets.batch_bar.batch_bar import BatchBar

__all__ = ["BatchBar"]
