"""Settings are read from a text, a file of any kind or bytes; what holds none is named."""

import io
import json

import pytest
from PIL import Image, PngImagePlugin

from medialab.artifacts.reading import SettingsReader
from medialab.config.pipeline import PipelineConfig
from medialab.config.resolved import ResolvedConfig
from medialab.errors import ArtifactError, ConfigError

TEXT = "a cat\nSteps: 20, Sampler: Euler, CFG scale: 7, Seed: 3, Size: 64x96"


@pytest.fixture
def reader():
    """One without models: names are taken as they stand."""
    return SettingsReader()


def a_picture(text=TEXT):
    info = PngImagePlugin.PngInfo()
    if text:
        info.add_text("parameters", text)
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8)).save(buffer, "PNG", pnginfo=info)
    return buffer.getvalue()


@pytest.mark.parametrize("name", ["a.txt", "a.png", "a", "cat's, 2nd: a.json"])
@pytest.mark.parametrize(
    "content",
    [TEXT.encode(), b"\xef\xbb\xbf" + TEXT.encode(), TEXT.encode("utf-16"), a_picture()],
    ids=["text", "with a mark", "utf-16", "picture"],
)
def test_a_file_is_read_by_what_it_holds(reader, tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    if name == "a.png" and not content.startswith(b"\x89PNG"):
        with pytest.raises(ArtifactError, match=r"a\.png"):
            reader.read(path)
    else:
        assert (reader.read(path).config.seed, reader.read(str(path)).config.seed) == (3, 3)


def test_bytes_of_a_picture_are_read_and_those_without_settings_refused(reader):
    assert reader.read(a_picture()).config.prompt == "a cat"
    with pytest.raises(ArtifactError, match="contains no settings"):
        reader.read(a_picture(""))


@pytest.mark.parametrize(
    "text",
    [
        *("a cat", "no such folder/a cat", "cat.png, Seed: 3", " "),
        *("a cat\ncat.png", "x" * 300, "x" * 300 + ".png"),
    ],
)
def test_a_text_that_names_no_file_is_a_text(reader, text):
    assert isinstance(reader.read(text).config, PipelineConfig)


@pytest.mark.parametrize("name", ["gone.png", "gone.json"])
def test_a_name_of_a_file_that_is_not_there_is_no_prompt(reader, name):
    with pytest.raises(ArtifactError, match="gone"):
        reader.read(name)


def test_of_a_picture_from_elsewhere_a_strange_file_beside_it_is_passed_over(reader, tmp_path):
    (tmp_path / "a.png").write_bytes(a_picture())
    (tmp_path / "a.json").write_text('{"caption": "somebody else\'s"}')
    assert reader.of_picture(tmp_path / "a.png").config.seed == 3
    with pytest.raises(ArtifactError, match="not a sidecar"):
        reader.of_picture(tmp_path / "a.png", is_ours=True)


def test_a_sidecar_beside_a_picture_comes_before_its_text(reader, save):
    saved = save(seed=5)
    assert isinstance(reader.of_picture(saved.path).config, ResolvedConfig)
    saved.sidecar.unlink()
    assert not isinstance(reader.of_picture(saved.path).config, ResolvedConfig)
    assert reader.of_picture(saved.path).config.seed == 5


def test_a_sidecar_as_a_text_is_a_resolved_request_and_a_request_stays_one(reader, save):
    whole = save(seed=5).sidecar.read_text()
    assert isinstance(reader.read(whole).config, ResolvedConfig)
    asked = reader.read(json.dumps({"prompt": "a cat", "seed": 5}))
    assert type(asked.config) is PipelineConfig
    assert (asked.config.seed, asked.left_out) == (5, {})
    assert len(asked.set) == 2
    with pytest.raises(ConfigError, match="steps"):
        reader.read(json.dumps({"prompt": "a cat", "steps": 0}))


def test_json_with_a_key_that_is_no_setting_of_ours_is_no_request(reader):
    assert reader.read(json.dumps({"prompt": "a cat", "seed": 5, "novel": 1})).left_out != {}
