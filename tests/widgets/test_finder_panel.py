"""The remote side of the models shelf, against a CivitAI of this machine."""

import hashlib
import time

import pytest

from medialab import Workbench
from medialab.infotext.restored_models import MissingModel
from tests.remote.civitai_server import CivitaiServer, cut_after, lora, status
from widgets.finder_panel import FinderPanel

SECONDS = 30


@pytest.fixture
def server(monkeypatch):
    for name in ("CIVITAI_API_TOKEN", "CIVITAI_TOKEN", "MEDIALAB_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    with CivitaiServer() as civitai:
        monkeypatch.setenv("MEDIALAB_CIVITAI_URL", civitai.url)
        yield civitai


@pytest.fixture
def bench(tmp_path):
    outputs = tmp_path / "outputs"
    with Workbench(models=tmp_path / "models", outputs=outputs, device="cpu") as opened:
        yield opened


@pytest.fixture
def refreshed():
    return []


@pytest.fixture
def panel(server, bench, refreshed):
    faults = []
    made = FinderPanel(bench, lambda: refreshed.append(True), lambda *fault: faults.append(fault))
    yield made
    assert faults == []


def until(met):
    end = time.monotonic() + SECONDS
    while not met():
        assert time.monotonic() < end
        time.sleep(0.01)


def ask(panel, **content):
    panel.finder._handle_custom_msg(content, [])
    until(lambda: not panel.finder.busy)


def names(panel):
    return [row[1] for row in panel.finder.found]


def test_nothing_is_asked_before_a_person_searches(server, panel):
    panel.listen()
    assert server.api.requests == []


def test_a_search_lists_models_and_goes_on_where_it_ended(server, panel):
    for number in range(40):
        server.add_model(f"Ink {number}", downloads=12_345)
    server.add_model("Oil")
    ask(panel, kind="search", text="ink", filters={"types": "LORA", "period": ""})
    assert len(names(panel)) == 30
    assert panel.finder.found[0][2].startswith("LoRA · SD 1.5 · ")
    assert panel.finder.found[0][2].endswith(" · 12,345 downloads")
    assert panel.finder.more
    ask(panel, kind="more")
    assert (len(names(panel)), panel.finder.more) == (40, False)
    assert "Oil" not in names(panel)


def test_what_the_source_refuses_is_told(server, panel):
    ask(panel, kind="search", text="nothing of that name")
    assert panel.finder.told == "Nothing was found. Try fewer words, or other filters."
    server.api.faults.append(status(403))
    ask(panel, kind="search", text="ink")
    assert "CivitAI" in panel.finder.told
    assert panel.finder.told.count("API key") == 1  # told where one is asked for, and only there
    assert panel.finder.told.endswith(".")
    ask(panel, kind="search", text="https://example.org/models/1")
    assert panel.finder.told == "That is not an address of CivitAI."


def test_a_machine_that_is_offline_says_so(server, panel, monkeypatch):
    monkeypatch.setenv("MEDIALAB_OFFLINE", "1")
    ask(panel, kind="search", text="ink")
    assert "MEDIALAB_OFFLINE" in panel.finder.told
    assert server.api.requests == []


def test_a_model_is_shown_in_full_and_its_file_comes_into_the_models_folder(
    server, panel, bench, refreshed
):
    server.add_model("Ink", content=lora(3), words=["ink style"], versions=2)
    ask(panel, kind="search", text="ink")
    ask(panel, kind="open", id=panel.finder.found[0][0])
    model = panel.finder.model
    assert (model["name"], len(model["versions"])) == ("Ink", 2)
    assert model["about"] == "Drawn with ink."
    version = model["versions"][0]
    assert version["words"] == ("ink style",)
    file = version["files"][0]
    assert (file["name"], file["refused"]) == ("Ink.safetensors", "")
    ask(panel, kind="download", version=version["key"], file=file["key"])
    until(lambda: [row[2] for row in panel.finder.downloads] == ["done"])
    assert [one.name for one in bench.models("lora")] == ["Ink"]
    until(lambda: refreshed == [True])
    ask(panel, kind="forget")
    assert panel.finder.downloads == []
    ask(panel, kind="open", id="")
    assert panel.finder.model is None


def test_a_pickle_has_a_reason_in_place_of_a_button(server, panel):
    pickle = {"name": "old.ckpt", "metadata": {"format": "PickleTensor"}}
    server.add_model("Old", content=b"a pickle", file=pickle)
    ask(panel, kind="search", text="old")
    ask(panel, kind="open", id=panel.finder.found[0][0])
    assert "pickle" in panel.finder.model["versions"][0]["files"][0]["refused"]


def test_a_download_that_fails_is_told_and_goes_on_or_is_discarded(server, panel, bench):
    server.add_model("Ink", content=lora(3))
    ask(panel, kind="search", text="ink")
    ask(panel, kind="open", id=panel.finder.found[0][0])
    version = panel.finder.model["versions"][0]
    server.api.faults.append(status(401))
    ask(panel, kind="download", version=version["key"], file=version["files"][0]["key"])
    until(lambda: panel.finder.downloads and panel.finder.downloads[0][2] == "failed")
    identity, name, _, _, _, _, error = panel.finder.downloads[0]
    assert name == "Ink.safetensors"
    assert error
    ask(panel, kind="resume", id=identity)
    until(lambda: panel.finder.downloads[0][2] == "done")
    assert [one.name for one in bench.models("lora")] == ["Ink"]


def test_a_pages_address_shows_its_model(server, panel):
    model = server.add_model("Ink", versions=2)
    older = model["modelVersions"][1]["id"]
    address = f"https://civitai.com/models/{model['id']}?modelVersionId={older}"
    ask(panel, kind="search", text=address)
    assert panel.finder.model["versions"][0]["key"] == str(older)


def test_models_that_settings_need_are_offered_and_asked_for_by_a_click(server, panel):
    content = lora(9)
    model = server.add_model("Ink", content=content)
    version = str(model["modelVersions"][0]["id"])
    panel.offer(
        [
            MissingModel("lora", "ink wash", hash=hashlib.sha256(content).hexdigest()),
            MissingModel("lora", "", civitai=version),
            MissingModel("lora", "gone", hash="0" * 64),
        ]
    )
    assert (names(panel)[0], server.api.requests) == ("ink wash", [])
    for row in panel.finder.found[:2]:
        ask(panel, kind="open", id=row[0])
        assert panel.finder.model["versions"][0]["key"] == version
        ask(panel, kind="open", id="")
    ask(panel, kind="open", id=panel.finder.found[2][0])
    assert panel.finder.told.startswith("CivitAI does not know LoRA gone")


def test_what_an_earlier_session_left_unfinished_is_gone_on_with(server, panel, bench, tmp_path):
    server.add_model("Ink", content=lora(3, rank=1000))
    version = bench.remote("civitai").search("ink")[0].versions[0]
    server.storage.faults += [cut_after(100_000)] * 20
    with Workbench(models=tmp_path / "models", outputs=tmp_path / "others") as earlier:
        begun = earlier.download(version)
        until(lambda: begun.done >= 100_000)
        begun.cancel()
        begun.wait(SECONDS)
    server.storage.faults.clear()
    panel.listen()
    (row,) = panel.finder.downloads
    assert (row[1], row[2]) == ("Ink.safetensors", "left")
    ask(panel, kind="resume", id=row[0])
    until(lambda: [one[2] for one in panel.finder.downloads] == ["done"])
    assert [one.name for one in bench.models("lora")] == ["Ink"]
