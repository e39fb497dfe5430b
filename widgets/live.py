"""Live: each change of a setting is shown at once; only the affected stages run."""

from collections.abc import Callable

import ipywidgets as ipw

from medialab import PipelineConfig
from widgets.form import Form
from widgets.guard import Show, guarded
from widgets.session import Session

_TOOLTIP = "Show each change at once. Only the stages it affects run; nothing is saved"


class Live:
    """A switch; while it is on, each change of the form requests a new picture.

    A random seed would change every stage each time, so switching on keeps the last seed.

    Args:
        form: the form to follow.
        session: takes the requests.
        config: reads the form.
        show_error: shows an error of a callback.
    """

    def __init__(
        self,
        form: Form,
        session: Session,
        config: Callable[[], PipelineConfig],
        show_error: Show,
    ) -> None:
        self._form, self._session, self._config = form, session, config
        self.switch = ipw.ToggleButton(value=False, description="Live", tooltip=_TOOLTIP)
        self.switch.icon = "bolt"
        self.switch.add_class("mls-button")
        self.switch.add_class("mls-live")
        self.switch.observe(guarded(lambda _: self._switched(), show_error), "value")

    @property
    def is_on(self) -> bool:
        """Whether Live is switched on."""
        return bool(self.switch.value)

    def settings_changed(self) -> None:
        """Request a picture from the present settings, in place of the previous live request.

        Raises:
            ConfigError: a setting is invalid; the previous live request goes on.
        """
        if self._lacks_mask():
            return
        config = self._config()
        if config.batch_size > 1:
            config = config.changed(batch_size=1)
        self._session.submit_live(config)

    def _switched(self) -> None:
        if self.is_on:
            self._form.hold_seed()
            self.settings_changed()

    def _lacks_mask(self) -> bool:
        """Return whether a part is to be repainted that no mask says yet."""
        return self._form.mode == "inpaint" and self._form.value("inpaint.mask") is None
