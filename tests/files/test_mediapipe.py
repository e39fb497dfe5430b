"""MediaPipe's files are told by what they hold; nothing in them is run."""

import zipfile

import pytest

from medialab.errors import ModelRefusedError
from medialab.files.mediapipe import check_task_file

MODEL = b"\x1c\0\0\0TFL3\0\0\0\0"


def bundle(path, *names):
    with zipfile.ZipFile(path, "w") as file:
        for name in names:
            file.writestr(name, MODEL)
    return path


@pytest.mark.parametrize(
    "names", [["face.tflite"], ["face.tflite", "labels.txt", "METADATA", "a.binarypb"]]
)
def test_a_bundle_of_models_and_labels_is_one(tmp_path, names):
    check_task_file(bundle(tmp_path / "a.task", *names))


@pytest.mark.parametrize("names", [[], ["labels.txt"], ["face.tflite", "run.py"], ["a.pkl"]])
def test_a_bundle_without_a_model_or_with_a_program_is_refused(tmp_path, names):
    with pytest.raises(ModelRefusedError, match=r"a\.task is not a MediaPipe model; download"):
        check_task_file(bundle(tmp_path / "a.task", *names))


@pytest.mark.parametrize(
    ("content", "is_model"), [(MODEL, True), (MODEL[4:], False), (b"", False), (b"TFL3", False)]
)
def test_a_single_model_is_told_by_its_mark(tmp_path, content, is_model):
    path = tmp_path / "a.TFLITE"
    path.write_bytes(content)
    if is_model:
        check_task_file(path)
    else:
        with pytest.raises(ModelRefusedError, match="not a MediaPipe model"):
            check_task_file(path)


@pytest.mark.parametrize("content", [b"", b"PK", b"no zip at all", MODEL])
def test_a_task_that_is_no_zip_and_one_that_is_not_there_are_named(tmp_path, content):
    path = tmp_path / "a.task"
    with pytest.raises(ModelRefusedError, match=r"a\.task is not readable"):
        check_task_file(path)
    path.write_bytes(content)
    with pytest.raises(ModelRefusedError, match=r"a\.task is not readable"):
        check_task_file(path)
