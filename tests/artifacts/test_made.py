"""How a saved picture was made."""

import pytest

from medialab.artifacts import Sidecar
from medialab.artifacts.made import made_of
from medialab.errors import ArtifactError


def test_a_saved_picture_is_known_by_its_sidecar_and_its_file(save):
    saved = save(seed=9)
    made = made_of(saved.path, Sidecar.read(saved.sidecar))
    assert (made.name, made.config.seed) == ("00001", 9)
    assert made.sha256 == made.saved_sha256
    saved.path.write_bytes(b"other")
    made = made_of(saved.path, Sidecar.read(saved.sidecar))
    assert made.sha256 != made.saved_sha256


def test_a_file_that_is_gone_is_named(save):
    saved = save()
    sidecar = Sidecar.read(saved.sidecar)
    saved.path.unlink()
    with pytest.raises(ArtifactError, match=r"00001.* cannot be read"):
        made_of(saved.path, sidecar)
