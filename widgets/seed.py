"""The seed input: a number, a button for random seeds, and a button for the last seed."""

import ipywidgets as ipw

from medialab import PipelineConfig
from medialab.settings.fields import RANDOM_SEED
from widgets.button import make_button
from widgets.guard import Show
from widgets.input_context import InputContext
from widgets.inputs import make_input
from widgets.shapes import shapes_of


class SeedInput(ipw.HBox):
    """The input of the setting `seed`; its value is that of `number`."""

    def __init__(self, context: InputContext, show_error: Show) -> None:
        self._last = RANDOM_SEED
        self.number = make_input(shapes_of(PipelineConfig)["seed"], context)
        self.number.description = f"Seed ({RANDOM_SEED}: random)"
        self._dice = make_button(
            "dice",
            self.use_random,
            show_error,
            icon="dice",
            tooltip="Use a new random seed for every picture",
        )
        self._use_last = make_button(
            "last-seed",
            self.use_last,
            show_error,
            icon="history",
            tooltip="Use last seed: that of the picture shown",
        )
        self._use_last.disabled = True
        super().__init__([self.number, self._dice, self._use_last])
        self.add_class("mls-seed-row")

    @property
    def last(self) -> int:
        """The seed of the last finished picture, or -1 before the first."""
        return self._last

    def remember(self, seed: int) -> None:
        """Store the seed of a finished picture for `use_last`."""
        self._last = seed
        self._use_last.disabled = False

    def fix(self) -> None:
        """Make the seed fixed: a random one becomes the last picture's."""
        if self.number.value == RANDOM_SEED and self._last != RANDOM_SEED:
            self.use_last()

    def use_random(self) -> None:
        """Use a new random seed for every picture."""
        self.number.value = RANDOM_SEED

    def use_last(self) -> None:
        """Set the seed of the last finished picture."""
        self.number.value = self._last
