"""ComfyUI: the settings of the branch of its graph that made the saved picture."""

from medialab.infotext.programs.comfyui.program import COMFYUI

__all__ = ["COMFYUI"]
