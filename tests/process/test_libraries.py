"""What is not installed is named, with the command that installs it."""

import sys
import tomllib
from pathlib import Path

import pytest

from medialab.errors import MissingLibraryError
from medialab.process.libraries import LIBRARIES, check_installed, require

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", LIBRARIES)
@pytest.mark.parametrize("ask", [require, check_installed])
def test_a_library_that_is_absent_is_named_with_the_command_that_installs_it(
    name, ask, monkeypatch
):
    monkeypatch.setitem(sys.modules, name, None)  # Python's own way to say: not installed
    library = LIBRARIES[name]
    with pytest.raises(MissingLibraryError) as error:
        ask(name)
    assert str(error.value) == (
        f"{library.needed_by} needs {library.title}, which is not installed: {library.command}"
    )
    assert library.command.startswith("pip install ")


def test_a_library_that_is_there_but_broken_is_told_with_the_cause(monkeypatch, tmp_path):
    (tmp_path / "cv2.py").write_text("raise ImportError('libGL.so.1: cannot open')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "cv2", raising=False)
    with pytest.raises(MissingLibraryError, match=r"OpenCV, which cannot be imported \(libGL"):
        require("cv2")


def test_one_that_is_there_is_given():
    check_installed("onnxruntime")
    assert require("onnxruntime").__name__ == "onnxruntime"


def test_the_commands_name_extras_that_there_are():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for library in LIBRARIES.values():
        if "media-lab-studio[" in library.command:
            extra = library.command.partition("[")[2].partition("]")[0]
            assert extra in project["optional-dependencies"]
