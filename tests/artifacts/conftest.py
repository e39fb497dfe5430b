import pytest
from PIL import Image

from medialab.artifacts import ArtifactManager
from medialab.config.resolved import ResolvedConfig


@pytest.fixture
def outputs(tmp_path):
    return tmp_path / "outputs"


@pytest.fixture
def manager(outputs):
    return ArtifactManager(outputs)


@pytest.fixture
def save(manager):
    """Saves a picture of these settings."""

    def save_one(image=None, **settings):
        known = {"width": 64, "height": 64, "seed": 7, "checkpoint_sha256": "a" * 64}
        config = ResolvedConfig.model_validate(known | settings)
        return manager.save(image or Image.new("RGB", (64, 64), "red"), config, {})

    return save_one
