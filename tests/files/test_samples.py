"""Files are told apart by samples of them, wherever they lie."""

import os

from medialab.files.samples import SAMPLE_BYTES, SAMPLES, sampled_key


def test_the_key_is_the_contents_and_not_the_names(tmp_path):
    content = os.urandom(3 * SAMPLES * SAMPLE_BYTES)
    one, other = tmp_path / "a", tmp_path / "b"
    one.write_bytes(content)
    other.write_bytes(content)
    assert sampled_key([one]) == sampled_key([other])
    assert sampled_key([one, other]) != sampled_key([one])


def test_another_beginning_end_or_size_is_another_key(tmp_path):
    content = bytearray(os.urandom(3 * SAMPLES * SAMPLE_BYTES))
    path, keys = tmp_path / "a", set()
    for change in (None, 0, len(content) - 1, len(content) * 7 // 15, "longer"):
        changed = bytearray(content)
        if change == "longer":
            changed += b"x"
        elif change is not None:
            changed[change] ^= 1
        path.write_bytes(changed)
        keys.add(sampled_key([path]))
    assert len(keys) == 5


def test_small_and_empty_files_have_keys(tmp_path):
    keys = set()
    for content in (b"", b"a", b"b", bytes(SAMPLE_BYTES), bytes(SAMPLE_BYTES + 1)):
        (tmp_path / "a").write_bytes(content)
        keys.add(sampled_key([tmp_path / "a"]))
    assert len(keys) == 5
