"""Downloads against a real server with every fault: what is left, and what is said."""

import json
import signal
import threading
import traceback
from dataclasses import replace
from hashlib import sha256
from types import SimpleNamespace

import pytest

from medialab import Workbench
from medialab.errors import (
    AccessError,
    CancelledError,
    ConfigError,
    DownloadError,
    MediaLabError,
    ModelRefusedError,
    OfflineError,
    RemoteError,
    RemoteNotFoundError,
)
from medialab.files.hashes import HashCache
from medialab.remote import patience
from medialab.remote.downloads import Downloads
from medialab.remote.parts import part_of
from tests.remote import civitai_server
from tests.remote.civitai_server import (
    answering,
    cut_after,
    held_after,
    ignoring_ranges,
    login_page,
    lora,
    redirecting,
    safetensors,
    send,
    slowly,
    status,
)

SECONDS = 30  # for a download that should take none
BIG = lora(5, rank=1000)  # 1.5 MB


@pytest.fixture(autouse=True)
def in_no_time(monkeypatch):
    """Broken connections are tried again at once."""
    monkeypatch.setattr(patience, "CUT_WAITS", (0.0, 0.01, 0.01))


@pytest.fixture
def version(server, civitai):
    """Adds a model with this content, and gives its version."""

    def added(content=None, **how):
        model = server.add_model("Ink", content=BIG if content is None else content, **how)
        return civitai.version(str(model["modelVersions"][0]["id"]))

    return added


def names(models):
    return sorted(
        path.relative_to(models).as_posix() for path in models.rglob("*") if path.is_file()
    )


def parts(models):
    return [name for name in names(models) if ".part" in name]


def failed(download, kind=RemoteError):
    """The message of a download that fails."""
    error = download.wait(SECONDS).error
    assert isinstance(error, kind), repr(error)
    assert download.state == "failed"
    return str(error)


def test_a_download_lands_in_the_folder_of_its_kind_with_its_notes(version, downloads, models):
    download = downloads.start(version(words=["ink style"]))
    path = download.result(SECONDS)
    assert path == models / "loras" / "Ink.safetensors"
    assert path.read_bytes() == BIG
    assert names(models) == ["loras/Ink.civitai.info", "loras/Ink.safetensors"]
    noted = json.loads((models / "loras" / "Ink.civitai.info").read_text())
    assert (noted["trainedWords"], noted["model"]["type"]) == (["ink style"], "LORA")
    assert (download.state, download.done, download.total) == ("done", len(BIG), len(BIG))


def test_a_workbench_downloads_and_lists_what_came(server, tmp_path):
    server.add_model("Ink", words=["ink style"])
    with Workbench(tmp_path / "models", tmp_path / "outputs", device="cpu") as fresh:
        assert fresh.models("lora") == []
        (found,) = fresh.remote("civitai", base_url=server.url).search("ink")
        path = fresh.download(found, preview=True).result(SECONDS)
        (info,) = fresh.models("lora")
        # Its hash is known from the download: no gigabytes are read again.
        assert fresh.registry.known_sha256(info) == found.versions[0].primary.sha256
        assert (info.path, info.refused) == (path, None)
        assert path.with_name("Ink.preview.png").exists()
        assert [one.state for one in fresh.downloads] == ["done"]
        # A search lists less of a version than `.civitai.info` has: it is asked for.
        assert json.loads(path.with_name("Ink.civitai.info").read_text())["model"]["name"] == "Ink"


def test_what_is_there_already_is_said_and_not_fetched(version, downloads, models, server):
    (models / "loras" / "mine").mkdir(parents=True)
    (models / "loras" / "mine" / "other name.safetensors").write_bytes(BIG)
    download = downloads.start(version())
    assert download.result(SECONDS).name == "other name.safetensors"
    assert download.told == "other name.safetensors was there already, with the same content"
    assert not server.storage.requests


def test_what_another_program_has_is_said_and_not_fetched(server, tmp_path):
    server.add_model("Ink", content=BIG)
    theirs = tmp_path / "ComfyUI" / "models"
    (theirs / "checkpoints").mkdir(parents=True)
    (theirs / "loras").mkdir()
    (theirs / "text_encoders").mkdir()
    (theirs / "loras" / "their ink.safetensors").write_bytes(BIG)
    folders = [tmp_path / "models", theirs]
    with Workbench(folders, tmp_path / "outputs", device="cpu") as bench:
        version = bench.remote("civitai", base_url=server.url).version("100")
        download = bench.download(version)
        assert download.result(SECONDS) == theirs / "loras" / "their ink.safetensors"
        assert download.told == (
            f"their ink.safetensors was there already in {theirs / 'loras'}, with the same content"
        )
        assert not server.storage.requests
        # Without a listed hash it is fetched, and found to be there: nothing is left of it.
        unlisted = replace(version.files[0], hashes={})
        assert bench.download(unlisted).result(SECONDS).parent == theirs / "loras"
        assert bench.download(unlisted).state != "failed"
    assert [path.name for path in (theirs / "loras").iterdir()] == ["their ink.safetensors"]
    assert not list((tmp_path / "models").rglob("*.part*"))


def test_another_file_of_that_name_stays_and_the_new_one_is_numbered(version, downloads, models):
    (models / "loras").mkdir()
    (models / "loras" / "Ink.safetensors").write_bytes(b"mine")
    download = downloads.start(version())
    assert download.result(SECONDS).name == "Ink-2.safetensors"
    assert (models / "loras" / "Ink.safetensors").read_bytes() == b"mine"
    assert "so it is called Ink-2.safetensors" in download.told


def test_without_a_listed_hash_the_content_decides_afterwards(version, downloads, models):
    (models / "loras").mkdir()
    (models / "loras" / "Ink.safetensors").write_bytes(BIG)
    download = downloads.start(version(file={"hashes": None}))
    assert download.result(SECONDS).name == "Ink.safetensors"
    assert "was there already" in download.told
    assert not parts(models)


def test_the_content_decides_over_the_listed_kind(version, downloads, models):
    download = downloads.start(version(kind="Checkpoint"))
    assert download.result(SECONDS).parent.name == "loras"
    assert download.told == "it is listed as checkpoint, and its content is that of a lora"


def test_a_kind_that_nobody_tells_is_asked_for_and_what_came_is_kept(version, downloads, models):
    unknown = safetensors({"something.weight": (4, 4)})
    listed = version(unknown, kind="LORA").files[0]
    file = replace(listed, kind="", refused=None)
    said = failed(downloads.start(file), DownloadError)
    assert "say it: kind=… with one of checkpoint, lora" in said
    assert downloads.start(file, kind="upscaler").result(SECONDS).parent.name == "upscalers"


# --- the connection ----------------------------------------------------------------------------


def ranges(server):
    return [one.headers["Range"] for one in server.storage.requests]


def test_a_cut_is_continued_where_it_was(version, downloads, server):
    server.storage.faults = [cut_after(100_000), cut_after(200_000)]
    assert downloads.start(version()).result(SECONDS).read_bytes() == BIG
    assert ranges(server) == [None, "bytes=100000-", "bytes=300000-"]
    assert all(one.headers["If-Range"] for one in server.storage.requests[1:])


def test_a_connection_that_keeps_breaking_is_told_and_the_part_is_kept(
    version, downloads, server, models
):
    server.storage.faults = [cut_after(100_000), *[cut_after(0)] * 10]
    download = downloads.start(version())
    said = failed(download)
    assert "cannot be reached" in said or "does not answer" in said
    assert parts(models) == ["loras/Ink.safetensors.part", "loras/Ink.safetensors.part.json"]
    assert (models / "loras" / "Ink.safetensors.part").stat().st_size == 100_000
    assert download.done == 100_000
    server.storage.faults.clear()
    server.storage.requests.clear()
    download.resume()
    assert download.result(SECONDS).read_bytes() == BIG
    assert ranges(server) == ["bytes=100000-"]
    assert not parts(models)


def test_the_facts_of_a_part_have_neither_address_nor_token(
    version, downloads, server, models, monkeypatch
):
    monkeypatch.setenv("CIVITAI_API_TOKEN", "k3y")
    server.storage.faults = [cut_after(100_000), *[cut_after(0)] * 10]
    failed(downloads.start(version()))
    text = (models / "loras" / "Ink.safetensors.part.json").read_text()
    assert json.loads(text)["sha256"] == sha256(BIG).hexdigest()
    assert not [word for word in ("k3y", "http", "127.0.0.1", "sig") if word in text]


def test_another_queue_continues_what_one_has_left(version, downloads, server, models):
    server.storage.faults = [cut_after(100_000), *[cut_after(0)] * 10]
    listed = version()
    failed(downloads.start(listed))
    server.storage.requests.clear()
    server.storage.faults.clear()
    second = Downloads(models, HashCache())
    try:
        assert second.start(listed).result(SECONDS).read_bytes() == BIG
    finally:
        second.close()
    assert ranges(server) == ["bytes=100000-"]


def test_a_whole_answer_to_a_range_request_starts_over(version, downloads, server):
    server.storage.faults = [cut_after(100_000), ignoring_ranges]
    assert downloads.start(version()).result(SECONDS).read_bytes() == BIG
    assert ranges(server) == [None, "bytes=100000-"]


@pytest.mark.parametrize("first", [True, False])
def test_with_a_listed_hash_a_rest_is_taken_though_one_answer_has_no_etag(
    version, downloads, server, first
):
    """As of two servers behind one address: what came before is not fetched again."""
    server.etags = first

    def of_the_other(handler, usual):
        server.etags = not first
        del handler.headers["If-Range"]
        usual()

    server.storage.faults = [cut_after(100_000), of_the_other]
    assert downloads.start(version()).result(SECONDS).read_bytes() == BIG
    assert ranges(server) == [None, "bytes=100000-"]


def test_a_file_that_changed_meanwhile_starts_over(version, downloads, server):
    listed = version(file={"hashes": {}})
    other = lora(6, rank=1000)

    def changed(handler, usual):
        server.contents[100] = other
        usual()

    server.storage.faults = [cut_after(100_000), changed]
    assert downloads.start(listed).result(SECONDS).read_bytes() == other


def test_without_etag_and_hash_nothing_is_continued(version, downloads, server):
    server.etags = False
    server.storage.faults = [cut_after(100_000), *[cut_after(0)] * 10]
    download = downloads.start(version(file={"hashes": {}}))
    failed(download)
    server.storage.faults.clear()
    server.storage.requests.clear()
    download.resume()
    assert download.result(SECONDS).read_bytes() == BIG
    assert ranges(server) == [None]


def test_another_part_than_asked_for_is_not_taken(version, downloads, server):
    wrong = answering(
        BIG[5:], "application/octet-stream", 206, Content_Range=f"bytes 5-{len(BIG) - 1}/{len(BIG)}"
    )
    server.storage.faults = [cut_after(100_000), wrong]
    assert downloads.start(version()).result(SECONDS).read_bytes() == BIG


def test_a_part_that_is_whole_already_is_only_checked(version, downloads, server, models):
    server.storage.faults = [cut_after(100_000), *[cut_after(0)] * 10]
    download = downloads.start(version())
    failed(download)
    (models / "loras" / "Ink.safetensors.part").write_bytes(BIG)
    server.storage.faults.clear()
    download.resume()
    assert download.result(SECONDS).read_bytes() == BIG


def test_a_part_that_was_changed_is_started_over_once(version, downloads, server, models):
    server.storage.faults = [cut_after(100_000), *[cut_after(0)] * 10]
    download = downloads.start(version())
    failed(download)
    (models / "loras" / "Ink.safetensors.part").write_bytes(b"x" * 200_000)
    server.storage.faults.clear()
    download.resume()
    assert download.result(SECONDS).read_bytes() == BIG


# --- what comes is not the file ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "kind", "message"),
    [
        (login_page, AccessError, "answers with a web page in place of the file.* API key"),
        (
            answering(civitai_server.LOGIN_PAGE, "application/octet-stream"),
            DownloadError,
            "a web page came in place of the file",
        ),
        (
            answering(b'{"error": "maintenance"}'),
            AccessError,
            "answers with a web page in place of the file",
        ),
        (
            answering(b"\x80\x02}q\x00" * 100, "application/octet-stream"),
            ModelRefusedError,
            "is a pickle under a wrong name",
        ),
        (
            answering(b"PK\x03\x04" + b"\0" * 500, "application/octet-stream"),
            ModelRefusedError,
            "is a zip archive under a wrong name",
        ),
        (
            answering(b"", "application/octet-stream"),
            DownloadError,
            "is not a safetensors file by its first bytes",
        ),
    ],
)
def test_what_is_not_the_file_gets_no_name_and_is_not_kept(
    version, downloads, server, models, fault, kind, message
):
    server.storage.faults = [fault]
    unlisted = version(file={"sizeKB": None, "hashes": {}})
    with pytest.raises(kind, match=message):
        downloads.start(unlisted).result(SECONDS)
    assert names(models) == []


@pytest.mark.parametrize(
    "fault",
    [
        login_page,
        answering(civitai_server.LOGIN_PAGE, "application/octet-stream"),
        answering(b"\x80\x02" * 500, "application/octet-stream"),
        answering(b"", "application/octet-stream"),
    ],
)
@pytest.mark.parametrize("listed", [{}, {"sizeKB": None}])
def test_what_is_not_the_file_costs_nothing_of_what_was_there(
    version, downloads, server, models, fault, listed
):
    server.storage.faults = [cut_after(200_000), fault]
    download = downloads.start(version(file=listed))
    failed(download, MediaLabError)
    assert (models / "loras" / "Ink.safetensors.part").stat().st_size == 200_000
    assert download.done == 200_000
    download.resume()
    assert download.result(SECONDS).read_bytes() == BIG
    assert ranges(server)[-1] == "bytes=200000-"


def test_another_content_than_listed_gets_no_name(version, downloads, server, models):
    wrong = {"SHA256": "A" * 64}
    said = failed(downloads.start(version(file={"hashes": wrong})), DownloadError)
    assert "came with another content than listed (sha256 " in said
    assert "listed aaaaaaaaaa…" in said
    assert names(models) == []


def test_another_size_than_listed_is_refused_before_the_first_byte(version, downloads, models):
    said = failed(downloads.start(version(file={"sizeKB": 5000.0})), DownloadError)
    assert f"lists 5120000 bytes and sends {len(BIG)}: it is another file" in said
    assert names(models) == []


def test_a_damaged_header_gets_no_name(version, downloads, models):
    damaged = BIG[:-2]
    said = failed(downloads.start(version(damaged)), ModelRefusedError)
    assert said.startswith("Ink.safetensors is cut short")
    assert names(models) == []


def test_more_than_was_announced_is_not_taken(version, downloads, server, models):
    def endless(handler, _):
        handler.send_response(200)
        handler.send_header("Content-Type", "application/octet-stream")
        handler.send_header("Connection", "close")
        handler.end_headers()
        for _ in range(100):
            handler.wfile.write(BIG)
        handler.close_connection = True

    server.storage.faults = [endless]
    said = failed(downloads.start(version()), DownloadError)
    assert "sends more than the" in said
    assert names(models) == []


def test_a_packed_answer_is_refused(version, downloads, server, models):
    server.storage.faults = [
        answering(b"\x1f\x8b" * 50, "application/octet-stream", Content_Encoding="gzip")
    ]
    assert "sends it packed" in failed(downloads.start(version(file={"sizeKB": None})))
    assert names(models) == []


@pytest.mark.parametrize(
    "file",
    [
        {"metadata": {"format": "PickleTensor"}},
        {"name": "ink.ckpt"},
        {"name": "ink.safetensors.pt"},
        {"virusScanResult": "Danger"},
        {"name": "ink.zip", "metadata": {}},
        {"name": "", "metadata": {}},
    ],
)
def test_what_the_listing_says_is_of_no_use_is_not_asked_for(version, downloads, server, file):
    with pytest.raises(ModelRefusedError):
        downloads.start(version(file=file))
    assert not [one for one in server.api.requests if "download" in one.path]


def test_a_pickle_by_the_name_that_the_server_gives_is_refused(version, downloads, server, models):
    listed = version()
    server.dispositions[100] = 'attachment; filename="ink.ckpt"'
    assert "ink.ckpt is a pickle" in failed(downloads.start(listed), ModelRefusedError)
    assert names(models) == []


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ('attachment; filename="../../evil.safetensors"', "evil.safetensors"),
        ("attachment; filename*=UTF-8''%E5%A2%A8.safetensors", "墨.safetensors"),
        ('attachment; filename="C:\\\\con.safetensors"', "_con.safetensors"),
        ("attachment", "Ink.safetensors"),
        (f'attachment; filename="{"a" * 300}.safetensors"', "a" * 188 + ".safetensors"),
    ],
)
def test_the_name_that_the_server_gives_is_made_safe(
    version, downloads, server, models, given, name
):
    listed = version()
    server.dispositions[100] = given
    assert downloads.start(listed).result(SECONDS) == models / "loras" / name


@pytest.mark.parametrize(
    ("listed", "name"),
    [
        ("../../../evil.safetensors", "evil.safetensors"),
        ("a\u202egpj.safetensors", "a gpj.safetensors"),
        ("NUL.safetensors", "_NUL.safetensors"),
        ("x" * 300 + ".safetensors", "x" * 188 + ".safetensors"),
    ],
)
def test_the_listed_name_is_made_safe(version, downloads, models, listed, name):
    path = downloads.start(version(file={"name": listed})).result(SECONDS)
    assert path == models / "loras" / name


def test_a_folder_that_is_a_link_is_not_written_into(version, downloads, models, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (models / "loras").symlink_to(tmp_path / "elsewhere")
    assert "models/loras is a link to" in failed(downloads.start(version()), DownloadError)
    assert not list((tmp_path / "elsewhere").iterdir())


# --- refusals ----------------------------------------------------------------------------------


def test_401_says_how_to_sign_in(version, downloads, server):
    server.needs_key.add(100)
    said = failed(downloads.start(version()), AccessError)
    assert "only to people who are signed in. Make an API key" in said


def test_a_key_lets_in_and_goes_to_no_other_host(version, downloads, server, monkeypatch):
    server.needs_key.add(100)
    server.key = "k3y"
    monkeypatch.setenv("CIVITAI_TOKEN", "k3y")
    assert downloads.start(version()).result(SECONDS).read_bytes() == BIG
    assert not [one for one in server.storage.requests if one.headers["Authorization"]]
    assert not [one for one in server.api.requests + server.storage.requests if "k3y" in one.raw]


def test_a_wrong_key_is_told_and_not_repeated(version, downloads, server, monkeypatch):
    server.needs_key.add(100)
    monkeypatch.setenv("CIVITAI_TOKEN", "wr0ng")
    said = failed(downloads.start(version()), AccessError)
    assert "does not accept the API key in CIVITAI_TOKEN" in said
    assert "wr0ng" not in said


def test_a_token_is_in_no_error_log_file_or_frame(
    version, downloads, server, models, monkeypatch, caplog
):
    monkeypatch.setenv("CIVITAI_TOKEN", "wr0ng")
    for name in (None, "httpx", "httpcore", "httpcore.http11", "httpcore.connection"):
        caplog.set_level(0, name)
    listed = version()
    server.api.faults = [status(403, "wr0ng is not allowed")]
    server.storage.faults = [cut_after(1000)]
    error = downloads.start(listed).wait(SECONDS).error
    told = "".join(traceback.format_exception(error))
    assert "… is not allowed" in told
    assert "wr0ng" not in told + caplog.text + repr(downloads)
    assert error.__traceback__ is None
    assert downloads.start(listed).result(SECONDS).exists()
    assert not [one for one in models.rglob("*") if one.is_file() and b"wr0ng" in one.read_bytes()]
    assert "wr0ng" not in caplog.text


def test_403_says_until_when_early_access_lasts(version, downloads, server):
    server.deadline[100] = "2027-01-02T03:04:05.000Z"
    said = failed(downloads.start(version()), AccessError)
    assert "in early access until 2027-01-02 03:04 UTC; download it after that" in said


def test_403_says_so_too_where_only_the_listing_has_the_date(server, civitai, downloads):
    model = server.add_model("Ink")
    model["modelVersions"][0]["earlyAccessEndsAt"] = "2999-01-02T03:04:05.000Z"
    version = civitai.version("100")
    server.api.faults = [status(403, "You do not have access")]
    said = failed(downloads.start(version), AccessError)
    assert "in early access until 2999-01-02 03:04 UTC" in said


def test_403_without_a_date_says_that_only_some_may(version, downloads, server, monkeypatch):
    monkeypatch.setenv("CIVITAI_TOKEN", "k3y")
    listed = version()
    server.api.faults = [status(403, "You do not have access with k3y")]
    said = failed(downloads.start(listed), AccessError)
    assert "gives it only to some (early access, or paid): 'You do not have access with …'" in said


@pytest.mark.parametrize(
    ("code", "message"),
    [(404, "has it no longer"), (410, "its creator has archived it")],
)
def test_what_is_gone_is_told(version, downloads, server, code, message):
    listed = version()
    server.api.faults = [status(code, "gone")]
    assert message in failed(downloads.start(listed), RemoteNotFoundError)


def test_a_404_that_says_it_is_passing_is_tried_once_more(version, downloads, server):
    listed = version()
    server.api.faults = [status(404, Cache_Control="no-store")]
    assert downloads.start(listed).result(SECONDS).exists()


@pytest.mark.parametrize("code", [429, 500, 503])
def test_a_busy_server_is_waited_for(version, downloads, server, code):
    listed = version()
    server.api.faults = [status(code, Retry_After="0")] * 2
    server.storage.faults = [status(code, Retry_After="0")]
    assert downloads.start(listed).result(SECONDS).exists()


def test_a_long_wait_is_told(version, downloads, server):
    listed = version()
    server.api.faults = [status(429, Retry_After="7200")]
    assert "too many requests from here; try again in 2 hours" in failed(downloads.start(listed))


def test_an_expired_address_is_asked_for_again(version, downloads, server):
    def expired(handler, usual):
        server.expire()
        usual()

    server.storage.faults = [cut_after(100_000), expired]
    assert downloads.start(version()).result(SECONDS).read_bytes() == BIG
    assert len([one for one in server.api.requests if "download" in one.path]) == 3


def test_an_address_that_never_works_is_told(version, downloads, server):
    server.storage.faults = [status(403)] * 20
    said = failed(downloads.start(version()), DownloadError)
    assert "is refused (status 403) even when it is new" in said


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("file:///etc/passwd", "CivitAI leads to an address that is not of a web server"),
        ("/api/download/models/100", "CivitAI redirects in a circle"),
        ("gopher://x", "CivitAI leads to an address that is not of a web server"),
    ],
)
def test_a_redirect_to_nowhere_good_is_refused(
    version, downloads, server, models, location, message
):
    listed = version()
    server.api.faults = [redirecting(location)] * 20
    assert message in failed(downloads.start(listed))
    assert names(models) == []


def test_nothing_is_asked_offline(version, downloads, server, monkeypatch):
    listed = version()
    server.api.requests.clear()
    monkeypatch.setenv("MEDIALAB_OFFLINE", "1")
    with pytest.raises(OfflineError):
        downloads.start(listed)
    assert not server.api.requests


# --- the disk ----------------------------------------------------------------------------------


def test_a_disk_without_room_is_told_before_the_first_byte(version, downloads, models, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=1000))
    said = failed(downloads.start(version()), DownloadError)
    assert "needs 2 MB and the disk has 0 MB for it" in said


def test_a_disk_that_fills_up_is_told_and_the_part_is_kept(version, downloads, server, models):
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, before[1]))
    try:
        download = downloads.start(version())
        said = failed(download, DownloadError)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    assert "cannot be written to loras" in said
    assert (models / "loras" / "Ink.safetensors.part").stat().st_size == 200_000
    server.storage.requests.clear()
    download.resume()
    assert download.result(SECONDS).read_bytes() == BIG
    assert ranges(server) == ["bytes=200000-"]


def test_a_part_that_another_has_open_is_told(version, downloads, models, server):
    listed = version()
    (models / "loras").mkdir()
    with part_of(models / "loras", "Ink.safetensors", listed.files[0]) as part:
        part.begin({"etag": "", "name": ""})
        part.write(b"x")
        said = failed(downloads.start(listed), DownloadError)
        assert "is being downloaded by another program" in said
        assert part.size == 1


def test_parts_of_others_stay(version, downloads, models):
    (models / "loras").mkdir()
    browsers = models / "loras" / "Ink.safetensors.part"
    browsers.write_bytes(b"of a browser")
    assert downloads.start(version()).result(SECONDS).read_bytes() == BIG
    assert browsers.read_bytes() == b"of a browser"
    assert parts(models) == ["loras/Ink.safetensors.part"]


# --- the queue ---------------------------------------------------------------------------------


def test_two_run_at_a_time_and_the_others_wait(server, civitai, downloads):
    gate, most, now = threading.Event(), [], []

    def held(handler, usual):
        now.append(handler)
        most.append(len(now))
        gate.wait(SECONDS)
        now.remove(handler)
        usual()

    for number in range(4):
        server.add_model(f"m{number}", content=lora(number))
    server.storage.faults = [held] * 4
    started = [downloads.start(one.versions[0]) for one in civitai.search(sort="Oldest")]
    assert list(downloads) == started
    while len(most) < 2:
        threading.Event().wait(0.01)
    assert [one.state for one in started] == ["running", "running", "queued", "queued"]
    started[3].cancel()
    assert started[3].state == "cancelled"
    gate.set()
    assert [one.wait(SECONDS).state for one in started] == ["done"] * 3 + ["cancelled"]
    assert max(most) == 2
    with pytest.raises(CancelledError, match=r"m3.safetensors: the download was cancelled"):
        started[3].result()
    started[3].resume()
    assert started[3].result(SECONDS).exists()
    downloads.forget_ended()
    assert len(downloads) == 0


def test_the_same_file_is_queued_once(version, downloads, server):
    gate = threading.Event()

    def held(_, usual):
        gate.wait(SECONDS)
        usual()

    listed = version()
    server.storage.faults = [held]
    first = downloads.start(listed)
    assert downloads.start(listed.files[0]) is first
    gate.set()
    first.result(SECONDS)
    again = downloads.start(listed)
    assert again is not first
    assert "was there already" in again.wait(SECONDS).told


def running(download):
    while download.done == 0 and not download.has_ended:
        threading.Event().wait(0.01)
    return download


def test_a_cancelled_download_is_kept_and_continued(version, downloads, server, models, gate):
    server.storage.faults = [held_after(200_000, gate)]
    download = running(downloads.start(version()))
    download.cancel()
    assert download.wait(SECONDS).state == "cancelled"
    kept = (models / "loras" / "Ink.safetensors.part").stat().st_size
    assert 0 < kept < len(BIG)
    server.storage.requests.clear()
    download.resume()
    assert download.result(SECONDS).read_bytes() == BIG
    assert ranges(server) == [f"bytes={kept}-"]


def test_a_server_that_does_not_answer_at_all_is_cancelled_at_once(
    version, downloads, server, gate, models
):
    listed = version()

    def silent(_, usual):
        gate.wait(SECONDS)
        usual()

    server.api.faults = [silent]
    server.api.requests.clear()
    download = downloads.start(listed)
    while not server.api.requests:
        threading.Event().wait(0.01)
    download.cancel()
    assert download.wait(SECONDS / 3).state == "cancelled"
    assert names(models) == []
    gate.set()
    download.resume()
    assert download.result(SECONDS).exists()


@pytest.mark.parametrize("runs", [True, False])
def test_a_discarded_download_leaves_nothing(version, downloads, server, models, runs, gate):
    server.storage.faults = [held_after(200_000, gate)]
    download = running(downloads.start(version()))
    if not runs:
        download.cancel()
        download.wait(SECONDS)
        assert parts(models)
    download.discard()
    assert download.wait(SECONDS).state == "cancelled"
    assert "what was there is deleted" in str(download.error)
    assert names(models) == []


def test_progress_is_told_to_listeners(version, downloads, server):
    heard = []
    end = downloads.listen(lambda one: heard.append((one.state, one.done, one.total)))
    server.storage.faults = [slowly(20, 0.03)]
    download = running(downloads.start(version()))
    assert download.state == "running"
    assert "MB" in repr(download)
    download.result(SECONDS)
    assert heard[0] == ("queued", 0, len(BIG))
    assert heard[-1] == ("done", len(BIG), len(BIG))
    assert any(state == "running" and 0 < done < len(BIG) for state, done, _ in heard)
    assert [one[1] for one in heard] == sorted(one[1] for one in heard)
    end()
    count = len(heard)
    downloads.start(download.files[0]).wait(SECONDS)
    assert len(heard) == count
    assert repr(downloads).startswith("Ink.safetensors: done")


def test_speed_and_time_left_are_known_while_it_runs(version, downloads, server, gate):
    server.storage.faults = [held_after(200_000, gate)]
    download = running(downloads.start(version()))
    assert download.speed > 0
    assert download.seconds_left > 0
    gate.set()
    download.result(SECONDS)
    assert (download.speed, download.seconds_left) == (0, None)


def test_a_closed_queue_keeps_what_is_there_and_takes_nothing(version, server, models, gate):
    queue = Downloads(models, HashCache())
    listed = version()
    server.storage.faults = [held_after(200_000, gate)]
    download = running(queue.start(listed))
    queue.close()
    assert download.state == "cancelled"
    assert parts(models)
    with pytest.raises(MediaLabError, match="this workbench is closed"):
        queue.start(listed)
    with pytest.raises(MediaLabError, match="this workbench is closed"):
        download.resume()
    assert download.state == "failed"


@pytest.mark.parametrize(
    ("what", "message"),
    [("https://example.com/models/1", "is not an address of CivitAI"), ("", "is not an address")],
)
def test_an_address_that_no_source_knows_is_refused(downloads, what, message):
    with pytest.raises(ConfigError, match=message):
        downloads.start(what)


def test_an_unknown_kind_is_refused(version, downloads):
    with pytest.raises(ConfigError, match=r"no kind of model 'loras'; .*Did you mean 'lora'"):
        downloads.start(version(), kind="loras")


def test_a_version_without_files_says_why(server, civitai, downloads):
    model = server.add_model("Ink", mode="Archived")
    with pytest.raises(MediaLabError, match="archived it"):
        downloads.start(civitai.version("100"))
    model["modelVersions"][0]["files"] = []
    with pytest.raises(RemoteNotFoundError, match="archived it"):
        downloads.start(civitai.version("100"))
    model["modelVersions"] = []
    with pytest.raises(RemoteNotFoundError, match="no version that can be downloaded"):
        downloads.start(civitai.model("1"))


def test_a_forgotten_download_can_be_resumed(version, downloads, server):
    server.storage.faults = [cut_after(0)] * 4
    download = downloads.start(version())
    failed(download)
    downloads.forget_ended()
    download.resume()
    assert download.result(SECONDS).exists()


def test_a_preview_that_a_person_chose_stays(version, downloads, models):
    (models / "loras").mkdir()
    mine = models / "loras" / "Ink.preview.jpg"
    mine.write_bytes(b"mine")
    downloads.start(version(), preview=True).result(SECONDS)
    assert mine.read_bytes() == b"mine"
    assert not (models / "loras" / "Ink.preview.png").exists()


def test_notes_that_cannot_be_written_do_not_cost_the_model(version, downloads, models):
    (models / "loras" / "Ink.civitai.info").mkdir(parents=True)
    download = downloads.start(version())
    assert download.result(SECONDS).exists()
    assert "notes about it could not be written" in download.told


def test_a_server_that_sends_html_to_the_picture_costs_only_the_picture(version, downloads, server):
    def no_picture(handler, usual):
        if handler.place.startswith("/picture/"):
            send(handler, 200, b"<html>", "text/html")
        else:
            usual()

    server.storage.faults = [no_picture] * 2
    download = downloads.start(version(), preview=True)
    assert download.result(SECONDS).exists()
    assert "notes about it could not be written" in download.told


@pytest.mark.parametrize("what", [None, 5, ["https://civitai.com/models/1"]])
def test_what_is_nothing_to_download_is_named(downloads, what):
    with pytest.raises(ConfigError, match="cannot be downloaded; give a model, a version"):
        downloads.start(what)
    assert list(downloads) == []


@pytest.mark.parametrize("etags", [True, False])
def test_a_rest_that_nothing_vouches_for_is_not_put_behind_another_file(
    version, downloads, server, etags
):
    """Of a file without a listed hash, and a server that heeds no If-Range."""
    server.etags = etags
    listed = version(file={"hashes": {}})
    other = lora(6, rank=1000)

    def changed(handler, usual):
        server.contents[100] = other
        if (asked := handler.headers.get("Range")) is None:
            return usual()
        begin = int(asked.removeprefix("bytes=").rstrip("-"))
        place = f"bytes {begin}-{len(other) - 1}/{len(other)}"
        kind = "application/octet-stream"
        return send(handler, 206, other[begin:], kind, Content_Range=place)

    server.storage.faults = [cut_after(100_000), changed]
    assert downloads.start(listed).result(SECONDS).read_bytes() == other
