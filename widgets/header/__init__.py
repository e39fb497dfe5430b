"""The header of the studio."""

from widgets.header.header import Header

__all__ = ["Header"]
