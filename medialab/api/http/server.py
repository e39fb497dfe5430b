"""The server of `make api`: Jupyter Server with the studio's API alone, on this machine only."""

from typing import Any

from jupyter_server.serverapp import ServerApp
from jupyter_server.services.contents.manager import AsyncContentsManager
from traitlets.config import Config


class NoFiles(AsyncContentsManager):
    """Serves no file: Jupyter's own would give every file below the current folder."""

    def get_extra_handlers(self) -> list[Any]:
        """Return no handlers."""
        return []


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


def settings(port: int, token: str) -> Config:
    """Return the server's configuration; it listens on this machine only and asks for a token."""
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
                "log_level": "ERROR",
            },
            "IdentityProvider": {"token": token},
            "StudioApi": {"prefix": "", "starts_at_once": True},
        }
    )


def serve(port: int, token: str) -> None:
    """Serve until the process is interrupted.

    Args:
        port: It is this one, or there is an error.
        token: Whoever sends it is answered.
    """
    ApiServer.launch_instance([], config=settings(port, token))
