"""The program on a pretended CUDA device: none of its tensors is elsewhere, and pictures agree."""

import json
import shutil
import subprocess
import sys

import pytest
import torch

from tests.gpu.pretending import WAYS

pytestmark = [
    pytest.mark.skipif(shutil.which("g++") is None, reason="needs g++"),
    pytest.mark.skipif(torch.version.cuda is not None, reason="this torch has real CUDA devices"),
]
# Levels of grey that half precision may be off; random weights tell no more.
_MOST = {"float16": 48}


def pretending(folder, *names):
    command = [sys.executable, "-m", "tests.gpu.pretending", str(folder), *names]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_weights_that_change_midway_are_those_that_come_to_the_device(tmp_path):
    assert pretending(tmp_path) == {"groups": [True] * 5}


@pytest.mark.slow
@pytest.mark.thorough
@pytest.mark.parametrize(
    "name", ["paperdoll", "sd15", "sdxl", "sd3", "chroma", "flux", "flux2-klein-4b", "z-image"]
)
def test_pictures_on_a_device_are_those_of_the_cpu(tmp_path, name):
    found = pretending(tmp_path, name)[name]
    assert set(found) == set(WAYS)
    wrong = {way: one for way, one in found.items() if isinstance(one, str)}
    assert not wrong
    assert all(one <= _MOST.get(way, 2) for way, one in found.items()), found
