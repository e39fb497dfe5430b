"""The table of what is taken, and the real files where they are."""

import os
from pathlib import Path

import pytest

from medialab.errors import ConfigError
from medialab.listing.info import FOLDER_OF_KIND
from medialab.loading.registry import ModelRegistry
from medialab.remote.names import safe_name
from medialab.remote.packages.ncnn import NETWORKS
from medialab.remote.packages.pins import BUNDLES, PHOTOS, from_folder
from tests.remote.packages.made import sha256

ROOT = Path(__file__).resolve().parents[3]
# A models folder in which `make photos` has been; the repository holds no such weights.
FETCHED = Path(os.environ.get("MEDIALAB_PHOTOS") or ROOT / "models")
LARGEST = 70 * 10**6  # bytes on the disk
MODELS = pytest.mark.parametrize("model", PHOTOS.models, ids=lambda one: one.name)


def test_all_models_together_are_small_enough():
    assert sum(model.size for model in PHOTOS.models) < LARGEST


def test_names_are_safe_and_no_two_are_the_same():
    names = [model.name for model in PHOTOS.models]
    assert len({name.casefold() for name in names}) == len(names)
    assert [safe_name(name) for name in names] == names
    assert {model.kind for model in PHOTOS.models} <= set(FOLDER_OF_KIND)


def test_every_file_is_pinned():
    for package in PHOTOS.packages:
        members = [package.licence_text, *(one for row in package.models for one in row.members)]
        hashes = [package.sha256, *(one.sha256 for one in (*members, *package.models))]
        assert all(len(one) == 64 and int(one, 16) for one in hashes)
        assert all(one.size > 0 for one in (package, *members, *package.models))


def test_a_conversion_has_two_files_and_what_is_kept_as_it_is_one():
    for model in PHOTOS.models:
        assert len(model.members) == (2 if model.conversion else 1)
        assert model.conversion in {"", *NETWORKS}
        if not model.conversion:
            assert (model.size, model.sha256) == (model.members[0].size, model.members[0].sha256)


def test_a_folder_is_for_a_bundle_alone(tmp_path):
    assert from_folder("https://example.org", None) == "https://example.org"
    assert from_folder("photos", tmp_path).wheels == tmp_path
    with pytest.raises(ConfigError, match=r"'photo' is not taken out of a folder.*'photos'"):
        from_folder("photo", tmp_path)
    assert list(BUNDLES) == ["photos"]


def real(model):
    path = FETCHED / FOLDER_OF_KIND[model.kind] / model.name
    if not path.is_file():
        pytest.skip(f"{model.name} is not there; `make photos` fetches it")
    return path


@MODELS
def test_a_fetched_file_is_the_pinned_one_and_is_listed(model):
    path = real(model)
    assert sha256(path.read_bytes()) == model.sha256
    listed = {one.path.name: one for one in ModelRegistry(FETCHED).models(model.kind)}
    assert listed[model.name].refused is None
