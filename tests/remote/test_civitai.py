"""CivitAI's interface, against a server on this machine that speaks it."""

from datetime import UTC, datetime
from hashlib import sha256

import pandas as pd
import pytest

from medialab.errors import (
    AccessError,
    ConfigError,
    OfflineError,
    RemoteError,
    RemoteNotFoundError,
)
from medialab.remote.civitai import CivitAI
from tests.remote import civitai_server
from tests.remote.civitai_server import answering, lora, redirecting, send_json, status


def test_a_search_lists_models_with_versions_files_pictures_words_and_licence(server, civitai):
    server.add_model("Ink", words=["ink style"], tags=["style"], versions=2, downloads=12)
    (model,) = civitai.search("ink")
    assert (model.key, model.name, model.kind, model.type_said) == ("1", "Ink", "lora", "LORA")
    assert (model.creator, model.downloads, model.tags) == ("ada", 12, ("style",))
    assert model.licence == (
        "no credit needed; commercial use: Image, RentCivit; merges allowed; "
        "same permissions for merges"
    )
    assert model.published == datetime(2026, 5, 20, 9, 30, tzinfo=UTC)
    assert [one.name for one in model.versions] == ["v9.0", "v8.0"]
    version = model.versions[0]
    assert (version.base_model, version.trained_words) == ("SD 1.5", ("ink style",))
    assert version.facts["aFieldOfTomorrow"] == {"deep": [1]}
    assert version.pictures[0].settings["seed"] == 7
    assert version.page == f"{server.api.site}/models/1?modelVersionId=100"
    file = version.primary
    content = server.contents[100]
    assert (file.name, file.kind, file.format) == ("Ink.safetensors", "lora", "safetensors")
    assert (file.size_bytes, file.sha256) == (len(content), sha256(content).hexdigest())
    assert file.refused is None


def test_results_become_a_table(server, civitai):
    for name in ("Ink", "Oil", "墨"):
        server.add_model(name, likes=len(name))
    table = pd.DataFrame(civitai.search(sort="Newest"))
    assert list(table.name) == ["墨", "Oil", "Ink"]
    assert table.downloads.dtype == table.size_bytes.dtype == "int64"
    assert str(table.published.dtype).startswith("datetime64")


def test_every_documented_filter_is_sent_as_documented(server, civitai):
    server.key = "key"
    signed_in = CivitAI(server.url, civitai_token("key"))
    asked = {
        "types": ["LORA", "LoCon"],
        "baseModels": ["SD 1.5", "SDXL 1.0"],
        "sort": "Most Downloaded",
        "period": "Month",
        "nsfw": True,
        "tag": "style",
        "username": "ada",
        "ids": [3, 4],
        "checkpointType": "Merge",
        "supportsGeneration": True,
        "fromPlatform": True,
        "earlyAccess": True,
        "primaryFileOnly": True,
        "favorites": True,
        "hidden": True,
    }
    assert asked.keys() == {one.name for one in CivitAI.filters}
    signed_in.search("two words", limit=7, **asked)
    sent = server.api.requests[-1].query
    assert sent["types"] == ["LORA", "LoCon"]
    assert sent["baseModels"] == ["SD 1.5", "SDXL 1.0"]
    assert sent["ids"] == ["3,4"]
    assert sent["query"] == ["two words"]
    assert sent["limit"] == ["7"]
    assert sent["nsfw"] == sent["hidden"] == ["true"]
    assert "page" not in sent
    assert sent.keys() == {*asked, "query", "limit"}


def test_a_filter_that_is_off_is_not_sent(server, civitai):
    civitai.search(nsfw=False, tag="", types=[], sort=None)
    assert server.api.requests[-1].query == {"limit": ["20"]}


def test_filters_find_what_they_say(server, civitai):
    server.add_model("Ink", tags=["style"])
    server.add_model("Photo", kind="Checkpoint", base="SDXL 1.0", nsfw=True)
    assert [one.name for one in civitai.search()] == ["Ink"]
    assert len(civitai.search(nsfw=True)) == 2
    assert [one.name for one in civitai.search(types="checkpoint", nsfw=True)] == ["Photo"]
    assert [one.name for one in civitai.search(baseModels=["SDXL 1.0"], nsfw=True)] == ["Photo"]
    assert [one.name for one in civitai.search(tag="style")] == ["Ink"]
    assert [one.name for one in civitai.search(ids=["2"], nsfw=True)] == ["Photo"]


def test_pages_are_followed_by_their_cursor_until_there_are_enough(server, civitai):
    for number in range(130):
        server.add_model(f"model {number}", content=b"")
    found = civitai.search(limit=120, sort="Oldest")
    assert [one.key for one in found] == [str(number) for number in range(1, 121)]
    assert [one.query["limit"] for one in server.api.requests] == [["100"], ["20"]]
    rest = civitai.search(limit=120, sort="Oldest", cursor=found.cursor)
    assert [one.key for one in rest] == [str(number) for number in range(121, 131)]
    assert rest.cursor == ""


def page(numbers, cursor):
    items = [{"id": number, "name": f"m{number}"} for number in numbers]
    return lambda handler, _: send_json(
        handler, {"items": items, "metadata": {"nextCursor": cursor}}
    )


def test_a_cursor_that_loops_is_an_error_and_not_a_loop(server, civitai):
    server.api.faults = [page([1], "a"), page([2], "b"), page([3], "a")]
    with pytest.raises(RemoteError, match="pages lead in a circle after 3 models"):
        civitai.search(limit=50)


def test_pages_that_bring_nothing_new_end_too(server, civitai):
    server.api.faults = [page([1], f"cursor {number}") for number in range(100)]
    with pytest.raises(RemoteError, match="pages lead in a circle after 1 models"):
        civitai.search(limit=50)
    assert len(server.api.requests) < 10


def test_an_entry_that_is_no_model_is_left_out_and_said(server, civitai):
    whole = server.add_model("Ink")
    items = [None, {"id": None}, {"id": -3}, [], whole, {"id": 2}]
    server.api.faults = [lambda handler, _: send_json(handler, {"items": items})]
    found = civitai.search()
    assert [one.name for one in found] == ["Ink", "model 2"]
    assert len(found.left_out) == 4
    assert "entry 1 of a page" in found.left_out[0]


def test_a_model_and_a_version_are_given_by_their_numbers(server, civitai):
    server.add_model("Ink", versions=3)
    assert len(civitai.model("1").versions) == 3
    version = civitai.version("101")
    assert (version.name, version.model_name, version.model) == ("v8.0", "Ink", "1")
    with pytest.raises(RemoteNotFoundError, match=r"under /api/v1/model-versions/999 \(Model not"):
        civitai.version("999")
    with pytest.raises(ConfigError, match=r"'../1' is not a number of CivitAI's"):
        civitai.model("../1")


def test_a_hash_finds_its_version_whatever_kind_it_is_of(server, civitai):
    server.add_model("Ink")
    server.add_model("Oil")
    for digest in civitai_server.hashes_of(server.contents[200]).values():
        assert civitai.by_hash(digest.lower()).model_name == "Oil"
    assert civitai.by_hash("0" * 10) is None


def test_many_hashes_are_asked_for_a_hundred_at_a_time(server, civitai):
    for number in range(120):
        server.add_model(f"m{number}", content=str(number).encode())
    known = [sha256(content).hexdigest() for content in server.contents.values()]
    unknown = [f"{number:064x}" for number in range(30)]
    short = civitai_server.hashes_of(server.contents[300])["AutoV2"]
    found = civitai.by_hashes([*known, *unknown, short, known[0].upper()])
    assert found.keys() == {*known, short, known[0].upper()}
    assert found[known[7]].model_name == "m7"
    assert found[short].model_name == "m2"
    asked = [one for one in server.api.requests if one.method == "POST"]
    assert [one.body.count(b'"') // 2 for one in asked] == [100, 50]
    assert civitai.by_hashes([]) == {}


@pytest.mark.parametrize("digest", ["", "xyz", "../../x", "a" * 65, "12 34567", None])
def test_what_is_no_hash_is_refused_before_anything_is_sent(server, civitai, digest):
    with pytest.raises(ConfigError, match="is not a hash: give 8 to 64 hexadecimal digits"):
        civitai.by_hash(digest)
    with pytest.raises(ConfigError, match="is not a hash"):
        civitai.by_hashes(["a" * 64, digest])
    assert not server.api.requests


@pytest.mark.parametrize(
    ("reference", "found"),
    [
        ("urn:air:sd1:lora:civitai:1@101", "v8.0"),
        ("air:sd1:lora:civitai:1@101", "v8.0"),
        ("civitai:1", "v9.0"),
        (" urn:air:sd1:lora:civitai:1@101+1010.safetensor ", "Ink.safetensors"),
        ("{site}/models/1/ink?modelVersionId=101", "v8.0"),
        ("{site}/models/1", "v9.0"),
        ("{site}/api/download/models/101?type=Model&format=SafeTensor", "v8.0"),
        ("{site}/model-versions/101", "v8.0"),
        ("https://civitai.com/models/1/ink", "v9.0"),
    ],
)
def test_an_address_or_an_air_names_a_version_or_a_file(server, civitai, reference, found):
    server.add_model("Ink", versions=2)
    assert civitai.find(reference.format(site=server.api.site)).name == found


@pytest.mark.parametrize(
    "reference",
    [
        "https://example.com/models/1",
        "https://civitai.com.example.com/models/1",
        "https://civitai.com/user/ada",
        "file:///models/1",
        "urn:air:sdxl:checkpoint:huggingface:org/name",
        "org/name",
        "http://[::1",
        "",
    ],
)
def test_other_addresses_are_not_civitais(server, civitai, reference):
    assert civitai.find(reference) is None
    assert not server.api.requests


def test_a_file_that_is_not_in_the_version_is_named_with_those_that_are(server, civitai):
    server.add_model("Ink")
    with pytest.raises(RemoteNotFoundError, match=r"no file 5; known: 1000 \(Ink.safetensors\)"):
        civitai.find("civitai:1@100+5")


def test_a_mirror_is_chosen_by_the_environment(server, monkeypatch):
    server.add_model("Ink")
    for url in (f"{server.url}/", server.api.site):
        monkeypatch.setenv("MEDIALAB_CIVITAI_URL", url)
        assert CivitAI().search()[0].name == "Ink"
    assert repr(CivitAI("https://civitai.com/api/v1")) == "CivitAI('https://civitai.com/api/v1')"


# --- damaged answers ---------------------------------------------------------------------------

ALL = [
    pytest.param(lambda source: source.search(), id="search"),
    pytest.param(lambda source: source.model("1"), id="model"),
    pytest.param(lambda source: source.version("100"), id="version"),
    pytest.param(lambda source: source.by_hash("a" * 64), id="hash"),
    pytest.param(lambda source: source.by_hashes(["a" * 64]), id="hashes"),
]


@pytest.mark.parametrize("ask", ALL)
@pytest.mark.parametrize(
    ("content", "kind", "message"),
    [
        (civitai_server.LOGIN_PAGE, "text/html", "a web page instead of data"),
        (b'{"items": [', "application/json", "broken answer"),
        (b"", "application/json", "broken answer"),
        (b"[" * 100_000, "application/json", "broken answer"),
        (b"\xff\xfe\x00", "application/json", "broken answer"),
        (b"null", "application/json", "does not answer with a"),
        (b'"text"', "application/json", "does not answer with a"),
        (b'{"error": "a thing"}', "application/json", "does not answer with a"),
    ],
)
def test_an_answer_that_cannot_be_read_is_a_named_error(
    server, civitai, ask, content, kind, message
):
    server.api.faults = [answering(content, kind)]
    with pytest.raises(RemoteError, match=message):
        ask(civitai)


@pytest.mark.parametrize("ask", ALL)
def test_nothing_is_sent_offline(server, civitai, ask, monkeypatch):
    monkeypatch.setenv("MEDIALAB_OFFLINE", "1")
    with pytest.raises(OfflineError, match="MEDIALAB_OFFLINE=1 forbids the network"):
        ask(civitai)
    assert not server.api.requests


@pytest.mark.parametrize("ask", ALL)
def test_a_server_that_is_not_there_is_told(ask):
    with pytest.raises(RemoteError, match=r"CivitAI \(127.0.0.1\) cannot be reached: \w"):
        ask(CivitAI("http://127.0.0.1:9/api/v1"))  # the system's number of the error is left out


def test_every_field_may_be_null_or_of_another_type(server, civitai):
    version = server.add_model("Ink")["modelVersions"][0]
    for wrong in (None, 7, "text", [], {}, [None], {"a": None}, True, -1, 1e308):
        answer = dict.fromkeys(version, wrong) | {"id": 100}
        server.api.faults = [lambda handler, _, answer=answer: send_json(handler, answer)]
        assert civitai.version("100").key == "100"
        file = dict.fromkeys(version["files"][0], wrong)
        answer = {"id": 100, "files": [file, wrong], "images": [wrong, {"url": wrong}]}
        server.api.faults = [lambda handler, _, answer=answer: send_json(handler, answer)]
        for one in civitai.version("100").files:
            assert one.sha256 is None
            civitai.request(one)


@pytest.mark.parametrize(
    ("field", "refused"),
    [
        ({"metadata": {"format": "PickleTensor"}}, "is a pickle, which can run any program"),
        ({"name": "ink.ckpt", "metadata": {"format": "SafeTensor"}}, "ink.ckpt is a pickle"),
        ({"virusScanResult": "Danger"}, "CivitAI's scan calls Ink.safetensors dangerous"),
        ({"metadata": {"format": "Core ML"}}, "of the format 'core ml'"),
        ({"type": "Training Data"}, "'training data' that the studio has no use for"),
    ],
)
def test_a_file_of_no_use_says_so_in_the_listing(server, civitai, field, refused):
    server.add_model("Ink", file=field)
    version = civitai.version("100")
    assert refused in version.files[0].refused
    assert version.primary is None


@pytest.mark.parametrize(
    ("where", "field", "restricted"),
    [
        ("model", {"mode": "Archived"}, "archived it"),
        ("model", {"mode": "TakenDown"}, "taken it down"),
        ("version", {"usageControl": "Generation"}, "use it on CivitAI only"),
    ],
)
def test_a_version_that_nobody_can_download_says_so(server, civitai, where, field, restricted):
    model = server.add_model("Ink")
    (model if where == "model" else model["modelVersions"][0]).update(field)
    version = civitai.version("100")
    assert restricted in version.restricted
    assert version.files[0].refused == version.restricted


def test_early_access_says_until_when(server, civitai):
    model = server.add_model("Ink")
    model["modelVersions"][0]["earlyAccessEndsAt"] = "2999-01-02T03:04:05.000Z"
    version = civitai.version("100")
    assert version.early_access_until == datetime(2999, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert "until 2999-01-02 03:04 UTC" in version.restricted
    assert version.primary is not None  # whoever paid may download it
    model["modelVersions"][0]["earlyAccessEndsAt"] = "2020-01-02T03:04:05.000Z"
    assert civitai.version("100").restricted == ""


# --- tokens, politeness, redirects -------------------------------------------------------------


def civitai_token(text):
    from medialab.remote.tokens import Token

    return Token(text, "CIVITAI_API_TOKEN")


def test_the_key_goes_in_a_header_and_in_no_address(server, monkeypatch):
    monkeypatch.setenv("CIVITAI_API_TOKEN", "k3y")
    CivitAI(server.url).search()
    (asked,) = server.api.requests
    assert asked.headers["Authorization"] == "Bearer k3y"
    assert "k3y" not in asked.raw


def test_a_wrong_key_is_told_without_being_repeated(server, monkeypatch):
    monkeypatch.setenv("CIVITAI_TOKEN", "k3y")
    server.api.faults = [status(401), status(403, "the key k3y has no right")]
    with pytest.raises(AccessError, match="API key in CIVITAI_TOKEN was sent") as error:
        CivitAI(server.url).search()
    assert "k3y" not in str(error.value)
    with pytest.raises(AccessError, match="the key … has no right"):
        CivitAI(server.url).search()


def test_without_a_key_the_message_says_how_to_get_one(server, civitai):
    with pytest.raises(AccessError, match=r"Make an API key .* set CIVITAI_API_TOKEN"):
        civitai.search(favorites=True)


@pytest.mark.parametrize("code", [429, 500, 502, 503, 504])
def test_a_busy_server_is_asked_again_after_the_time_it_names(server, civitai, code):
    server.add_model("Ink")
    server.api.faults = [status(code, Retry_After="0")] * 2
    assert len(civitai.search()) == 1
    assert len(server.api.requests) == 3


def test_a_long_wait_is_told_instead_of_waited(server, civitai):
    server.api.faults = [status(429, Retry_After="3600")]
    with pytest.raises(RemoteError, match="too many requests from here; try again in 60 minutes"):
        civitai.search()
    assert len(server.api.requests) == 1


def test_a_404_that_says_it_is_passing_is_asked_for_once_more(server, civitai):
    server.add_model("Ink")
    server.api.faults = [status(404, "not found", Cache_Control="no-store")]
    assert civitai.model("1").name == "Ink"
    server.api.faults = [status(404, "not found", Cache_Control="no-store")] * 2
    with pytest.raises(RemoteNotFoundError):
        civitai.model("1")


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("file:///etc/passwd", r"not of a web server \(file:\)"),
        ("ftp://127.0.0.1/x", r"not of a web server \(ftp:\)"),
        ("http://user:word@127.0.0.1/x", "a password in it"),
        ("/api/v1/models/1", "redirects in a circle"),
        ("", "redirects where it should answer"),
        ("http://[::1", "Invalid URL"),
    ],
)
def test_a_redirect_to_nowhere_good_is_refused(server, civitai, location, message):
    server.api.faults = [redirecting(location)] * 20
    with pytest.raises(RemoteError, match=message):
        civitai.model("1")


def test_a_key_is_not_sent_to_another_host_nor_on_the_way_back(server, monkeypatch):
    server.add_model("Ink")
    monkeypatch.setenv("CIVITAI_API_TOKEN", "k3y")
    back = f"{server.api.site}/api/v1/models/1?again"
    server.api.faults = [redirecting(f"{server.storage.site}/elsewhere")]
    server.storage.faults = [redirecting(back)]
    assert CivitAI(server.url).model("1").name == "Ink"
    sent = [one.headers["Authorization"] for one in server.api.requests + server.storage.requests]
    assert sent == ["Bearer k3y", None, None]


def test_neither_key_nor_address_is_in_a_log(server, monkeypatch, caplog):
    server.add_model("Ink")
    monkeypatch.setenv("CIVITAI_API_TOKEN", "k3y")
    caplog.set_level(0)
    for name in ("httpx", "httpcore"):
        caplog.set_level(0, name)
    CivitAI(server.url).search("Ink")
    assert "k3y" not in caplog.text
    assert server.api.site not in caplog.text


def test_content_of_a_lora_is_the_same_each_time():
    assert lora(3) == lora(3) != lora(4)


def test_a_hash_may_have_blanks_around_it(server, civitai):
    file = server.add_model("Ink")["modelVersions"][0]["files"][0]
    assert civitai.by_hash(f" {file['hashes']['AutoV2']}\n") is not None
