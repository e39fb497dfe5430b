"""Which metrics are asked for, as a person writes them."""

import shutil

import pytest
from PIL import Image

from medialab.batch.metrics import METRICS, Subject
from medialab.batch.metrics.asked import Asked, read_metrics, scorer_of
from medialab.errors import ConfigError, ModelNotFoundError, PictureError
from medialab.loading.registry import ModelRegistry
from medialab.pictures.store import PictureStore


@pytest.fixture
def registry(tmp_path):
    return ModelRegistry(tmp_path / "models", device="cpu")


@pytest.fixture
def store(tmp_path):
    return PictureStore(tmp_path / "references")


@pytest.fixture
def read(registry, store):
    return lambda asked: read_metrics(asked, store.keep, registry)


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ((), []),
        ("sharpness", ["sharpness"]),
        (["sharpness", "mean_colour"], ["sharpness", "mean_colour"]),
        (("sharpness", "sharpness"), ["sharpness"]),
        ({"sharpness": None}, ["sharpness"]),
    ],
)
def test_metrics_are_asked_for_by_name(read, asked, names):
    assert read(asked) == [Asked(name) for name in names]


def test_a_reference_is_a_picture_or_its_file(read, store, tmp_path):
    red = Image.new("RGB", (8, 8), "red")
    red.save(tmp_path / "red.png")

    of_file = read(["sharpness", {"difference": tmp_path / "red.png"}])
    of_picture = read({"difference": red})

    assert [one.name for one in of_file] == ["sharpness", "difference"]
    assert of_file[1] == of_picture[0]
    assert store.load(of_file[1].reference).tobytes() == red.tobytes()


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (["sharpnes"], f"'sharpnes'; known: {', '.join(METRICS)}. Did you mean 'sharpness'"),
        (["difference"], r"write \{'difference': 'picture.png'\}"),
        ([{"sharpness": "a.png"}], "write 'sharpness', since sharpness needs no more"),
        (7, "metrics=7: give a list of names"),
        ([7], "there is no metric 7"),
    ],
)
def test_a_metric_that_cannot_be_is_refused_by_name(read, asked, told):
    with pytest.raises(ConfigError, match=told):
        read(asked)


def test_a_reference_that_is_missing_is_refused(read, tmp_path):
    with pytest.raises(PictureError, match=r"gone\.png"):
        read({"difference": tmp_path / "gone.png"})


@pytest.mark.parametrize("name", ["clip_score", "aesthetic_score"])
def test_without_its_model_a_metric_says_which_and_where(read, name):
    with pytest.raises(ModelNotFoundError, match=r"models/detectors.*safetensors"):
        read([name])


@pytest.mark.parametrize(("name", "kind"), [("clip_score", "clip"), ("aesthetic_score", "rating")])
def test_the_model_of_a_metric_is_found_by_what_it_is(read, registry, detector_models, name, kind):
    for folder in ("clip", "rating", "yolos"):
        there = detector_models(folder) / "detectors" / "mine"
        shutil.copytree(there, registry.folder / "detectors" / f"my {folder}")

    (asked,) = read(name)

    assert asked.key == f"{name} my {kind}"
    scorer = scorer_of(asked, registry)
    assert isinstance(scorer, METRICS[name].scorer)
    subject = Subject("a red ball", scorer=scorer)
    red = Image.new("RGB", (8, 8), "red")
    assert METRICS[name].measure(red, subject) == scorer.score(red, "a red ball")
    registry.unload_all()
    with pytest.raises(ModelNotFoundError, match="no model 'gone'"):
        scorer_of(Asked(name, model="gone"), registry)
