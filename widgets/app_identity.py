"""Who may speak to `make app`: whoever has the token, and a page that says goodbye.

A page of Voila has a kernel of its own, with a model in it. When the page is left, its script asks
the server to end that kernel, by a beacon: a request that outlives its page and has no headers of
its own. Jupyter refuses it as a possible forgery, and every visit left half a gigabyte behind.
"""

import re
from typing import Any
from urllib.parse import urlparse

from jupyter_server.auth.identity import PasswordIdentityProvider

_GOODBYE = re.compile(r"/voila/api/shutdown/[0-9a-f-]+$")


class AppIdentityProvider(PasswordIdentityProvider):
    """Jupyter's own rules, but that a page of this server may end its kernel without more proof.

    The person must be logged in, and the browser must say that the request comes from a page of
    this very server: no page of another can make it say so.
    """

    def is_token_authenticated(self, handler: Any) -> bool:
        """Return whether the request needs no proof that it is not forged."""
        return super().is_token_authenticated(handler) or _is_goodbye(handler)


def _is_goodbye(handler: Any) -> bool:
    request = handler.request
    origin = urlparse(request.headers.get("Origin", "")).netloc
    return (
        request.method == "POST"
        and _GOODBYE.search(request.path) is not None
        and handler.current_user is not None
        and bool(origin)
        and origin == request.headers.get("Host")
    )
