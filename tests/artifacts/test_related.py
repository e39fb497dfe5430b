"""What a picture has in common with others."""

import pytest

from medialab.artifacts.related import related_to
from medialab.errors import ArtifactError

INK = {"lora/ink": "b" * 64}


def test_tags_loras_the_model_and_the_seed_lead_to_others(manager, save):
    one = save(seed=1, models_sha256=INK)
    save(seed=1, checkpoint="other")
    save(seed=2, models_sha256=INK)
    tagged = save(seed=3, checkpoint="third")
    manager.annotate_all([one.path, tagged.path], add_tags=["character:Ada"])
    manager.annotate_all([one.path], add_tags=["alone"])
    found = related_to(one.path, manager)
    assert [(each.kind, each.name, each.others) for each in found] == [
        ("tag", "character:Ada", 1),
        ("lora", "ink", 1),
        ("model", "paperdoll", 1),
        ("seed", "1", 1),
    ]
    for each in found:
        assert manager.count(each.query) == 2
        assert one.path in [artifact.path for artifact in manager.find(each.query)]


def test_a_picture_like_no_other_has_nothing(manager, save):
    one = save(seed=1)
    assert related_to(one.path, manager) == []
    with pytest.raises(ArtifactError, match="no file"):
        related_to("none.png", manager)
