"""A request to an executor is one line of JSON, and the same request again."""

import pytest

from medialab import PipelineConfig
from medialab.config.resolved import ResolvedConfig
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
