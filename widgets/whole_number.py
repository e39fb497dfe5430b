"""A whole number larger than a page can count to: written as text, a number in Python.

JavaScript's numbers are exact up to 2^53; a seed has 64 bits, and one digit off is another picture.
"""

from typing import Any

import ipywidgets as ipw
import traitlets

# The largest whole number that a page keeps exactly.
LARGEST_IN_A_PAGE = 2**53 - 1


def _to_page(value: int, _widget: Any) -> str:
    return str(value)


def _from_page(text: Any, widget: "WholeNumber") -> int:
    """Return the number in a text; what is none leaves the value, and the page shows it again."""
    try:
        value = int(str(text).strip())
    except ValueError:
        value = widget.value
    value = min(max(value, widget.min), widget.max)
    if value == widget.value and str(value) != text:  # no change, so nothing would be sent
        widget.send_state("value")
    return value


class WholeNumber(ipw.Text):
    """A text field whose `value` is an int from `min` to `max`; others are held to these."""

    value = traitlets.Int(0).tag(sync=True, to_json=_to_page, from_json=_from_page)
    min = traitlets.Int(0)
    max = traitlets.Int(0)

    def __init__(self, value: int, min: int, max: int, **settings: Any) -> None:  # noqa: A002 - ipywidgets' names
        super().__init__(min=min, max=max, **settings)
        self.value = value

    @traitlets.validate("value")
    def _within_limits(self, proposal: traitlets.Bunch) -> int:
        return int(min(max(proposal["value"], self.min), self.max))
