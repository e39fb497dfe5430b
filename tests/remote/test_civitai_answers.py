"""Damaged answers: whatever is sent, values of the right types come out, or a named error."""

import copy
import json
from contextlib import suppress

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medialab.errors import MediaLabError
from medialab.remote import Results
from medialab.remote.civitai import CivitAI
from medialab.remote.civitai_answers import Reading
from tests.remote.test_answers import ANYTHING

SITE = "https://civitai.com"
SOURCE = CivitAI()
FILE = {
    "id": 1000,
    "name": "ink.safetensors",
    "type": "Model",
    "sizeKB": 6.25,
    "metadata": {"format": "SafeTensor", "size": "full", "fp": "fp16"},
    "hashes": {"SHA256": "A" * 64, "AutoV2": "A" * 10},
    "downloadUrl": f"{SITE}/api/download/models/100",
    "primary": True,
}
VERSION = {
    "id": 100,
    "modelId": 1,
    "name": "v1",
    "publishedAt": "2026-05-01T08:00:00Z",
    "trainedWords": ["ink"],
    "baseModel": "SD 1.5",
    "files": [FILE],
    "images": [{"url": f"{SITE}/1.jpeg", "width": 1, "height": 2, "nsfwLevel": 1, "meta": {}}],
}
MODEL = {
    "id": 1,
    "name": "Ink",
    "type": "LORA",
    "allowNoCredit": False,
    "allowCommercialUse": "{Image,Sell}",
    "allowDerivatives": False,
    "allowDifferentLicense": True,
    "stats": {"downloadCount": 3, "thumbsUpCount": 2},
    "creator": {"username": "ada"},
    "tags": ["style"],
    "modelVersions": [VERSION],
}


def reading():
    return Reading(SOURCE, SITE)


def places(value, way=()):
    """Every place in a JSON value, as the names and numbers that lead there."""
    yield way
    inside = value if isinstance(value, dict) else dict(enumerate(value))
    for name, one in inside.items():
        if isinstance(one, dict | list):
            yield from places(one, (*way, name))
        else:
            yield (*way, name)


def damaged(way, wrong, *, drop):
    page = {"items": [copy.deepcopy(MODEL)]}
    if not way:
        return wrong
    at = page
    for name in way[:-1]:
        at = at[name]
    if drop and isinstance(at, dict):
        del at[way[-1]]
    else:
        at[way[-1]] = wrong
    return page


@given(st.sampled_from(list(places({"items": [MODEL]}))), ANYTHING, st.booleans())
def test_one_damaged_field_costs_no_more_than_itself(way, wrong, drop):
    try:
        found, left_out = reading().models(damaged(way, wrong, drop=drop))
    except MediaLabError:
        assert len(way) <= 1
        return
    if len(way) > 3:
        assert len(found) == 1
        assert left_out == []
    for model in found.values():
        text = repr(model) + "".join(repr(one) for one in model.versions)
        text.encode()
        for version in model.versions:
            for file in version.files:
                assert SOURCE.request(file).url.startswith("http") or file.url
    pd.DataFrame(Results(found.values())).to_csv()


@given(ANYTHING)
def test_any_answer_is_read_or_refused_by_a_named_error(answer):
    for read in (reading().model, reading().version, reading().versions, reading().models):
        with suppress(MediaLabError):
            read(answer)


@pytest.mark.parametrize(
    ("uses", "said"),
    [
        ("{Image,Sell}", "commercial use: Image, Sell"),
        (["None"], "commercial use: none"),
        ("None", "commercial use: none"),
        ("{}", "commercial use: none"),
    ],
)
def test_permissions_are_said_however_they_are_written(uses, said):
    model = reading().model({**MODEL, "allowCommercialUse": uses})
    assert model.licence == f"credit the creator; {said}; no merges; other permissions for merges"


def test_without_permissions_nothing_is_said_of_them():
    assert reading().version({**VERSION, "model": {"name": "Ink"}}).licence == ""


@pytest.mark.parametrize(
    ("kilobytes", "size"),
    [(6.25, 6400), (0, None), (-1, None), (float("nan"), None), (1e300, None), ("6", None)],
)
def test_sizes_are_bytes(kilobytes, size):
    version = reading().version({**VERSION, "files": [{**FILE, "sizeKB": kilobytes}]})
    assert version.files[0].size_bytes == size


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        *[("LoCon", "lora"), ("DoRA", "lora"), ("TextualInversion", "embedding"), ("VAE", "vae")],
        *[("Upscaler", "upscaler"), ("Controlnet", "controlnet"), ("Checkpoint", "checkpoint")],
        *[("Detection", "detector"), ("Wildcards", ""), ("Poses", "")],
    ],
)
def test_types_become_our_kinds(said, kind):
    model = reading().model({**MODEL, "type": said})
    assert model.kind == kind
    assert model.versions[0].files[0].kind == kind


def test_a_vae_beside_a_checkpoint_is_a_vae():
    vae = {**FILE, "id": 1001, "type": "VAE", "primary": False}
    model = reading().model(
        {**MODEL, "type": "Checkpoint", "modelVersions": [{**VERSION, "files": [FILE, vae]}]}
    )
    assert [one.kind for one in model.versions[0].files] == ["checkpoint", "vae"]


@pytest.mark.parametrize(
    ("level", "nsfw", "is_mature"),
    [(1, None, False), (2, None, True), (None, "None", False), (None, "X", True), (0, True, False)],
)
def test_a_picture_says_whether_it_is_for_everyone(level, nsfw, is_mature):
    picture = {"url": f"{SITE}/1.png", "nsfwLevel": level, "nsfw": nsfw}
    version = reading().version({**VERSION, "images": [picture]})
    assert version.pictures[0].is_mature is is_mature


def test_the_whole_answer_is_kept():
    version = {**VERSION, "fieldOfTomorrow": {"a": [None, 1]}}
    assert dict(reading().version(version).facts) == json.loads(json.dumps(version))


@pytest.mark.parametrize(
    ("paid", "is_told"), [(True, True), ({"price": 5}, True), (False, False), (None, False)]
)
def test_a_version_that_is_sold_says_so(paid, is_told):
    version = reading().version({**VERSION, "model": MODEL, "paidAccess": paid})
    assert ("buy access" in version.restricted) is is_told
    assert version.primary is not None  # whoever bought it may download it
