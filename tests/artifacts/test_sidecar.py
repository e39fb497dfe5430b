"""Sidecars are read, or named with what is wrong with them."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from medialab.artifacts import Sidecar
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


MOMENTS = st.datetimes(
    min_value=datetime(1680, 1, 1),  # noqa: DTZ001 - the time zone follows
    max_value=datetime(2260, 1, 1),  # noqa: DTZ001
    timezones=st.sampled_from(
        [None, UTC, timezone(timedelta(hours=5, minutes=30)), timezone(timedelta(hours=-11))]
    ),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moments=st.lists(MOMENTS, min_size=2, max_size=5))
def test_sidecars_sort_by_time_however_their_times_are_written(save, moments):
    content = json.loads(save().sidecar.read_text())
    read = [
        Sidecar.model_validate({**content, "created": one.isoformat()}).created for one in moments
    ]
    in_utc = [one if one.tzinfo else one.replace(tzinfo=UTC) for one in moments]
    by_text = [time for _, time in sorted(zip(read, in_utc, strict=True))]
    assert by_text == sorted(in_utc)
    assert [datetime.fromisoformat(one) for one in read] == in_utc


@pytest.mark.parametrize("created", ["", "~", "é", "yesterday", "0001-01-01", "9999-12-31", "7"])
def test_a_picture_of_no_known_time_hides_no_other_and_is_told(manager, save, created):
    pytest.importorskip("pandas")
    kept, bad = save(prompt="kept"), save(prompt="bad")
    content = json.loads(bad.sidecar.read_text())
    bad.sidecar.write_text(json.dumps({**content, "created": created}))
    assert manager.find() == [kept]
    assert len(manager.table()) == 1
    (left_out,) = manager.left_out()
    assert left_out.path == bad.path
    assert "created" in left_out.reason


def test_an_editors_mark_before_the_text_is_passed_over(manager, save):
    saved = save()
    content = saved.sidecar.read_bytes().replace(b"\n", b"\r\n")
    saved.sidecar.write_bytes(b"\xef\xbb\xbf" + content)
    assert manager.find() == [saved]
    assert manager.annotate(saved.path, tags=["poster"]).tags == ("poster",)
    assert saved.sidecar.read_bytes().startswith(b"{")
