"""Which upscaler a request gets that leaves the choice to the studio."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from medialab import PipelineConfig, Workbench
from medialab.config.resolved import ResolvedConfig
from medialab.errors import MissingLibraryError
from medialab.families import RUNNING
from medialab.loading.upscalers import compact_network
from medialab.remote.packages.pins import PHOTOS
from medialab.runs import automatic_upscaler
from medialab.runs.automatic_upscaler import OF_PHOTOS, with_upscaler

ROOT = Path(__file__).resolve().parents[2]
PHOTO, DOLL = "RealESRGAN_x4plus", "paperdoll-2x"
ON = {"enabled": True, "upscaler": "automatic", "scale": 2.0}


class Listing:
    """Upscalers by their names; those that begin with "-" are refused."""

    def __init__(self, *names):
        self._names = names

    def models(self, kind):
        from medialab.listing.info import ModelInfo

        assert kind == "upscaler"
        return [
            ModelInfo(name.strip("-"), kind, "compact", "original", Path(name), 1, name[:1] == "-")
            if name.startswith("-")
            else ModelInfo(name, kind, "compact", "original", Path(name), 1)
            for name in self._names
        ]


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.png"
    pixels = np.random.default_rng(0).integers(0, 256, (24, 32, 3), np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def chosen(listing, family, **settings):
    config = PipelineConfig(prompt="a red ball", upscaler=ON, **settings)
    return with_upscaler(config, listing, family).upscaler.upscaler


def test_those_for_photos_are_fetched_with_the_other_models_for_photos():
    fetched = {Path(one.name).stem for one in PHOTOS.models if one.kind == "upscaler"}
    assert set(OF_PHOTOS) <= fetched
    assert RUNNING["paperdoll"].upscalers == (DOLL,)


@pytest.mark.parametrize("family", ["sd15", "sdxl", "z-image", "flux", "unknown"])
def test_a_picture_of_any_other_family_is_a_photo(family):
    assert chosen(Listing(DOLL, PHOTO, "other"), family) == PHOTO
    assert chosen(Listing(DOLL, "other"), family) == "lanczos"


def test_a_doll_gets_the_one_that_is_made_for_dolls():
    assert chosen(Listing(DOLL, PHOTO), "paperdoll") == DOLL
    assert chosen(Listing(PHOTO), "paperdoll") == "lanczos"


def test_a_refused_one_is_not_chosen():
    assert chosen(Listing(f"-{PHOTO}"), "sd15") == "lanczos"


def test_without_the_library_that_opens_them_it_is_lanczos(monkeypatch):
    def absent(_):
        raise MissingLibraryError("not here")

    monkeypatch.setattr(automatic_upscaler, "check_installed", absent)
    assert chosen(Listing(PHOTO), "sd15") == "lanczos"


def test_a_name_stays_and_no_folder_is_read():
    class Unread:
        def models(self, kind):
            raise AssertionError

    for name in ("lanczos", "nearest", "mine"):
        config = PipelineConfig(prompt="x", upscaler={**ON, "upscaler": name})
        assert with_upscaler(config, Unread(), "sd15") is config
    assert PipelineConfig(prompt="x").upscaler.upscaler == "lanczos"


def test_a_resolved_request_takes_only_what_it_was_made_with():
    settings = PipelineConfig(prompt="x", seed=1, width=64, height=64, upscaler=ON).model_dump()
    for hashes, name in (({}, "lanczos"), ({f"upscaler/{PHOTO}": "0" * 64}, PHOTO)):
        ties = {"checkpoint_sha256": "", "models_sha256": hashes}
        resolved = ResolvedConfig.parse(settings | ties)
        assert with_upscaler(resolved, Listing(PHOTO), "sd15").upscaler.upscaler == name


@pytest.fixture
def bench(tmp_path):
    """A workbench without a checkpoint, with two tiny upscalers under the known names."""
    folder = tmp_path / "models" / "upscalers"
    folder.mkdir(parents=True)
    torch.manual_seed(0)
    save_file(compact_network(4, 1, 4).state_dict(), folder / f"{PHOTO}.safetensors")
    shutil.copy(ROOT / "models" / "upscalers" / f"{DOLL}.safetensors", folder)
    with Workbench(tmp_path / "models", tmp_path / "outputs", device="cpu") as opened:
        yield opened


def pixels(artifact):
    with Image.open(artifact.path) as image:
        return np.asarray(image)


def test_a_photo_that_nothing_draws_is_enlarged_by_the_one_for_photos_and_its_record_says_so(
    bench, photo
):
    config = PipelineConfig(mode="enhance", upscaler=ON)
    run = bench.enhance(photo, config)
    (artifact,) = run.artifacts
    assert pixels(artifact).shape == (48, 64, 3)
    saved = json.loads(artifact.sidecar.read_text())
    assert saved["config"]["upscaler"]["upscaler"] == PHOTO
    assert f"upscaler/{PHOTO}" in saved["config"]["models_sha256"]
    stages = {stage["name"]: stage for stage in run.record["stages"]}
    assert stages["upscaler"]["applied"]["upscaler"] == PHOTO
    for name, is_same in ((PHOTO, True), ("lanczos", False)):
        other = bench.enhance(photo, config.changed(upscaler={**ON, "upscaler": name}))
        assert np.array_equal(pixels(other.artifacts[0]), pixels(artifact)) == is_same
