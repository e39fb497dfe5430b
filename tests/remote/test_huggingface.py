"""The Hugging Face hub, against a server on this machine that speaks its API, with its faults."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pandas as pd
import pytest

from medialab.errors import (
    AccessError,
    ConfigError,
    OfflineError,
    RemoteError,
    RemoteNotFoundError,
)
from medialab.listing.notes import read_notes, write_notes
from medialab.remote.huggingface import HuggingFace
from medialab.remote.tokens import Token
from tests.remote.civitai_server import answering, lora, status
from tests.remote.hub_server import RIGHT, HubServer, commit_of, diffusers_files


@pytest.fixture(autouse=True)
def online(monkeypatch):
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_ENDPOINT", "HUGGING_FACE_HUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def hub():
    with HubServer() as hub:
        yield hub


@pytest.fixture
def source(hub):
    return HuggingFace(hub.url)


@pytest.fixture
def signed_in(hub):
    return HuggingFace(hub.url, Token(RIGHT, "HF_TOKEN"))


LORA = {
    "tags": ["lora", "diffusers", "license:mit", "base_model:adapter:stabilityai/sdxl"],
    "pipeline_tag": "text-to-image",
    "cardData": {
        "license": "mit",
        "base_model": "stabilityai/sdxl",
        "instance_prompt": "ink style, wash",
        "widget": [{"text": "a cat", "output": {"url": "images/cat.png"}}, {"text": "x"}],
    },
}


def test_a_search_lists_models_with_words_licence_and_base(hub, source):
    hub.add("ada/ink", {"ink.safetensors": lora()}, **LORA)
    (model,) = source.search("ink")
    assert (model.key, model.name, model.kind, model.creator) == ("ada/ink", "ink", "lora", "ada")
    assert (model.licence, model.base_model) == ("mit", "stabilityai/sdxl")
    assert (model.trained_words, model.downloads, model.likes) == (("ink style", "wash"), 12, 3)
    assert model.published == datetime(2026, 5, 20, 9, 30, tzinfo=UTC)
    assert model.page == f"{hub.url}/ada/ink"
    assert model.facts["aFieldOfTomorrow"] == {"deep": [1]}
    assert list(pd.DataFrame(source.search()).name) == ["ink"]


def test_a_found_version_gets_its_files_by_its_key(hub, source):
    hub.add("ada/ink", {"ink.safetensors": lora()}, **LORA)
    (listed,) = source.search()[0].versions
    assert (listed.key, listed.files) == (f"ada/ink@{commit_of('ada/ink')}", ())
    assert source.version(listed.key).primary.sha256 == sha256(lora()).hexdigest()


def test_pages_are_followed_by_cursor_and_a_search_goes_on_where_one_ended(hub, source):
    for number in range(230):
        hub.add(f"ada/model-{number}", {})
    found = source.search(limit=230)
    assert len({one.key for one in found}) == 230
    assert [one.query["limit"] for one in hub.api.requests] == [["100"], ["100"], ["30"]]
    first = source.search(limit=3)
    then = source.search(limit=3, cursor=first.cursor)
    assert [one.name for one in (*first, *then)] == [f"model-{number}" for number in range(6)]


def test_every_filter_is_sent_in_the_hubs_words(hub, source):
    source.search(
        "ink",
        author="ada",
        library="diffusers",
        task="text-to-image",
        tags=["lora", "style"],
        base_model="org/base",
        licence="mit",
        access="gated",
        sort="created_at",
    )
    query = hub.api.requests[0].query
    assert query["filter"] == ["lora", "style", "diffusers", "base_model:org/base", "license:mit"]
    assert query["author"] == ["ada"]
    assert query["pipeline_tag"] == ["text-to-image"]
    assert (query["gated"], query["sort"], query["search"]) == (["true"], ["createdAt"], ["ink"])
    with pytest.raises(ConfigError, match=r"no filter 'tag'; known: .*Did you mean 'tags'"):
        source.search(tag="lora")
    with pytest.raises(ConfigError, match="access has no value 'shut'; known: open, gated"):
        source.search(access="shut")


def test_pages_that_lead_in_a_circle_end_with_an_error(hub, source):
    page = json.dumps([{"id": "ada/ink"}]).encode()
    link = f'<{hub.url}/api/models?cursor=a>; rel="next"'
    hub.api.faults += [answering(page, Link=link)] * 3
    with pytest.raises(RemoteError, match="lead in a circle after 1 models"):
        source.search()


def test_a_link_to_another_host_is_never_followed(hub, source):
    page = json.dumps([{"id": "ada/ink"}]).encode()
    hub.api.faults.append(answering(page, Link='<http://127.0.0.1:9/x?cursor=7>; rel="next"'))
    hub.add("ada/pen", {})
    source.search()
    assert [one.query.get("cursor") for one in hub.api.requests] == [None, ["7"]]


def test_broken_entries_are_left_out_with_the_reason(hub, source):
    page = [{"id": "ada/ink", "tags": 3, "cardData": [], "likes": "many"}, 5, {"id": None}]
    hub.api.faults.append(answering(json.dumps(page).encode()))
    found = source.search()
    assert [one.key for one in found] == ["ada/ink"]
    assert found.left_out == tuple(
        f"entry {place} of a page is not a model with a name" for place in (2, 3)
    )
    hub.api.faults.append(answering(b'{"error": "no"}'))
    with pytest.raises(RemoteError, match="does not answer with a list"):
        source.search()


def test_a_diffusers_repository_is_one_folder_at_its_commit(hub, source):
    files = diffusers_files(b"heavy")
    hub.add("ada/doll", files, tags=["diffusers"])
    version = source.version("ada/doll")
    commit = commit_of("ada/doll")
    assert version.is_folder
    assert (version.key, version.kind, version.model_name) == (
        f"ada/doll@{commit}",
        "checkpoint",
        "doll",
    )
    by_name = {one.name: one for one in version.files}
    assert "model_index.json" in by_name
    assert not [one for one in by_name if one.endswith((".ckpt", ".py", ".md", ".onnx", ".bin"))]
    assert "doll.safetensors" not in by_name
    weights = by_name["unet/diffusion_pytorch_model.safetensors"]
    assert (weights.size_bytes, weights.sha256) == (5, sha256(b"heavy").hexdigest())
    assert by_name["unet/config.json"].hashes == {}
    assert all(one.refused is None for one in version.files)


def test_variants_of_the_weights_are_versions(hub, source):
    hub.add("ada/doll", diffusers_files(variants=("", "fp16")))
    model = source.model("ada/doll")
    commit = commit_of("ada/doll")
    assert [one.key for one in model.versions] == [
        f"ada/doll@{commit}",
        f"ada/doll@{commit}:fp16",
    ]
    again = source.version(model.versions[1].key)
    assert again.files == model.versions[1].files
    assert "vae/diffusion_pytorch_model.fp16.safetensors" in {one.name for one in again.files}


def test_a_repository_with_pickles_only_is_listed_and_refused(hub, source):
    files = diffusers_files(ending="bin")
    del files["doll.safetensors"]
    hub.add("ada/old", files)
    version = source.version("ada/old")
    assert not version.is_folder
    assert version.primary is None
    refused = {one.key: one.refused for one in version.files}
    assert "pickle" in refused["doll.ckpt"]
    assert "pickle" in refused["unet/diffusion_pytorch_model.bin"]
    assert refused["modeling_doll.py"] == "the studio has no use for a .py file"


def test_a_single_file_is_the_one_named_after_its_repository_else_the_largest(hub, source):
    files = {
        "small.safetensors": b"s",
        "large.safetensors": b"large",
        "README.md": b"",
        "a.txt": b"",
    }
    hub.add("ada/many", files, **LORA)
    version = source.version("ada/many")
    assert (version.primary.name, version.primary.kind) == ("large.safetensors", "lora")
    assert {one.key for one in version.files if one.refused is None} == {
        "small.safetensors",
        "large.safetensors",
    }
    hub.add("ada/small", files)
    assert source.version("ada/small").primary.name == "small.safetensors"


def test_a_file_whose_name_says_nothing_gets_its_repositorys(hub, source):
    hub.add("ada/ink-style", {"pytorch_lora_weights.safetensors": lora()}, **LORA)
    file = source.version("ada/ink-style").primary
    assert (file.name, file.key) == ("ink-style.safetensors", "pytorch_lora_weights.safetensors")
    assert source.request(file).url.endswith("/pytorch_lora_weights.safetensors")


def test_pictures_of_the_card_lie_in_the_repository_and_nowhere_else(hub, source):
    card = {"widget": [{"output": {"url": one}} for one in ("a.png", "../b.png", "http://x/c.png")]}
    hub.add("ada/ink", {"ink.safetensors": lora()}, cardData=card)
    (picture,) = source.version("ada/ink").pictures
    assert picture.url == f"{hub.url}/ada/ink/resolve/{commit_of('ada/ink')}/a.png"


def test_names_that_lead_out_of_the_repository_are_refused(hub, source):
    names = ["../../evil.safetensors", "/etc/x.safetensors", "a\\..\\b.safetensors"]
    hub.add("ada/evil", {**dict.fromkeys(names, b"x"), "fine.safetensors": b"fine"})
    files = {one.key: one for one in source.files("ada/evil")}
    for name in names:
        assert files[name].refused == "its name leads out of its folder"
        with pytest.raises(RemoteError, match="leads out"):
            source.request(files[name])
    assert source.version("ada/evil").primary.name == "fine.safetensors"


def test_a_request_is_for_the_commit_and_carries_the_token_unseen(hub, signed_in):
    hub.add("ada/ink", {"a b.safetensors": lora()})
    file = signed_in.version("ada/ink@main").primary
    request = signed_in.request(file)
    assert request.url == f"{hub.url}/ada/ink/resolve/{commit_of('ada/ink')}/a%20b.safetensors"
    assert RIGHT not in repr((request, signed_in, file))


@pytest.mark.parametrize(
    ("reference", "key"),
    [
        ("ada/ink", ""),
        ("ada/ink@v1", ""),
        ("{}/ada/ink", ""),
        ("{}/ada/ink/tree/main", ""),
        ("https://huggingface.co/ada/ink", ""),
        ("hf://ada/ink@v1", ""),
        ("{}/ada/ink/blob/main/sub/ink.safetensors", "sub/ink.safetensors"),
        ("{}/ada/ink/resolve/v1/sub/ink.safetensors?download=true", "sub/ink.safetensors"),
    ],
)
def test_what_people_paste_is_found(hub, source, reference, key):
    hub.add("ada/ink", {"sub/ink.safetensors": lora()})
    found = source.find(reference.format(hub.url))
    assert found.key == (key or f"ada/ink@{commit_of('ada/ink')}")
    if key:
        assert (found.name, found.refused) == ("ink.safetensors", None)


@pytest.mark.parametrize(
    "reference",
    ["ink", "https://civitai.com/models/1", "urn:air:sd1:lora:civitai:1@2", "C:\\a/b", "http://["],
)
def test_what_is_not_of_the_hub_is_left_to_others_without_asking(hub, source, reference):
    assert source.find(reference) is None
    assert not hub.api.requests


def test_a_data_set_and_a_file_that_is_not_there_are_named(hub, source):
    with pytest.raises(ConfigError, match="is a dataset, not a model"):
        source.find("https://huggingface.co/datasets/ada/cats")
    hub.add("ada/ink", {})
    with pytest.raises(RemoteNotFoundError, match=r"ada/ink@main has no file 'x\.safetensors'"):
        source.find(f"{hub.url}/ada/ink/blob/main/x.safetensors")


@pytest.mark.parametrize(
    "key",
    [
        "",
        "ink/",
        "a/b/c",
        "../x",
        "ada/ink@a b",
        "ada--x/..",
        "ada/ink@..",
        "ada/ink@a//b",
        "ada/ink@./x",
    ],
)
def test_what_is_no_repository_is_refused_without_asking(hub, source, key):
    with pytest.raises(ConfigError, match="is no repository"):
        source.version(key)
    assert not hub.api.requests


def test_a_gated_repository_says_what_to_do(hub, source, signed_in):
    hub.add("ada/flux", {"flux.safetensors": lora()}, gated="manual")
    version = source.version("ada/flux")
    for said in ("accept", f"{hub.url}/ada/flux", "set HF_TOKEN"):
        assert said in version.restricted
    assert "HF_TOKEN" not in signed_in.version("ada/flux").restricted
    for asking, words in ((source, "set HF_TOKEN"), (signed_in, "The token in HF_TOKEN was sent")):
        told = asking.refusal(version.primary, 403, {})
        assert f"sign in and do so at {hub.url}/ada/flux. " in told
        assert words in told


def test_a_private_repository_and_one_that_is_not_there_say_what_to_do(hub, source, signed_in):
    hub.add("ada/secret", {"secret.safetensors": lora()}, private=True)
    with pytest.raises(AccessError) as told:
        source.version("ada/secret")
    for said in ("'ada/secret'", "check its name", "an account that may see it", "HF_TOKEN"):
        assert said in str(told.value)
    assert signed_in.version("ada/secret").restricted == "it is private"
    with pytest.raises(RemoteNotFoundError, match="no model 'ada/none', or it is private"):
        signed_in.version("ada/none")
    with pytest.raises(RemoteNotFoundError, match="no model 'ada/secret' at 'v9'"):
        signed_in.version("ada/secret@v9")


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (status(429, Retry_After="7200"), "too many requests from here; try again in 2 hours"),
        (answering(b"<html>down</html>", "text/html"), "web page instead of data"),
        (answering(b'{"id": "ada/ink"'), "not JSON"),
        (answering(b'{"id": "ada/ink", "siblings": []}'), "which commit"),
        (answering(b"[]"), "does not answer with a repository"),
    ],
)
def test_a_broken_answer_is_named(hub, source, fault, message):
    hub.add("ada/ink", {})
    hub.api.faults.append(fault)
    with pytest.raises(RemoteError, match=message):
        source.version("ada/ink")


def test_a_server_that_fails_is_asked_again(hub, source):
    hub.add("ada/ink", {"ink.safetensors": lora()})
    hub.api.faults += [
        status(500, Retry_After="0"),
        status(503, Retry_After="0"),
        status(429, Retry_After="0"),
    ]
    assert source.version("ada/ink").primary.name == "ink.safetensors"


@pytest.mark.parametrize("variable", ["MEDIALAB_OFFLINE", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"])
def test_offline_nothing_is_sent(hub, source, monkeypatch, variable):
    hub.add("ada/ink", {"ink.safetensors": lora()})
    file = source.version("ada/ink").primary
    sent = len(hub.api.requests)
    monkeypatch.setenv(variable, "1")
    for ask in (source.search, lambda: source.model("ada/ink"), lambda: source.request(file)):
        with pytest.raises(OfflineError, match=f"{variable}=1"):
            ask()
    assert len(hub.api.requests) == sent


def test_the_endpoint_and_the_token_come_from_the_environment(hub, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", f"{hub.url}/")
    monkeypatch.setenv("HF_TOKEN", RIGHT)
    hub.add("ada/secret", {"secret.safetensors": lora()}, private=True)
    assert HuggingFace().version("ada/secret").primary is not None
    monkeypatch.delenv("HF_ENDPOINT")
    assert repr(HuggingFace()) == "HuggingFace('https://huggingface.co')"


def test_where_a_model_comes_from_is_noted_and_a_persons_notes_stay(hub, source, tmp_path):
    hub.add("ada/ink", {"ink.safetensors": lora()}, **LORA)
    version = source.version("ada/ink")
    path = tmp_path / "ink.safetensors"
    path.write_bytes(lora())
    source.note(path, version)
    found = read_notes(path)
    commit = commit_of("ada/ink")
    assert found.notes == f"From {hub.url}/ada/ink ({commit}, licence mit)"
    assert found.trained_words == ("ink style", "wash")
    write_notes(path, {"notes": "mine", "trained_words": "my ink"})
    source.note(path, version)
    assert read_notes(path).notes == "mine"
    path.unlink()
    with pytest.raises(OSError, match="no model"):
        source.note(path, version)


def test_nothing_is_written_to_the_hubs_own_folders(hub, tmp_path):
    """Neither its cache nor a token, not even by importing the library."""
    hub.add("ada/ink", {"ink.safetensors": lora()})
    code = (
        "from medialab.remote.huggingface import HuggingFace\n"
        f"source = HuggingFace({hub.url!r})\n"
        "print(source.search('ink')[0].key, source.request(source.find('ada/ink').primary).url)"
    )
    environment = {"HOME": str(tmp_path), "HF_HOME": str(tmp_path / "hf"), "PATH": ""}
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
        cwd=Path(__file__).resolve().parents[2],
    )
    assert done.stdout.startswith("ada/ink http://127.0.0.1")
    assert done.stderr == ""
    assert not [*tmp_path.iterdir()]
    assert {one.path.split("/")[1] for one in hub.api.requests} == {"api"}
