"""Access tokens: from the environment or the system's keyring, and shown nowhere.

A token is a person's right to download. It is sent in a header, and never written: not to a file, a
log, a notebook, an error, an address or a command line.
"""

import os
from collections.abc import Sequence
from typing import NoReturn

from medialab.errors import ConfigError

# The service under which a token is kept in a keyring: `keyring set media-lab-studio civitai`.
SERVICE = "media-lab-studio"
LONGEST = 4096  # characters; a JWT has some hundreds


class Token:
    """An access token that shows itself in no text.

    Args:
        text: The token.
        origin: Where it was found, for messages: the variable's name, or "the keyring".

    Raises:
        ConfigError: it is not one word of printable ASCII; the message does not repeat it.
    """

    __slots__ = ("_text", "origin")

    def __init__(self, text: str, origin: str) -> None:
        is_word = text.isascii() and text.isprintable() and " " not in text
        if not text or not is_word or len(text) > LONGEST:
            message = (
                f"the token in {origin} is not one word of letters, digits and signs; copy it "
                "again, without quotes or line ends"
            )
            raise ConfigError(message)
        self._text, self.origin = text, origin

    def header(self) -> str:
        """Return the value of the `Authorization` header."""
        return f"Bearer {self._text}"

    def reveal(self) -> str:
        """Return the token itself, for a library that sends it."""
        return self._text

    def __repr__(self) -> str:
        return f"<token of {self.origin}>"

    def __reduce__(self) -> NoReturn:
        message = "a token is not written anywhere"
        raise TypeError(message)


def find_token(name: str, variables: Sequence[str]) -> Token | None:
    """Return a source's token; None if there is none.

    Args:
        name: The source's name, which is the keyring's user name.
        variables: Environment variables that may hold it, the first that is set counts.

    Raises:
        ConfigError: what is there is not a token.
    """
    for variable in variables:
        if text := os.environ.get(variable, "").strip():
            return Token(text, variable)
    kept = _from_keyring(name)
    return Token(kept.strip(), "the keyring") if kept else None


def _from_keyring(name: str) -> str | None:
    """Return what the system's keyring holds for a source; it need not be installed."""
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError:
        return None
    try:
        return keyring.get_password(SERVICE, name)
    except KeyringError:  # locked, or there is none on this machine: as without a token
        return None
