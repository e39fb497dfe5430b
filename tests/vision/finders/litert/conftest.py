"""Finders of photos, each loaded once."""

import pytest


@pytest.fixture(scope="session")
def load(photo_files):
    """Loads a finder or refiner with one of the functions that do, by its network; once each."""
    loaded = {}

    def load_once(function, network):
        if network not in loaded:
            loaded[network] = function(photo_files[network], 1)
        return loaded[network]

    yield load_once
    for one in loaded.values():
        one.release()
