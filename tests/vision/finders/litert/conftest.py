"""MediaPipe's own files, where `make photos` has put them."""

import os
from pathlib import Path

import pytest

from medialab.files.mediapipe_networks import NETWORKS, network_of

ROOT = Path(__file__).resolve().parents[4]


@pytest.fixture(scope="session")
def photo_files():
    """Each network's file, by network. Skips without them, or without LiteRT."""
    pytest.importorskip("ai_edge_litert", reason="LiteRT is not installed (extra photos)")
    models = Path(os.environ.get("MEDIALAB_PHOTOS") or ROOT / "models")
    files = {network_of(path): path for path in sorted(models.glob("detectors/*.tflite"))}
    missing = [network.source for network in NETWORKS if network not in files]
    if missing:
        pytest.skip(f"{models} lacks {', '.join(missing)}: run `make photos`")
    return files


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
