"""The handle between two panels."""

from widgets.splitter.splitter import Splitter

__all__ = ["Splitter"]
