"""A disk that is full: what can be made again makes room for what cannot, and a person is told.

The disk is a real one of a few megabytes, where this user may mount one.
"""

import shutil
import subprocess
import sys

import pytest
from PIL import Image

from medialab import PipelineConfig, Workbench
from medialab.artifacts import ArtifactManager
from medialab.config.resolved import ResolvedConfig
from medialab.errors import ArtifactError
from medialab.runs.cache import StageCache
from tests.runs.test_cache import numbered

SIZE = 4 * 2**20  # bytes of the disk
CONFIG = ResolvedConfig(width=64, height=64, seed=7, checkpoint_sha256="a" * 64)
NOISE = Image.effect_noise((640, 640), 100).convert("RGB")  # a picture of 300 kB or more


@pytest.fixture
def disk(tmp_path):
    """A small disk of its own."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = shutil.which("mount")
    options = ["-t", "tmpfs", "-o", f"size={SIZE}", "none", str(place)]
    if (
        sys.platform != "linux"
        or mount is None
        or subprocess.run([mount, *options], check=False, capture_output=True).returncode
    ):
        pytest.skip("no disk can be mounted here")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


@pytest.fixture
def cache(disk):
    """A cache that fills the disk."""
    made = StageCache(disk / "cache", memory_bytes=0)
    number = 0
    while made.trouble is None:
        made.put(numbered(number), bytes(100_000))
        number += 1
    made.take_news()
    (disk / "rest").write_bytes(bytes(shutil.disk_usage(disk).free))
    return made


@pytest.fixture
def artifacts(disk, cache):
    made = ArtifactManager(disk)
    made.make_room = lambda nbytes: cache.let_go(nbytes, disk)
    return made


def held(cache):
    return [number for number in range(100) if cache.holds(numbered(number))]


def test_results_that_were_used_longest_ago_make_room_for_a_picture(artifacts, cache):
    before = held(cache)
    saved = artifacts.save(NOISE, CONFIG, {})
    with Image.open(saved.path) as picture:
        assert picture.tobytes() == NOISE.tobytes()
    gone = len(before) - len(held(cache))
    assert 3 <= gone < len(before) / 2
    assert held(cache) == before[gone:]
    (told,) = cache.take_news()
    assert "the disk is full" in told


def test_results_make_room_for_tags_too(artifacts, cache, disk):
    saved = artifacts.save(NOISE, CONFIG, {})
    (disk / "more").write_bytes(bytes(shutil.disk_usage(disk).free))
    before = held(cache)
    assert artifacts.annotate(saved.path, tags=["kept"]).tags == ("kept",)
    assert held(cache) == before[1:]


def test_a_picture_for_which_all_results_make_no_room_fails_and_leaves_nothing(artifacts, disk):
    (disk / "rest").unlink()
    shutil.rmtree(disk / "cache")
    (disk / "rest").write_bytes(bytes(shutil.disk_usage(disk).free - 200_000))
    with pytest.raises(ArtifactError, match="the disk is full; free some space"):
        artifacts.save(NOISE, CONFIG, {})
    assert [path for path in disk.rglob("*") if path.suffix in {".png", ".json", ".partial"}] == []


def test_results_on_another_disk_stay(tmp_path, disk):
    cache = StageCache(tmp_path / "cache")
    cache.put(numbered(1), bytes(1000))
    assert not cache.let_go(1000, disk)
    assert not StageCache(None).let_go(1000, disk)
    assert cache.holds(numbered(1))
    assert cache.take_news() == []


def test_a_run_on_a_full_disk_saves_its_picture_and_tells_what_that_took(tiny_models, disk, cache):
    request = PipelineConfig(prompt="a red ball", steps=2, width=64, height=64, seed=7)
    with Workbench(tiny_models, disk, device="cpu") as bench:
        run = bench.execute(request)
    assert run.artifact.path.is_file()
    assert any("so that a picture could be saved" in told for told in run.record["notices"])
    assert held(cache)
