import pytest

from medialab.artifacts import ArtifactManager


@pytest.fixture
def manager(tmp_path):
    return ArtifactManager(tmp_path / "outputs")
