"""The server of `make api`: Jupyter Server with the studio's API alone, on this machine only."""

import hashlib
import hmac
from collections.abc import Sequence
from typing import Any

from jupyter_server.auth import IdentityProvider, User
from jupyter_server.serverapp import ServerApp
from jupyter_server.services.contents.manager import AsyncContentsManager
from traitlets import List, Unicode
from traitlets.config import Config


class NoFiles(AsyncContentsManager):
    """Serves no file: Jupyter's own would give every file below the current folder."""

    def get_extra_handlers(self) -> list[Any]:
        """Return no handlers."""
        return []


class ClientTokens(IdentityProvider):
    """Tells clients apart by their tokens; there is no other way in, and no cookie."""

    tokens = List(Unicode(), help="Whoever sends one of these is answered.").tag(config=True)

    async def get_user_token(self, handler: Any) -> User | None:
        """Return the client whose token was sent; comparing takes as long for a wrong one."""
        sent = (self.get_token(handler) or "").encode()
        known = [hmac.compare_digest(sent, one.encode()) for one in self.tokens]
        return User(username=hashlib.sha256(sent).hexdigest()[:16]) if any(known) else None

    def get_user_cookie(self, handler: Any) -> User | None:  # noqa: ARG002 - as the base class
        """Return nobody."""
        return None

    def set_login_cookie(self, handler: Any, user: User) -> None:
        """Set no cookie: the next request has the token again."""


class ApiServer(ServerApp):
    """A Jupyter server without notebooks, kernels, files and terminals.

    Whoever has its token can make pictures, and cannot run code. It writes its token nowhere.
    """

    default_services = ("auth",)

    def initialize(self, *args: Any, **how: Any) -> None:
        """Load the studio's extension, and none of those that are installed besides."""
        super().initialize(*args, **how | {"find_extensions": False})

    def write_server_info_file(self) -> None:
        """Write no file: Jupyter's has the token in it."""

    def write_browser_open_files(self) -> None:
        """Write no file: Jupyter's has the token in it."""


def settings(port: int, tokens: Sequence[str], devices: Sequence[str] = ()) -> Config:
    """Return the server's configuration; it listens on this machine only and asks for a token."""
    chosen = {"devices": list(devices)} if devices else {}  # else a config file may name them
    return Config(
        {
            "ServerApp": {
                "ip": "127.0.0.1",
                "port": port,
                "port_retries": 0,
                "open_browser": False,
                "allow_root": True,  # as in a container: a client cannot run code
                "jpserver_extensions": {"medialab.api": True},
                "contents_manager_class": NoFiles,
                "identity_provider_class": ClientTokens,
                "log_level": "ERROR",
            },
            # Jupyter Server takes one token to be the server's own.
            "ClientTokens": {"token": tokens[0], "tokens": list(tokens)},
            "StudioApi": {"prefix": "", "starts_at_once": True, **chosen},
        }
    )


def serve(port: int, tokens: Sequence[str], devices: Sequence[str] = ()) -> None:
    """Serve until the process is interrupted.

    Args:
        port: It is this one, or there is an error.
        tokens: Whoever sends one is answered, each as a client of its own.
        devices: Each has a process that makes pictures; () for one on the best device.
    """
    ApiServer.launch_instance([], config=settings(port, tokens, devices))
