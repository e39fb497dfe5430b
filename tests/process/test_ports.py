"""Whether a port is free, as a server would find it."""

import socket

from medialab.process.ports import LOOPBACK, is_free


def test_a_port_is_free_until_a_server_listens_on_it_and_after_it_has_gone():
    with socket.socket() as server:
        server.bind((LOOPBACK, 0))
        server.listen()
        port = server.getsockname()[1]
        assert not is_free(port)
    assert is_free(port)
