"""The checkpoint that a person begins with is remembered, whatever stands in its file."""

import pytest

from medialab import Workbench
from medialab.errors import ArtifactError, ModelNotFoundError
from medialab.loading.default_checkpoint import DefaultCheckpoint


def test_a_name_is_remembered_until_it_is_forgotten(tmp_path):
    default = DefaultCheckpoint(tmp_path)
    assert default.name == ""
    for name in ("styles/Ink 墨", "other", ""):
        default.choose(name)
        assert DefaultCheckpoint(tmp_path).name == name


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"checkpoint": 7}', b"\xff", b"[" * 5000])
def test_a_damaged_file_counts_as_none(tmp_path, content):
    (tmp_path / "default_checkpoint.json").write_bytes(content)
    assert DefaultCheckpoint(tmp_path).name == ""


def test_what_cannot_be_written_is_said(tmp_path):
    (tmp_path / "outputs").write_bytes(b"")
    with pytest.raises(ArtifactError, match="cannot be written"):
        DefaultCheckpoint(tmp_path / "outputs").choose("ink")


def test_only_a_checkpoint_that_is_there_becomes_the_default(tiny_models, tmp_path):
    with Workbench(models=tiny_models, outputs=tmp_path / "outputs") as bench:
        with pytest.raises(ModelNotFoundError):
            bench.default_checkpoint = "nowhere"
        known = bench.models("checkpoint")[0].name
        bench.default_checkpoint = known
        assert bench.default_checkpoint == known
