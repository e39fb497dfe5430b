"""The text area of a prompt."""

from widgets.prompt_editor.prompt_editor import PromptEditor

__all__ = ["PromptEditor"]
