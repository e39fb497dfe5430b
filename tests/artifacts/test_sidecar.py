"""Sidecars are read, or named with what is wrong with them."""

import pytest

from medialab.errors import ArtifactError
from tests.artifacts.pictures import config, image


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{broken", "is not a sidecar of this studio"),
        ("[]", "is not a sidecar of this studio"),
        (
            '{"schema_version": 2}',
            "but this studio reads only up to 1; update",
        ),
        ('{"schema_version": 1}', "config is missing"),
    ],
)
def test_a_broken_or_newer_sidecar_is_named_with_the_next_step(manager, content, message):
    saved = manager.save(image(), config(), {})
    saved.sidecar.write_text(content)
    with pytest.raises(ArtifactError, match=message) as refused:
        manager.load(saved.path)
    assert str(saved.sidecar) in str(refused.value)


def test_an_impossible_setting_in_a_sidecar_is_named(manager):
    saved = manager.save(image(), config(), {})
    saved.sidecar.write_text(saved.sidecar.read_text().replace('"steps": 20', '"steps": 999'))
    with pytest.raises(ArtifactError, match=r"config\.steps=999"):
        manager.load(saved.path)


def test_a_sixth_star_is_refused(manager):
    saved = manager.save(image(), config(), {})
    with pytest.raises(ArtifactError, match="stars=6: choose 0 to 5"):
        manager.annotate(saved.path, stars=6)
