"""Access rules of `make app`: whoever has the token, and a page that ends its own kernel.

Each Voila page has its own kernel, with a model loaded. When the page is closed, its script asks
the server to end that kernel, by a beacon: a request that outlives the page and cannot carry
headers. Jupyter refuses such a request as a possible forgery, so each visit left about half a
gigabyte of memory in use.
"""

import re
from typing import Any
from urllib.parse import urlparse

from jupyter_server.auth.identity import PasswordIdentityProvider

_GOODBYE = re.compile(r"/voila/api/shutdown/[0-9a-f-]+$")


class AppIdentityProvider(PasswordIdentityProvider):
    """Jupyter's access rules, with one exception: a page of this server may end its kernel.

    The person must be logged in, and the request's Origin must be this server: browsers set that
    header themselves, so a page from elsewhere cannot fake it.
    """

    def is_token_authenticated(self, handler: Any) -> bool:
        """Return whether the request is exempt from the check for forged requests."""
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
