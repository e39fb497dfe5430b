"""A request to an executor is one line of JSON, and the same request again."""

import pytest

from medialab import PipelineConfig
from medialab.config.resolved import ResolvedConfig, Together
from medialab.errors import ConfigError
from medialab.runs.request import Request

ASKED = PipelineConfig(prompt="a red ball", steps=3, width=64, height=64, seed=7)


def test_a_request_is_json_and_back():
    ties = {"checkpoint_sha256": "a" * 64, "models_sha256": {"vae/fine": "b" * 64}}
    for config in (ASKED, ResolvedConfig.parse(ASKED.model_dump() | ties)):
        request = Request(
            config, save=False, anew_from="txt2img", keeps_interrupted=True, threads=2
        )
        text = request.as_json()
        assert "\n" not in text
        again = Request.from_json(text)
        assert again == request
        assert type(again.config) is type(config)


@pytest.mark.parametrize("text", ["", "no JSON", "[]", "{}", '{"resolved": false}', "[" * 9999])
def test_a_text_that_is_no_request_is_refused(text):
    with pytest.raises(ConfigError, match=r"no request that Request\.as_json wrote"):
        Request.from_json(text)


def placed(place, pictures=3, **changes):
    ties = {"checkpoint_sha256": "a" * 64, "together": Together(pictures=pictures, place=place)}
    return ResolvedConfig.parse(ASKED.model_dump() | ties | changes)


def test_pictures_beside_one_have_the_other_places():
    assert len(Request(placed(2), beside=(placed(1), placed(3))).beside) == 2
    assert len(Request(placed(3), beside=(placed(1),)).beside) == 1


@pytest.mark.parametrize(
    ("config", "beside"),
    [
        (ASKED, placed(2)),  # it has no place yet
        (placed(1), placed(1)),
        (placed(1), placed(2, pictures=2)),
        (placed(1), placed(2, together=None)),
        (placed(1), placed(2, batch_size=2)),
        (placed(1, batch_size=2), placed(3)),
    ],
)
def test_pictures_that_have_no_place_beside_one_are_refused(config, beside):
    with pytest.raises(ConfigError, match="beside: "):
        Request(config, beside=(beside,))


def test_nothing_is_queued_for_pictures_that_have_no_place_beside_one(bench):
    one, two = (bench.resolve(ASKED.changed(seed=seed)) for seed in (7, 8))
    with pytest.raises(ConfigError, match="beside: "):
        bench.submit(one, beside=(two,), save=False)
    assert not bench.executor.jobs()
