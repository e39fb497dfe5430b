"""What the listing says of a model, and of one that it refuses."""

import pytest

from medialab.listing.info import FOLDER_OF_KIND, KIND_FOLDERS, plain_text, refused_info


def test_each_kind_has_one_folder():
    assert {KIND_FOLDERS[folder]: folder for folder in KIND_FOLDERS} == FOLDER_OF_KIND
    assert len(FOLDER_OF_KIND) == len(KIND_FOLDERS)


def test_names_that_look_the_same_are_the_same():
    assert plain_text("cafe\u0301") == plain_text("caf\u00e9") == "caf\u00e9"


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("ink.safetensors", "ink"),
        ("ink.SAFETENSORS", "ink"),
        ("eye.onnx", "eye"),
        ("eye.task", "eye"),
        ("ink.ckpt", "ink.ckpt"),
        ("cafe\u0301.pt", "caf\u00e9.pt"),
    ],
)
def test_a_refused_files_name_keeps_its_extension_unless_it_is_a_usual_one(tmp_path, file, name):
    path = tmp_path / file
    path.write_bytes(bytes(5))
    info = refused_info(path, "lora", "it is broken")
    assert (info.name, info.kind, info.path, info.size_bytes) == (name, "lora", path, 5)
    assert (info.family, info.format, info.refused) == ("unknown", "unknown", "it is broken")


def test_a_link_that_leads_nowhere_has_no_size(tmp_path):
    path = tmp_path / "ink.safetensors"
    path.symlink_to(tmp_path / "nowhere")
    assert refused_info(path, "lora", "it is broken").size_bytes == 0
