"""The foot of the canvas: status, progress, caption, queue and the stages that ran."""

from widgets.foot.foot import Foot

__all__ = ["Foot"]
