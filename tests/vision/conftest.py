"""One detector of each kind on the disk, as the registry lists it."""

from functools import cache

import numpy as np
import pytest
import torch
from PIL import Image

from medialab.loading.registry import ModelRegistry
from tests.tiny.detectors import NETWORKS, ONNX_KINDS, tiny_yolo


@pytest.fixture(scope="session")
def detector_models(tmp_path_factory):
    """Gives the models folder that holds one detector of a kind, `mine`; written once a session."""

    @cache
    def write(kind):
        root = tmp_path_factory.mktemp("detector") / "models"
        folder = root / "detectors" / "mine"
        if kind in ONNX_KINDS:
            tiny_yolo(kind, folder.with_suffix(".onnx"))
            return root
        make, seed = NETWORKS[kind]
        torch.manual_seed(seed)
        network, processor = make(root.parent) if kind == "grounding dino" else make()
        network.save_pretrained(folder)
        if processor is not None:
            processor.save_pretrained(folder)
        return root

    return write


@pytest.fixture
def info_of(detector_models):
    """What the registry makes of a detector of a kind."""
    return lambda kind: ModelRegistry(detector_models(kind)).find("mine", "detector")


@pytest.fixture(scope="session")
def picture():
    noise = np.random.default_rng(3).integers(0, 255, (96, 160, 3), dtype=np.uint8)
    return Image.fromarray(noise)
