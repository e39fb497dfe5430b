"""Reading the settings in a notebook's parameters cell."""

from collections.abc import Collection, Mapping
from numbers import Number
from typing import Any

from pydantic import BaseModel

from medialab.errors import ConfigError, near
from medialab.settings.validation import read_json_texts, refuse_numbers_for_text

_PLAIN = (str, int, float, bool, list, dict, type(None))
# Other values, of which those count that are named like a setting.
_OTHERS = (tuple, set, frozenset, Number, BaseModel)
_OF_IPYTHON = frozenset({"In", "Out"})


def settings_in(
    namespace: Mapping[str, Any], model: type[BaseModel], own: Collection[str] = ()
) -> dict[str, Any]:
    """Return the settings among a notebook's `globals()`.

    papermill does not check parameters: a misspelt `-p stepz 3` would be ignored. So every plain
    value counts as a setting; modules, functions and IPython's own names are ignored. Of tuples,
    numpy's numbers and a stage's settings those count that are named like a setting. Text in place
    of a list or of a stage's settings is parsed as JSON.

    Args:
        namespace: The notebook's `globals()`, straight after its parameters cell.
        model: The config model whose settings they are.
        own: Parameters of the notebook that are no settings, or the name of one; they are left
            out.

    Raises:
        ConfigError: there is a number in place of text, a text is not valid JSON, or the notebook
            has parameters of its own and a name is none of them and no setting.
    """
    own = [own] if isinstance(own, str) else own
    found = plain_values(namespace, model.model_fields)
    settings = {name: value for name, value in found.items() if name not in own}
    if own:
        refuse_unknown(settings, [*own, *model.model_fields])
    refuse_numbers_for_text(settings, model)
    return read_json_texts(settings, model)


def plain_values(namespace: Mapping[str, Any], known: Collection[str]) -> dict[str, Any]:
    """Return a notebook's parameters: the plain values among its `globals()`.

    Args:
        namespace: The notebook's `globals()`.
        known: Names of parameters, which count with other values, too.
    """
    return {
        name: value
        for name, value in namespace.items()
        if not name.startswith("_") and name not in _OF_IPYTHON
        if isinstance(value, _PLAIN) or (name in known and isinstance(value, _OTHERS))
    }


def refuse_unknown(settings: Mapping[str, Any], known: Collection[str]) -> None:
    """Refuse a name that is neither a setting nor one of the notebook's own parameters.

    Raises:
        ConfigError: there is one; the message has the nearest known name.
    """
    for name in settings:
        if name not in known:
            message = f"there is no parameter {name!r} in this notebook{near(name, known) or '.'}"
            raise ConfigError(message)
