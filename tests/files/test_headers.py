"""Headers are read without the body, broken files are refused by name, kinds are told by names."""

import json
import os
import pickle
import zipfile
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from medialab.errors import ModelRefusedError
from medialab.families.kinds import classify
from medialab.files import headers
from medialab.files.headers import LARGEST_HEADER, read_header
from tests.examples import examples
from tests.tiny.headers import write_tensors


def header_bytes(entries):
    text = json.dumps(entries).encode()
    return len(text).to_bytes(8, "little") + text


def one_tensor(shape=(2, 3), begin=0, end=12, dtype="F16"):
    return {"weight": {"dtype": dtype, "shape": list(shape), "data_offsets": [begin, end]}}


def test_a_sound_file_gives_its_shapes_and_metadata(tmp_path):
    path = tmp_path / "a.safetensors"
    entries = one_tensor() | {"__metadata__": {"modelspec.title": "A"}}
    path.write_bytes(header_bytes(entries) + bytes(12))
    header = read_header(path)
    assert header.shapes == {"weight": (2, 3)}
    assert header.metadata == {"modelspec.title": "A"}


def test_what_the_safetensors_library_writes_is_read(tmp_path):
    import torch
    from safetensors.torch import save_file

    path = tmp_path / "a.safetensors"
    tensors = {
        "a": torch.zeros(2, 3),
        "b": torch.zeros(4, dtype=torch.bfloat16),
        "c": torch.ones(()),
    }
    save_file(tensors, path, metadata={"x": "y"})
    assert read_header(path).shapes == {"a": (2, 3), "b": (4,), "c": ()}


@pytest.mark.parametrize("first", [0x80, ord("P")])
def test_a_length_that_looks_like_a_pickle_or_a_zip_is_only_a_length(tmp_path, first):
    path = tmp_path / "a.safetensors"
    text = json.dumps(one_tensor()).encode()
    text += b" " * (first + (0x4B00 if first == ord("P") else 0x200) - len(text))
    path.write_bytes(len(text).to_bytes(8, "little") + text + bytes(12))
    assert path.read_bytes()[:2] in (b"\x80\x02", b"PK")
    assert read_header(path).shapes == {"weight": (2, 3)}


def test_only_the_header_is_read(tmp_path, monkeypatch):
    path = tmp_path / "a.safetensors"
    head = header_bytes(one_tensor(shape=(2**30,), end=2**31))
    path.write_bytes(head)
    os.truncate(path, len(head) + 2**31)
    read = []
    real = os.read

    def counted(descriptor, length):
        part = real(descriptor, length)
        read.append(len(part))
        return part

    monkeypatch.setattr(os, "read", counted)
    read_header(path)
    assert sum(read) == len(head)


class Malice:
    def __init__(self, target):
        self.target = target

    def __reduce__(self):
        return os.system, (f"touch {self.target}",)


def _broken_files():
    sound = header_bytes(one_tensor())
    return {
        "empty": (b"", "cut short"),
        "shorter than its length field": (b"\x10\0\0", "cut short"),
        "cut in the header": (sound[:20], "cut short"),
        "cut in the body": (sound + bytes(11), "cut short: 1 bytes"),
        "longer than its tensors": (sound + bytes(13), "1 bytes follow"),
        "absurd length": (b"\xff" * 16, "not a safetensors file"),
        "one more than the largest": (
            (LARGEST_HEADER + 1).to_bytes(8, "little") + b"{}",
            "not a safetensors file",
        ),
        "no header at all": (bytes(8) + b"{}", "not a safetensors file"),
        "a web page": (b"<!DOCTYPE html><html><body>Log in</body></html>", "web page"),
        "a pickle": (pickle.dumps({"a": 1}) * 3, "not a safetensors file"),
        "not JSON": ((4).to_bytes(8, "little") + b"{a:}", "not JSON"),
        "a list": ((2).to_bytes(8, "little") + b"[]", "not JSON"),
        "not text": ((4).to_bytes(8, "little") + b"{\xff\xfe}", "not JSON"),
        "deep nesting": (
            (200_000).to_bytes(8, "little") + b'{"a":' + b"[" * 199_995,
            "not JSON",
        ),
        "an entry that is no object": (header_bytes({"a": 3}), "no dtype, shape and place"),
        "an entry without a place": (
            header_bytes({"a": {"dtype": "F16", "shape": []}}),
            "no dtype, shape and place",
        ),
        "a dtype that is a list": (
            header_bytes({"a": {"dtype": [], "shape": [], "data_offsets": [0, 0]}}),
            "no dtype, shape and place",
        ),
        "metadata that is a list": (
            header_bytes(one_tensor() | {"__metadata__": [1]}) + bytes(12),
            "metadata is not a list of names with text values",
        ),
        "metadata of numbers": (
            header_bytes(one_tensor() | {"__metadata__": {"a": 1}}) + bytes(12),
            "metadata is not a list of names with text values",
        ),
        "metadata that is half a letter": (
            header_bytes(one_tensor() | {"__metadata__": {"a": "\ud800"}}) + bytes(12),
            "metadata holds something other than text",
        ),
        "NaN": (header_bytes(one_tensor() | {"__metadata__": {"a": float("nan")}}), "not JSON"),
        "another encoding": (
            (24).to_bytes(8, "little") + '{"a": 1}   '.encode("utf-16-le") + b"  ",
            "not JSON",
        ),
        "a name twice": (
            (150).to_bytes(8, "little")
            + (
                b'{"a":{"dtype":"F16","shape":[2,3],"data_offsets":[0,12]},'
                b'"a":{"dtype":"F16","shape":[2,3],"data_offsets":[0,12]}}'
            ).ljust(150)
            + bytes(12),
            "'a' is in its header twice",
        ),
        "a name that is no text": (header_bytes({"\ud800": one_tensor()["weight"]}), "is not text"),
        "a name of two lines": (
            header_bytes({"a\nb": one_tensor()["weight"]}) + bytes(12),
            "is not text",
        ),
        "a name with a zero": (
            header_bytes({"a\0b": one_tensor()["weight"]}) + bytes(12),
            "is not text",
        ),
        "a format of tomorrow": (
            header_bytes(one_tensor(dtype="F99")) + bytes(12),
            "unknown format 'F99'",
        ),
        "65 dimensions": (
            header_bytes(one_tensor(shape=[1] * 65, end=2)) + bytes(2),
            "has 65 dimensions, at most 8",
        ),
        "a million dimensions": (
            header_bytes(one_tensor(shape=[1] * 1_000_000, end=2)) + bytes(2),
            "has 1000000 dimensions",
        ),
        "nothing times much": (header_bytes(one_tensor(shape=(0, 2**63), end=0)), "impossible"),
        "a shape that is a text": (
            header_bytes({"a": {"dtype": "F16", "shape": "abc", "data_offsets": [0, 2]}}),
            "no dtype, shape and place",
        ),
        "a negative place": (header_bytes(one_tensor(begin=-12, end=0)), "impossible"),
        "a place in halves": (header_bytes(one_tensor(end=12.0)) + bytes(12), "impossible"),
        "fewer bytes than its shape": (
            header_bytes(one_tensor(end=10)) + bytes(10),
            "10 bytes for",
        ),
        "a gap": (header_bytes(one_tensor(begin=4, end=16)) + bytes(16), "gaps"),
        "an overlap": (
            header_bytes({"a": one_tensor()["weight"], "b": one_tensor()["weight"]}) + bytes(12),
            "overlap",
        ),
    }


@pytest.mark.thorough
@pytest.mark.parametrize("fault", _broken_files())
def test_a_broken_file_is_refused_with_what_is_wrong(tmp_path, fault):
    content, reason = _broken_files()[fault]
    path = tmp_path / "broken.safetensors"
    path.write_bytes(content)
    with pytest.raises(ModelRefusedError, match=rf"^broken\.safetensors is .*{reason}"):
        read_header(path)


def test_a_missing_file_is_refused_not_crashed_on(tmp_path):
    with pytest.raises(ModelRefusedError, match=r"gone\.safetensors is not readable"):
        read_header(tmp_path / "gone.safetensors")


def test_a_renamed_pickle_is_refused_and_never_runs(tmp_path):
    path = tmp_path / "renamed.safetensors"
    path.write_bytes(pickle.dumps(Malice(tmp_path / "touched")))
    with pytest.raises(ModelRefusedError):
        read_header(path)
    assert not (tmp_path / "touched").exists()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(noise=st.binary(max_size=200))
def test_noise_is_refused_and_never_crashed_on(tmp_path, noise):
    path = tmp_path / "noise.safetensors"
    path.write_bytes(noise)
    with suppress(ModelRefusedError):
        assert read_header(path).shapes == {}


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 2**70) | st.floats() | st.text(max_size=8),
    lambda inside: (
        st.lists(inside, max_size=4) | st.dictionaries(st.text(max_size=8), inside, max_size=4)
    ),
    max_leaves=8,
)
NEARLY_A_TENSOR = st.fixed_dictionaries(
    {
        "dtype": st.sampled_from(["F16", "F8_E4M3", "F4", "odd", None, ["F16"]]) | ANY_JSON,
        "shape": st.lists(st.integers(0, 3), max_size=10) | ANY_JSON,
        "data_offsets": st.sampled_from([[0, 0], [0, 12], [0, 2], [12, 0]]) | ANY_JSON,
    }
)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    deadline=None,
    derandomize=True,
    max_examples=examples(150),
)
@given(
    entries=st.dictionaries(
        st.sampled_from(["__metadata__", "emb_params", "x.lora_down.weight", "a\0", "\ud800"])
        | st.text(max_size=8),
        NEARLY_A_TENSOR | ANY_JSON,
        max_size=4,
    ),
    body=st.sampled_from([0, 2, 12]),
)
def test_whatever_a_header_says_it_is_told_or_refused(tmp_path, entries, body):
    """And what is told is opened by safetensors, too."""
    from safetensors import safe_open

    path = tmp_path / "any.safetensors"
    path.write_bytes(header_bytes(entries) + bytes(body))
    with suppress(ModelRefusedError):
        header = read_header(path)
        classify(header)
        with safe_open(path, "pt") as file:
            assert set(file.keys()) == header.shapes.keys()


@pytest.mark.parametrize(
    "body",
    [
        '{"a":[' + ",".join(["[]"] * 500_000) + "]}",
        '{"__metadata__":{' + ",".join(f'"{n}":""' for n in range(150_000)) + "}}",
        '{"a":' + '{"b":' * 300_000 + "1" + "}" * 300_001,
    ],
    ids=["lists", "metadata", "objects"],
)
def test_a_header_that_would_fill_the_memory_is_refused_before_it_is_parsed(
    tmp_path, body, monkeypatch
):
    monkeypatch.setattr(headers.json, "loads", None)
    path = tmp_path / "bomb.safetensors"
    path.write_bytes(len(body).to_bytes(8, "little") + body.encode())
    with pytest.raises(ModelRefusedError, match="its header holds more than tensors"):
        read_header(path)


def test_a_large_header_with_brackets_in_its_metadata_is_read(tmp_path):
    words = json.dumps({"tags": [[{"a": "\\"}]] * 100_000})
    path = write_tensors(tmp_path / "a.safetensors", {"x.weight": (4, 4)}, {"ss_bucket": words})
    assert path.stat().st_size > 2**20
    assert read_header(path).metadata["ss_bucket"] == words


def test_a_zip_under_the_name_of_a_model_is_refused_unopened(tmp_path):
    path = tmp_path / "bomb.safetensors"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("archive/data.pkl", bytes(2**24))
    with pytest.raises(ModelRefusedError, match="not a safetensors file"):
        read_header(path)
