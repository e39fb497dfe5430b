"""What is refused by its name, by its first bytes, and as a whole."""

import io
import pickle
import zipfile

import pytest

from medialab.errors import DownloadError, ModelRefusedError
from medialab.files.pickles import PICKLE_SUFFIXES
from medialab.remote.verifying import ENOUGH, check_beginning, check_name, check_whole
from tests.files.test_gguf import write as write_gguf
from tests.remote.civitai_server import lora, safetensors


def zipped():
    """A zip archive that would unpack to a gigabyte, as small as they are."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", b"\0" * 2**24)
    return file.getvalue()


@pytest.mark.parametrize("suffix", sorted(PICKLE_SUFFIXES))
def test_pickles_are_refused_by_name(suffix):
    with pytest.raises(ModelRefusedError, match="is a pickle, which can run any program"):
        check_name(f"ink{suffix.upper()}")


@pytest.mark.parametrize("name", ["ink.zip", "ink", "ink.exe", "ink.safetensors.html", "ink.json"])
def test_other_files_are_refused_by_name(name):
    with pytest.raises(ModelRefusedError, match=r"is not a model's file; .* \.safetensors"):
        check_name(name)


@pytest.mark.parametrize("name", ["a.safetensors", "A.SafeTensors", "a.onnx", "a.gguf", "a.task"])
def test_models_are_taken_by_name(name):
    check_name(name)


def test_a_models_folder_has_texts_too():
    check_name("config.json", in_folder=True)
    with pytest.raises(ModelRefusedError):
        check_name("weights.bin", in_folder=True)
    with pytest.raises(ModelRefusedError):
        check_name("modeling.py", in_folder=True)


@pytest.mark.parametrize(
    ("first", "kind", "message"),
    [
        (pickle.dumps({"a": 1}), ModelRefusedError, "is a pickle under a wrong name"),
        (zipped(), ModelRefusedError, "is a zip archive under a wrong name"),
        (b"<!DOCTYPE html>", DownloadError, "a web page came"),
        (b"\n  <html>", DownloadError, "a web page came"),
        (b"<?xml version=", DownloadError, "a web page came"),
        (b"version https://git-lfs.github.com/spec/v1", DownloadError, "a pointer of Git LFS"),
        (b"GGUF\3\0\0\0", DownloadError, "not a safetensors file by its first bytes"),
        (b"\x89PNG\r\n\x1a\n", DownloadError, "not a safetensors file by its first bytes"),
        (b'{"error": "no"}', DownloadError, "not a safetensors file by its first bytes"),
        ((2).to_bytes(8, "little") + b"[]", DownloadError, "not a safetensors file"),
        ((2**60).to_bytes(8, "little") + b"{", DownloadError, "not a safetensors file"),
        (b"", DownloadError, "not a safetensors file"),
    ],
)
def test_what_is_no_safetensors_is_refused_by_its_first_bytes(first, kind, message):
    with pytest.raises(kind, match=message):
        check_beginning("ink.safetensors", first[:ENOUGH])


def test_other_formats_are_known_by_their_first_bytes():
    check_beginning("a.safetensors", lora()[:ENOUGH])
    check_beginning("a.gguf", b"GGUF\3\0\0\0")
    check_beginning("a.task", zipped()[:ENOUGH])
    check_beginning("config.json", b"<b>")
    with pytest.raises(DownloadError, match="is not a GGUF file"):
        check_beginning("a.gguf", b"GGML")
    with pytest.raises(ModelRefusedError, match="zip archive"):
        check_beginning("a.onnx", zipped()[:ENOUGH])


@pytest.fixture
def whole(tmp_path):
    def written(content):
        path = tmp_path / "ink.safetensors.part"
        path.write_bytes(content)
        return path

    return written


def test_a_whole_file_tells_its_kind(whole):
    assert check_whole(whole(lora()), "ink.safetensors") == "lora"
    assert check_whole(whole(safetensors({"other": (2, 2)})), "ink.safetensors") == ""


@pytest.mark.parametrize("damage", [lambda one: one[:-1], lambda one: one + b"\0"])
def test_a_damaged_file_is_refused_under_its_own_name(whole, damage):
    with pytest.raises(ModelRefusedError, match=r"^ink\.safetensors is (cut short|broken)"):
        check_whole(whole(damage(lora())), "ink.safetensors")


def test_a_gguf_is_read_to_its_end(tmp_path):
    path = tmp_path / "flux.gguf.part"
    write_gguf(path)
    assert check_whole(path, "flux.gguf") in {"checkpoint", ""}
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ModelRefusedError, match=r"^flux\.gguf is cut short"):
        check_whole(path, "flux.gguf")


def test_a_broken_detector_is_refused(whole):
    with pytest.raises(ModelRefusedError):
        check_whole(whole(b"nothing of onnx"), "faces.onnx")
