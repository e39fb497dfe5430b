"""An empty models folder, and a pickle that would give itself away."""

import os

import pytest


class _Malice:
    def __init__(self, target):
        self.target = target

    def __reduce__(self):
        return os.system, (f"touch {self.target}",)


@pytest.fixture
def root(tmp_path):
    return tmp_path / "models"


@pytest.fixture
def malice(tmp_path):
    """What creates the file "touched" when it is unpickled."""
    return _Malice(tmp_path / "touched")
