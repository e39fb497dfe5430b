import subprocess
import sys

import pytest

from medialab import Workbench
from medialab.errors import ConfigError
from medialab.remote.sources import open_source


def test_an_unknown_source_is_refused_with_the_known_ones():
    with pytest.raises(ConfigError, match="no source 'civit'; known: "):
        open_source("civit")


def test_a_source_is_opened_by_its_name_and_sends_nothing(server, tmp_path):
    with Workbench(tmp_path / "models", tmp_path / "outputs", device="cpu") as bench:
        source = bench.remote("civitai", base_url=server.url)
    assert not server.api.requests
    server.add_model("Ink")
    assert source.search("ink")[0].name == "Ink"


def test_the_library_for_requests_is_not_imported_before_a_source_is_opened():
    code = "import sys; import medialab; print('httpx' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("name", ["civitai", "huggingface"])
def test_a_search_that_cannot_be_sent_is_named(name):
    source = open_source(name)
    for text in (None, 5, "\ud800"):
        with pytest.raises(ConfigError, match="cannot be sent; write words"):
            source.search(text)
    one = next(each.name for each in source.filters if not each.choices)
    with pytest.raises(ConfigError, match=rf"{one} = '\\ud800' cannot be sent"):
        source.search("ink", **{one: "\ud800"})


@pytest.mark.parametrize("name", [None, 5, ("civitai",)])
def test_what_is_no_name_is_answered_with_those_there_are(name):
    with pytest.raises(ConfigError, match="known: civitai, huggingface"):
        open_source(name)
