"""Settings are read from text, bytes and files of any kind, or refused by an error of ours."""

import json
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from medialab import PipelineConfig
from medialab.artifacts import ArtifactManager
from medialab.errors import ArtifactError, ConfigError, MediaLabError
from tests.examples import examples
from tests.infotext.pictures import LINE, picture


def test_text_bytes_and_files_from_anywhere_are_read(own, tmp_path):
    text = f"a cat\n{LINE}"
    elsewhere, note = tmp_path / "downloads" / "cat.png", tmp_path / "cat.txt"
    content = picture(text, elsewhere)
    note.write_text(text)
    for source in (text, content, elsewhere, str(elsewhere), note, str(note)):
        assert own.read_settings(source).config.prompt == "a cat"


def test_a_file_is_what_its_content_is_whatever_its_ending(own, tmp_path):
    text = f"a cat\n{LINE}"
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9286] = b"UNICODE\0" + text.encode("utf-16-be")
    Image.new("RGB", (8, 8)).save(tmp_path / "cat.jpeg", exif=exif)
    (tmp_path / "picture").write_bytes(picture(text))
    (tmp_path / "notepad.txt").write_bytes(text.encode("utf-16"))
    (tmp_path / "marked.md").write_bytes(b"\xef\xbb\xbf" + text.encode())
    for name in ("cat.jpeg", "picture", "notepad.txt", "marked.md"):
        assert own.read_settings(tmp_path / name).config.seed == 3
    with pytest.raises(ArtifactError, match=r"gone\.jpeg"):
        own.read_settings("gone.jpeg")


def test_a_text_of_megabytes_is_refused_by_its_file(own, tmp_path):
    picture("a " * 2_500_000, tmp_path / "long.png")
    with pytest.raises(ArtifactError, match=r"long\.png.*characters"):
        own.read_settings(tmp_path / "long.png")


def test_a_sidecar_and_its_text_mean_the_whole_request(own, tmp_path):
    config = own.resolve(PipelineConfig(prompt="a cat", steps=4, seed=5, width=64, height=64))
    saved = own.artifacts.save(Image.new("RGB", (64, 64)), config, {})
    assert own.read_settings(saved.path).config == config
    assert own.read_settings(saved.sidecar).config == config
    assert own.read_settings(saved.sidecar.read_text()).config == config
    asked = config.asked()
    assert own.read_settings(asked.model_dump_json()).config == asked


def test_of_a_request_of_ours_what_it_says_is_told(own):
    read = own.read_settings('{"prompt": "a cat", "steps": 3}')
    assert (read.set, read.config.steps) == (("prompt", "3 steps"), 3)


def test_a_folder_and_a_picture_that_is_not_there_are_named(own, tmp_path):
    with pytest.raises(ArtifactError, match=r"there is no file .*cat\.png"):
        own.read_settings(str(tmp_path / "cat.png"))
    with pytest.raises(ArtifactError, match="cannot read"):
        own.read_settings(str(tmp_path))


def test_what_carries_no_settings_is_named(own, tmp_path):
    plain = tmp_path / "plain.png"
    Image.new("RGB", (8, 8)).save(plain)
    with pytest.raises(ArtifactError, match="no settings"):
        own.read_settings(plain)
    with pytest.raises(ArtifactError, match="no settings"):
        own.read_settings(plain.read_bytes())
    with pytest.raises(ArtifactError, match=r"gone\.png"):
        own.read_settings(str(tmp_path / "gone.png"))
    with pytest.raises(ConfigError, match="characters"):
        own.read_settings("a " * 10**6)


def test_a_damaged_text_is_named(own, tmp_path):
    whole = picture("")
    damaged = b"parameters\0\0no zlib"
    chunk = b"zTXt" + damaged
    chunk = len(damaged).to_bytes(4, "big") + chunk + zlib.crc32(chunk).to_bytes(4, "big")
    at = whole.index(b"IDAT") - 4
    content = whole[:at] + chunk + whole[at:]
    (tmp_path / "cat.png").write_bytes(content)
    for source in (content, tmp_path / "cat.png"):
        with pytest.raises(ArtifactError, match="'parameters' is damaged"):
            own.read_settings(source)


def test_a_graph_of_comfyui_is_said_and_sets_nothing(own):
    graph = json.dumps({"3": {"class_type": "KSampler", "inputs": {}}})
    read = own.read_settings(picture({"prompt": graph, "workflow": json.dumps({"nodes": []})}))
    assert (read.program, read.set) == ("ComfyUI", ())
    assert "made by ComfyUI" in read.summary
    path = own.artifacts.folder / "2026-11-01" / "00001-graph.png"
    picture({"prompt": graph}, path)
    with pytest.raises(ArtifactError, match="made by ComfyUI"):
        own.artifacts.load(path)


def test_names_are_taken_as_they_stand_without_models(tmp_path):
    manager = ArtifactManager(tmp_path)
    picture(f"a cat\n{LINE}, Model: pony", tmp_path / "x.png")
    assert manager.load("x.png").checkpoint == "pony"


PIECES = st.sampled_from(
    [
        *(
            "a cat",
            "\n",
            ", ",
            "Negative prompt: b\n",
            "Steps: 20, Sampler: Euler, Seed: 1",
            "{",
            "}",
        ),
        *("Model: other", "Model hash: abcdef1234", "VAE: soft.pt", "VAE hash: 12345678"),
        *(
            'Lora hashes: "night-palette: 123456789abc, x: 1"',
            "<lora:night-palette:1>",
            "<lora:",
            ">",
        ),
        *('TI hashes: "mina: 123456789abc"', "mina", 'Hashes: {"lora:x": "12345678"}', "Hashes: ["),
        *("Hires checkpoint: other [12345678]", "Refiner: ../x [12345678]", "Size: 0x9999999"),
        *("Hires upscaler: ../../x", "\0", "x.png", "/", "~", "Model: ../../etc", "\ud800"),
    ]
)


@given(st.lists(PIECES | st.text(max_size=5), max_size=14).map("".join))
@settings(max_examples=examples(60), deadline=None)
def test_any_text_is_read_or_refused_by_an_error_of_ours(fuzzed, text):
    try:
        read = fuzzed.read_settings(text)
    except MediaLabError:
        return
    assert read.summary
    PipelineConfig.parse(read.config.model_dump())


@pytest.mark.parametrize("source", [None, 5, ["a cat"]])
def test_what_is_no_text_no_path_and_no_bytes_is_named(own, source):
    with pytest.raises(ArtifactError, match="is no text, no path and no file's bytes"):
        own.read_settings(source)
