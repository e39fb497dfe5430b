"""Files from outside are read whole, up to a bound, and take no more memory than they have."""

import tracemalloc

import pytest

from medialab.files.regular import is_folder, read_regular


@pytest.mark.parametrize("size", [0, 1, 2**16 - 1, 2**16, 2**16 + 1, 200_000])
def test_a_file_is_read_whole_up_to_the_bound_and_not_beyond(tmp_path, size):
    path = tmp_path / "note.json"
    path.write_bytes(bytes(range(256)) * (size // 256) + bytes(size % 256))
    assert read_regular(path, size) == path.read_bytes()
    assert read_regular(path, size + 1) == path.read_bytes()
    if size:
        with pytest.raises(OSError, match=f"too large: {size} bytes, at most {size - 1} are read"):
            read_regular(path, size - 1)


def test_a_small_file_takes_no_memory_for_the_largest_that_may_be_read(tmp_path):
    path = tmp_path / "note.json"
    path.write_bytes(b"{}")
    tracemalloc.start()
    try:
        assert read_regular(path, 512 * 2**20) == b"{}"
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


def test_a_folder_that_may_not_be_seen_is_none(tmp_path, monkeypatch):
    (tmp_path / "link").symlink_to(tmp_path)
    (tmp_path / "circle").symlink_to("circle")
    assert is_folder(tmp_path)
    assert is_folder(tmp_path / "link")
    assert not any(is_folder(tmp_path / name) for name in ("gone", "circle", "a\0b"))

    def forbidden(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(tmp_path), "stat", forbidden)
    assert not is_folder(tmp_path)
