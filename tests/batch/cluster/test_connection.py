"""What can be said about a cluster before anything is asked of it."""

import sys

import pytest

from medialab.batch.cluster.connection import connect, is_open_to_others, local_cluster
from medialab.errors import BatchError, ConfigError, MissingLibraryError


@pytest.mark.parametrize(
    ("address", "is_open"),
    [
        ("tcp://192.168.0.5:8786", True),
        ("ws://studio:8786", True),
        ("tcp://127.0.0.1:8786", False),
        ("tcp://[::1]:8786", False),
        ("tls://192.168.0.5:8786", False),
    ],
)
def test_an_address_of_others_without_tls_is_open(address, is_open):
    assert is_open_to_others(address) == is_open


@pytest.mark.parametrize("address", ["nonsense://here", "tcp://127.0.0.1:notaport"])
def test_what_is_no_address_is_told(address):
    with pytest.raises(BatchError, match=f"at {address}.*such as tcp://"):
        connect(address)


def test_a_cluster_needs_a_worker():
    with pytest.raises(ConfigError, match="workers=0"):
        local_cluster(0)


def test_without_dask_the_command_that_installs_it_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)

    with pytest.raises(MissingLibraryError, match=r"media-lab-studio\[cluster\]"):
        connect("tcp://127.0.0.1:8786")
