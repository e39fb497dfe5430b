"""The settings of the shown picture as a table, and what differs from others."""

from widgets.details.details import Details, Group, Row

__all__ = ["Details", "Group", "Row"]
