"""MediaPipe's files are told by what they hold; nothing in them is run."""

import zipfile

import pytest

from medialab.errors import ModelRefusedError
from medialab.files.mediapipe import check_task_file
from medialab.files.mediapipe_networks import PALM
from tests.tiny.tflite import tiny_tflite

MODEL = tiny_tflite()


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
    ("content", "message"),
    [
        (MODEL, ""),
        (MODEL[4:], "is not a .tflite model"),
        (b"", "is not readable"),
        (b"TFL3", "is not a .tflite model"),
        (MODEL[:-20], "is broken or cut short"),
        (bytes(PALM.nbytes), "is not a .tflite model"),
        (
            MODEL + bytes(PALM.nbytes - len(MODEL)),
            "is damaged, or another file: it has the size of Med",
        ),
    ],
)
def test_a_single_model_is_told_by_its_mark_and_its_content(tmp_path, content, message):
    path = tmp_path / "a.TFLITE"
    path.write_bytes(content)
    if not message:
        check_task_file(path)
    else:
        with pytest.raises(ModelRefusedError, match=rf"a\.TFLITE {message}"):
            check_task_file(path)


@pytest.mark.parametrize("content", [b"", b"PK", b"no zip at all", MODEL])
def test_a_task_that_is_no_zip_and_one_that_is_not_there_are_named(tmp_path, content):
    path = tmp_path / "a.task"
    with pytest.raises(ModelRefusedError, match=r"a\.task is not readable"):
        check_task_file(path)
    path.write_bytes(content)
    with pytest.raises(ModelRefusedError, match=r"a\.task is not readable"):
        check_task_file(path)
