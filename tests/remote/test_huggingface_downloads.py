"""Folders and files of the Hugging Face hub on their way into models/, with the hub's faults."""

from pathlib import Path

import pytest

from medialab import Workbench
from medialab.errors import AccessError, DownloadError, ModelRefusedError, OfflineError, RemoteError
from medialab.files.hashes import HashCache
from medialab.listing.notes import read_notes
from medialab.remote import patience
from medialab.remote.huggingface import HuggingFace
from medialab.remote.tokens import Token
from tests.remote.civitai_server import answering, cut_after, lora, status
from tests.remote.hub_server import RIGHT, HubServer, commit_of

SECONDS = 30  # for a download that should take none
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def online(monkeypatch):
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_ENDPOINT", "HUGGING_FACE_HUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(patience, "CUT_WAITS", (0.0, 0.01, 0.01))


@pytest.fixture
def hub():
    with HubServer() as hub:
        yield hub


@pytest.fixture
def source(hub):
    return HuggingFace(hub.url)


@pytest.fixture(scope="module")
def doll(tiny_models):
    """The files of a real, tiny diffusers folder, and what lies beside in a repository."""
    folder = tiny_models / "checkpoints" / "paperdoll"
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
    return {**files, "README.md": b"# Doll", "run.py": b"import os", "unet/old.bin": b"a pickle"}


def names(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def failed(download, kind):
    error = download.wait(SECONDS).error
    assert isinstance(error, kind), repr(error)
    return str(error)


def test_a_repository_becomes_a_folder_that_draws_is_listed_and_says_where_it_is_from(
    hub, source, doll, models, tmp_path
):
    hub.add("ada/doll", doll, cardData={"license": "mit"})
    with Workbench(models, tmp_path / "outputs", device="cpu") as bench:
        path = bench.download(source.version("ada/doll"), kind="checkpoint").result(SECONDS)
        assert path == models / "checkpoints" / "doll"
        assert not [one for one in names(path) if one.endswith((".py", ".bin", ".md"))]
        info = bench.registry.find("doll", "checkpoint")
        assert (info.family, info.refused) == ("paperdoll", None)
        note = f"From {hub.url}/ada/doll ({commit_of('ada/doll')}, licence mit)"
        assert bench.notes(info).notes == note


def test_a_single_file_lands_in_the_folder_of_its_kind(hub, source, downloads, models):
    hub.add("ada/ink", {"pytorch_lora_weights.safetensors": lora()}, tags=["lora"])
    path = downloads.start(source.version("ada/ink")).result(SECONDS)
    assert path == models / "loras" / "ink.safetensors"
    assert path.read_bytes() == lora()
    assert read_notes(path).notes.startswith(f"From {hub.url}/ada/ink")


def test_a_found_model_is_downloaded_with_its_size_and_hash(hub, source, downloads):
    hub.add("ada/ink", {"ink.safetensors": lora()}, tags=["lora"])
    download = downloads.start(source.search("ink")[0])
    assert download.result(SECONDS).name == "ink.safetensors"
    assert download.files[0].sha256


def test_the_token_goes_to_the_hub_and_not_to_its_storage(hub, downloads):
    hub.add("ada/flux", {"flux.safetensors": lora()}, gated="auto", tags=["lora"])
    signed_in = HuggingFace(hub.url, Token(RIGHT, "HF_TOKEN"))
    downloads.start(signed_in.version("ada/flux")).result(SECONDS)
    assert {one.headers.get("Authorization") for one in hub.api.requests} == {f"Bearer {RIGHT}"}
    assert {one.headers.get("Authorization") for one in hub.storage.requests} == {None}


def test_a_gated_file_is_refused_with_what_to_do(hub, source, downloads, models):
    hub.add("ada/flux", {"flux.safetensors": lora()}, gated="auto", tags=["lora"])
    for asking, words in (
        (source, "set HF_TOKEN to it"),
        (HuggingFace(hub.url, Token("wrong", "HF_TOKEN")), "The token in HF_TOKEN was sent"),
    ):
        told = failed(downloads.start(asking.version("ada/flux")), AccessError)
        assert f"sign in and do so at {hub.url}/ada/flux" in told
        assert words in told
        assert "wrong" not in told
    assert names(models) <= {"loras/flux.safetensors.part", "loras/flux.safetensors.part.json"}


def test_a_cut_is_gone_on_with(hub, source, downloads):
    content = lora(rank=1000)
    hub.add("ada/ink", {"ink.safetensors": content}, tags=["lora"])
    hub.storage.faults += [cut_after(400_000), status(500), status(429, Retry_After="0")]
    path = downloads.start(source.version("ada/ink")).result(SECONDS)
    assert path.read_bytes() == content
    assert hub.storage.requests[-1].headers["Range"] == "bytes=400000-"


def test_a_folder_of_which_a_file_fails_is_not_there_and_goes_on_later(
    hub, source, doll, downloads, models
):
    hub.add("ada/doll", doll)
    hub.storage.faults += [answering(b"x", code=418)]
    download = downloads.start(source.version("ada/doll"), kind="checkpoint")
    failed(download, RemoteError)
    assert not (models / "checkpoints" / "doll").exists()
    asked = len(hub.api.requests)
    download.resume()
    assert download.result(SECONDS) == models / "checkpoints" / "doll"
    again = {one.path for one in hub.api.requests[:asked]} & {
        one.path for one in hub.api.requests[asked:]
    }
    assert len(again) <= 2  # the file that failed, and the listing


def test_another_content_than_listed_is_never_kept(hub, source, downloads, models):
    hub.add("ada/ink", {"ink.safetensors": lora(1)}, tags=["lora"])
    version = source.version("ada/ink")
    hub.contents["ada/ink", "ink.safetensors"] = lora(2)
    assert "another content" in failed(downloads.start(version), DownloadError)
    assert "loras/ink.safetensors" not in names(models)


def test_a_commit_stays_the_same_when_the_branch_moves(hub, source, downloads):
    hub.add("ada/ink", {"ink.safetensors": lora()}, tags=["lora"])
    version = source.version("ada/ink")
    downloads.start(version).result(SECONDS)
    asked = [one.path for one in hub.api.requests if "/resolve/" in one.path]
    assert asked == [f"/ada/ink/resolve/{commit_of('ada/ink')}/ink.safetensors"]


def test_pickles_only_are_refused_before_the_first_byte(hub, source, doll, downloads):
    files = {name.replace(".safetensors", ".bin"): content for name, content in doll.items()}
    hub.add("ada/old", files)
    with pytest.raises(ModelRefusedError, match="pickle"):
        downloads.start(source.version("ada/old"))
    assert not hub.storage.requests


def test_offline_a_download_is_not_begun(hub, source, downloads, monkeypatch):
    hub.add("ada/ink", {"ink.safetensors": lora()}, tags=["lora"])
    version = source.version("ada/ink")
    asked = len(hub.api.requests)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(OfflineError, match="HF_HUB_OFFLINE=1"):
        downloads.start(version).result(SECONDS)
    assert len(hub.api.requests) == asked


def changed(files, name="unet/diffusion_pytorch_model.safetensors"):
    """The same files in the same sizes, with one bit of the weights changed."""
    content = bytearray(files[name])
    content[-1] ^= 1
    return {**files, name: bytes(content)}


def test_another_model_of_the_same_name_and_sizes_is_not_taken_for_it(
    hub, source, doll, downloads, models
):
    hub.add("ada/doll", doll)
    hub.add("bob/doll", changed(doll))
    paths = [
        downloads.start(source.version(f"{one}/doll"), kind="checkpoint").result(SECONDS)
        for one in ("ada", "bob", "ada", "bob")
    ]
    folder = models / "checkpoints"
    assert paths == [folder / "doll", folder / "doll-2"] * 2
    weights = "unet/diffusion_pytorch_model.safetensors"
    assert (folder / "doll" / weights).read_bytes() == doll[weights]
    assert (folder / "doll-2" / weights).read_bytes() == changed(doll)[weights]


def test_a_folder_that_was_killed_as_it_got_its_name_still_tells_whose_it_is(
    hub, source, doll, downloads, models, monkeypatch
):
    hub.add("ada/doll", doll)
    hub.add("bob/doll", changed(doll))

    def killed(self, target):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", killed)
        downloads.start(source.version("ada/doll"), kind="checkpoint").wait(SECONDS)
    path = downloads.start(source.version("bob/doll"), kind="checkpoint").result(SECONDS)
    weights = "unet/diffusion_pytorch_model.safetensors"
    assert (path / weights).read_bytes() == changed(doll)[weights]
    assert not [one for one in names(path) if one.startswith(".")]


@pytest.mark.parametrize("more", [-500, -1, 1, 500])
def test_a_file_without_a_listed_hash_has_its_listed_size_to_the_byte(
    hub, source, doll, downloads, models, more
):
    config = doll["unet/config.json"]
    sent = config[:more] if more < 0 else config + b" " * more
    hub.add("ada/doll", doll)
    version = source.version("ada/doll")

    def of_no_told_length(handler, usual):
        if not handler.place.endswith("unet/config.json"):
            return usual()
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Connection", "close")
        handler.end_headers()
        handler.wfile.write(sent)
        handler.close_connection = True
        return None

    hub.api.faults += [of_no_told_length] * 30
    download = downloads.start(version, kind="checkpoint")
    failed(download, RemoteError)
    assert not (models / "checkpoints" / "doll").exists()


def test_a_folder_whose_hashes_are_known_is_not_read_to_compare_it(
    hub, source, doll, downloads, monkeypatch
):
    hub.add("ada/doll", doll)
    version = source.version("ada/doll")
    path = downloads.start(version, kind="checkpoint").result(SECONDS)
    hashes = downloads._fetching._hashes
    for file in path.rglob("*.safetensors"):
        hashes.sha256(file)
    monkeypatch.setattr(HashCache, "digests", None)
    again = downloads.start(version, kind="checkpoint")
    assert again.result(SECONDS) == path
    assert again.told == "doll was there already"
