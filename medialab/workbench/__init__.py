"""The workbench, through which all is reached."""

from medialab.workbench.bench import Workbench

__all__ = ["Workbench"]
