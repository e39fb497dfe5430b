"""A wheel gives only the files that are pinned, whatever else it holds."""

import io
import re
import zipfile

import pytest

from medialab.errors import DownloadError
from medialab.remote.packages import wheels
from medialab.remote.packages.wheels import open_wheel
from tests.remote.packages.made import LICENCE, TFLITE, package_of, wheel_of

NAME = "photo-a.tflite"
PATH = f"eyes/{NAME}"


@pytest.fixture
def read(tmp_path):
    """Reads the model's file out of a wheel with this content."""
    package, _ = package_of({NAME: TFLITE})

    def run(content):
        path = tmp_path / package.wheel
        path.write_bytes(content)
        with open_wheel(path, package) as wheel:
            return wheel.read(package.models[0].members[0])

    return run


def archive(*entries, **settings):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", **settings) as made:
        for name, content in entries:
            made.writestr(name, content)
    return buffer.getvalue()


def damaged(content, at, by=b"\xff\xff\xff\xff"):
    return content[:at] + by + content[at + len(by) :]


def test_a_pinned_file_is_read_from_any_wheel_that_has_it(read):
    assert read(wheel_of({PATH: TFLITE, "LICENSE": LICENCE}, version="0.9")) == TFLITE


def test_names_that_lead_elsewhere_write_nothing(read, tmp_path):
    evil = [("../../out.tflite", b"x"), ("/etc/out", b"x"), ("..\\out", b"x")]
    assert read(archive(*evil, (PATH, TFLITE))) == TFLITE
    assert sorted(one.name for one in tmp_path.rglob("*")) == [package_of({})[0].wheel]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (wheel_of({"LICENSE": LICENCE}), f"has no file {PATH}; get the wheel eyes-1.0"),
        (wheel_of({PATH: TFLITE[:-1] + b"x"}), "has the sha256 "),
        (wheel_of({PATH: TFLITE + b"x"}), f"has {len(TFLITE) + 1} bytes, {len(TFLITE)} are due"),
        (wheel_of({PATH: bytes(50_000_000)}), f"has 50,000,000 bytes, {len(TFLITE)} are due"),
        (b"", "is damaged, or is not a package"),
        (b"<!doctype html><title>Sign in</title>", "is damaged, or is not a package"),
        (wheel_of({PATH: TFLITE})[:-30], "is damaged, or is not a package"),
    ],
)
def test_what_is_not_that_file_is_refused_by_name(read, content, told):
    with pytest.raises(DownloadError, match=re.escape(told)):
        read(content)


def test_a_file_larger_than_it_says_is_cut_and_refused(read):
    content = bytearray(archive((PATH, bytes(10**6)), compression=zipfile.ZIP_DEFLATED))
    record = content.rindex(b"PK\x01\x02")
    for at in (record + 24, 22):  # its size in the list, and before its content
        content[at : at + 4] = len(TFLITE).to_bytes(4, "little")
    with pytest.raises(DownloadError, match="eyes"):
        read(bytes(content))


def test_a_file_with_a_password_or_in_another_packing_is_refused(read):
    whole = archive((PATH, TFLITE))
    record = whole.rindex(b"PK\x01\x02")
    for at, by in ((record + 8, b"\x01\x00"), (record + 10, b"\x61\x00")):
        content = damaged(damaged(whole, at, by), 6 if at == record + 8 else 8, by)
        with pytest.raises(DownloadError, match="cannot be read"):
            read(content)


def test_a_list_of_far_too_many_files_is_not_read(read, monkeypatch):
    monkeypatch.setattr(wheels, "_LARGEST_LIST", 1000)
    many = archive((PATH, TFLITE), *((f"{at:05}", b"") for at in range(100)))
    with pytest.raises(DownloadError, match="is larger than any package of eyes"):
        read(many)


def test_a_file_larger_than_any_package_is_not_read(read, monkeypatch):
    monkeypatch.setattr(wheels, "LARGEST_WHEEL", 300)
    with pytest.raises(DownloadError, match="is larger than any package"):
        read(wheel_of({PATH: TFLITE}))


def test_a_pipe_in_place_of_a_wheel_is_not_waited_for(tmp_path):
    import os

    package, _ = package_of({NAME: TFLITE})
    os.mkfifo(tmp_path / "pipe.whl")
    with (
        pytest.raises(OSError, match="it is a pipe"),
        open_wheel(tmp_path / "pipe.whl", package),
    ):
        pass


def test_any_cut_or_flipped_byte_gives_the_file_or_a_named_error(read):
    whole = wheel_of({PATH: TFLITE, "LICENSE": LICENCE})
    for at in range(0, len(whole), 7):
        for content in (whole[:at], damaged(whole, at, b"\xff")):
            try:
                assert read(content) == TFLITE
            except DownloadError:
                continue
