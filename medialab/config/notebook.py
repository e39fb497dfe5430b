"""Reading the settings in a notebook's parameters cell."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from medialab.settings.validation import read_json_texts, refuse_numbers_for_text

_PLAIN = (str, int, float, bool, list, dict, type(None))
_OF_IPYTHON = frozenset({"In", "Out"})


def settings_in(namespace: Mapping[str, Any], model: type[BaseModel]) -> dict[str, Any]:
    """Return the settings among a notebook's `globals()`.

    papermill does not check parameters: a misspelt `-p stepz 3` would be ignored. So every plain
    value counts as a setting; modules, functions and IPython's own names are ignored. Text in place
    of a list or of a stage's settings is parsed as JSON.

    Args:
        namespace: The notebook's `globals()`, straight after its parameters cell.
        model: The config model whose settings they are.

    Raises:
        ConfigError: there is a number in place of text, or a text is not valid JSON.
    """
    settings = {
        name: value
        for name, value in namespace.items()
        if isinstance(value, _PLAIN) and not name.startswith("_") and name not in _OF_IPYTHON
    }
    refuse_numbers_for_text(settings, model)
    return read_json_texts(settings, model)
