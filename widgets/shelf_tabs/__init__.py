"""The tabs of the shelf."""

from widgets.shelf_tabs.shelf_tabs import ShelfTabs

__all__ = ["ShelfTabs"]
