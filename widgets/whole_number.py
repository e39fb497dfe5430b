"""A number input for 64-bit integers: text in the browser, an int in Python.

JavaScript's numbers are exact only up to 2^53, but a seed has 64 bits, and a seed that is off by
one gives another picture.
"""

from typing import Any

import ipywidgets as ipw
import traitlets

# The largest integer that JavaScript represents exactly.
LARGEST_IN_A_PAGE = 2**53 - 1


def _to_page(value: int, _widget: Any) -> str:
    return str(value)


def _from_page(text: Any, widget: "WholeNumber") -> int:
    """Return the number in a text; any other text is undone in the page."""
    try:
        value = int(str(text).strip())
    except ValueError:
        value = widget.value
    value = min(max(value, widget.min), widget.max)
    if value == widget.value and str(value) != text:  # no change, so nothing would be sent
        widget.send_state("value")
    return value


class WholeNumber(ipw.Text):
    """A text field whose `value` is an int, clipped to the range from `min` to `max`."""

    value = traitlets.Int(0).tag(sync=True, to_json=_to_page, from_json=_from_page)
    min = traitlets.Int(0)
    max = traitlets.Int(0)

    def __init__(self, value: int, min: int, max: int, **settings: Any) -> None:  # noqa: A002 - ipywidgets' names
        super().__init__(min=min, max=max, **settings)
        self.value = value

    @traitlets.validate("value")
    def _within_limits(self, proposal: traitlets.Bunch) -> int:
        return int(min(max(proposal["value"], self.min), self.max))
