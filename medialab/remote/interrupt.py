"""The way to end a request from another thread, however long its server is silent."""

import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

# Events of httpcore's trace extension after which there is a connection, or another layer of it.
_CONNECTED = (".connect_tcp.complete", ".start_tls.complete")


class Interrupt:
    """Cuts the connections of one download.

    Reading from a silent server blocks its thread until the time is out; to shut the connection
    down wakes it at once.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._is_cut = False

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Remember the connection; for httpx's extension "trace"."""
        if event.endswith(_CONNECTED):
            with self._lock:
                self._socket = info["return_value"].get_extra_info("socket")
                if self._is_cut:
                    self._shut()

    def cut(self) -> None:
        """End the connection, and every later one."""
        with self._lock:
            self._is_cut = True
            self._shut()

    def allow(self) -> None:
        """Allow connections again."""
        with self._lock:
            self._is_cut, self._socket = False, None

    def _shut(self) -> None:
        if self._socket is not None:
            # Not `SSLSocket.shutdown`, which takes from the reading thread what it works with.
            with suppress(OSError):
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
