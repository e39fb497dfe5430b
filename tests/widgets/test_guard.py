"""Nothing fails in silence behind a button."""

from medialab.errors import ConfigError
from widgets.guard import guarded


def test_an_error_is_handed_on_with_its_traceback():
    shown = []

    def press():
        message = "no such thing"
        raise ConfigError(message)

    guarded(press, lambda error, trace: shown.append((error, trace)))()
    ((error, trace),) = shown
    assert isinstance(error, ConfigError)
    assert "in press" in trace


def test_a_callback_that_succeeds_shows_nothing():
    shown, pressed = [], []
    guarded(pressed.append, lambda *failure: shown.append(failure))("button")
    assert (shown, pressed) == ([], ["button"])
