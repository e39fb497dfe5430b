"""The picture beside a model is found by its name, and never outside the models folder."""

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from medialab.errors import NotesError, PictureError
from medialab.listing.info import ModelInfo
from medialab.listing.previews import ENDINGS, LARGEST_SIDE, find_previews, write_preview
from medialab.loading.registry import ModelRegistry


@pytest.fixture
def info(root):
    path = root / "loras" / "ink.v2.safetensors"
    path.parent.mkdir(parents=True)
    path.touch()
    return ModelInfo("ink.v2", "lora", "sd15", "kohya", path, 1)


@pytest.mark.parametrize("ending", ENDINGS)
def test_each_name_that_other_programs_give_it_is_found(info, root, ending):
    beside = info.path.with_name(f"ink.v2{ending}")
    beside.touch()
    assert find_previews([info], [root]) == {info.path: beside}


def test_the_one_named_preview_comes_first(info, root):
    for ending in ENDINGS:
        info.path.with_name(f"ink.v2{ending}").touch()
    assert find_previews([info], [root])[info.path].name == "ink.v2.preview.png"


def test_a_folder_has_it_beside_itself_by_its_whole_name(root):
    folder = root / "checkpoints" / "doll v1.5"
    folder.mkdir(parents=True)
    (folder.parent / "doll v1.5.jpg").touch()
    (folder.parent / "doll v1.jpg").touch()
    info = ModelInfo(folder.name, "checkpoint", "sd15", "diffusers", folder, 1)
    assert find_previews([info], [root])[folder].name == "doll v1.5.jpg"


def test_without_one_and_in_a_folder_that_is_gone_there_is_none(info, root):
    gone = ModelInfo("x", "lora", "sd15", "kohya", root / "gone" / "x.safetensors", 1)
    assert find_previews([info, gone], [root]) == {}


def test_a_link_stays_in_the_models_folder(info, root, tmp_path):
    secret = tmp_path / "secret.png"
    secret.touch()
    link = info.path.with_name("ink.v2.preview.png")
    link.symlink_to(secret)
    assert find_previews([info], [root]) == {}
    link.unlink()
    shared = root / "loras" / "shared.png"
    shared.touch()
    link.symlink_to(shared)
    assert find_previews([info], [root]) == {info.path: link}
    link.unlink()
    link.symlink_to(link.name)  # circular
    info.path.with_name("ink.v2.png").mkdir()
    assert find_previews([info], [root]) == {}


def test_the_models_that_come_with_the_studio_have_one():
    models = Path(__file__).resolve().parents[2] / "models"
    found = find_previews(ModelRegistry(models).models(), [models.resolve()])
    names = {path.stem for path in found}
    assert {"paperdoll", "mina", "night-palette", "pencil-sketch"} <= names


def content_of(size, kind, **save):
    buffer = BytesIO()
    Image.new("RGB", size, "teal").save(buffer, kind, **save)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_written_preview_is_a_png_that_comes_before_all_others(info, root, kind):
    for ending in ENDINGS:
        info.path.with_name(f"ink.v2{ending}").touch()
    written = write_preview(info.path, content_of((2048, 1024), kind))
    assert find_previews([info], root) == {info.path: written}
    with Image.open(written) as preview:
        assert (preview.format, preview.size) == ("PNG", (LARGEST_SIDE, LARGEST_SIDE // 2))


def test_a_preview_keeps_the_settings_it_was_made_with_and_no_other_text(info):
    texts = PngInfo()
    texts.add_text("parameters", "ink\nSteps: 20")
    texts.add_text("Author", "someone")
    write_preview(info.path, content_of((8, 8), "PNG", pnginfo=texts))
    with Image.open(info.path.with_name("ink.v2.preview.png")) as preview:
        assert preview.text == {"parameters": "ink\nSteps: 20"}


def test_what_is_no_picture_leaves_the_older_preview(info):
    written = write_preview(info.path, content_of((8, 8), "PNG"))
    before = written.read_bytes()
    for wrong in (b"<html>log in</html>", content_of((8, 8), "PNG")[:40], b""):
        with pytest.raises(PictureError):
            write_preview(info.path, wrong)
    assert written.read_bytes() == before
    assert {one.name for one in info.path.parent.iterdir()} == {info.path.name, written.name}


def test_a_preview_of_a_model_that_is_gone_is_not_written(info):
    info.path.unlink()
    with pytest.raises(NotesError, match="no model ink"):
        write_preview(info.path, content_of((8, 8), "PNG"))
    assert not [*info.path.parent.iterdir()]
