"""medialab.toml names the models folders of a project; what it cannot say is refused by name."""

import pytest

from medialab.errors import ConfigError
from medialab.listing.project_file import ProjectFile, full_path, read_project_file


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    monkeypatch.setenv("HOME", "/home/ada")
    return tmp_path


def test_it_is_found_above_the_current_folder_and_its_paths_begin_at_its_own(project):
    (project / "medialab.toml").write_text(
        '[models]\nfolders = ["models", "~/ComfyUI", "$HOME/b", "/c"]\nhuggingface = false\n'
    )
    read = read_project_file(project / "source")
    assert [str(one) for one in read.folders] == [
        str(project / "models"),
        "/home/ada/ComfyUI",
        "/home/ada/b",
        "/c",
    ]
    assert not read.huggingface


def test_without_one_the_one_beside_the_source_counts(project):
    source = project / "source"
    source.mkdir()
    assert read_project_file(source) == ProjectFile()
    (source / "medialab.toml").write_text('[models]\nfolders = ["mine"]\n')
    assert read_project_file(source).folders == (source / "mine",)
    (project / "notebooks" / "medialab.toml").write_text("")
    assert read_project_file(source) == ProjectFile()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[models", "cannot be read"),
        ("\xff", "cannot be read"),
        ("[model]\n", "no setting 'model'; known: models"),
        ("models = 3\n", "models must be a section"),
        ("[models]\nfolder = []\n", "no setting 'folder'; known: folders, huggingface"),
        ('[models]\nfolders = "a"\n', "folders must be a list"),
        ("[models]\nfolders = [3]\n", "folders must be a list"),
        ('[models]\nfolders = [""]\n', "folders must be a list"),
        ('[models]\nhuggingface = "no"\n', "must be true or false"),
        ('[models]\nfolders = ["a\\u0000b"]\n', "no path has a zero character"),
        ('[models]\nfolders = ["~nobody-of-that-name/x"]\n', "no such home folder"),
    ],
)
def test_a_file_that_says_something_else_is_named(project, text, words):
    (project / "medialab.toml").write_bytes(text.encode("latin-1"))
    with pytest.raises(ConfigError, match=words) as caught:
        read_project_file(project)
    assert "medialab.toml" in str(caught.value)


def test_a_path_with_dots_is_plain(tmp_path):
    assert full_path("a/../b/./c", tmp_path, "x") == tmp_path / "b" / "c"


def test_what_lies_in_the_place_of_the_file_is_named_and_never_passed_over(project):
    (project / "medialab.toml").mkdir()
    with pytest.raises(ConfigError, match=r"medialab\.toml cannot be read: .*it is a folder"):
        read_project_file(project)
    (project / "medialab.toml").rmdir()
    (project / "medialab.toml").symlink_to("gone.toml")
    with pytest.raises(ConfigError, match=r"medialab\.toml cannot be read"):
        read_project_file(project)


def test_a_mark_of_the_byte_order_is_no_fault(project):
    (project / "medialab.toml").write_text('[models]\nfolders = ["mine"]\n', "utf-8-sig")
    assert read_project_file(project).folders == (project / "mine",)
