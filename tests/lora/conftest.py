import pytest

from medialab.loading.checkpoint import load_checkpoint
from medialab.loading.registry import ModelRegistry
from medialab.lora import LoRAManager


@pytest.fixture(scope="module")
def model(tiny_models):
    registry = ModelRegistry(tiny_models, device="cpu")
    loaded = load_checkpoint(registry.find("paperdoll", "checkpoint"), "cpu")
    yield loaded
    loaded.release()


@pytest.fixture
def manager():
    return LoRAManager()
