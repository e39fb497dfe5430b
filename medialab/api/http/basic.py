"""A token as the password of HTTP Basic, as A1111's clients send one (`--api-auth`)."""

import base64
from collections.abc import MutableMapping

_BASIC = "basic "


def token_for_password(headers: MutableMapping[str, str]) -> None:
    """Replace Basic's credentials in a request's headers by their password as the token.

    Whoever knows the token is the same client, whatever the user's name. What is not Basic, or is
    damaged, is left as it is.
    """
    given = headers.get("Authorization", "")
    if not given.casefold().startswith(_BASIC):
        return
    try:
        text = base64.b64decode(given[len(_BASIC) :].strip(), validate=True).decode()
    except ValueError:
        return
    password = text.partition(":")[2]
    if password and password.isprintable():
        headers["Authorization"] = f"token {password}"
