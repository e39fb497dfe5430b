"""The header of a GGUF file is read as the library `gguf` writes it; what is broken is named."""

import struct

import gguf
import numpy as np
import pytest
from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType, LlamaFileType
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from medialab.errors import ModelRefusedError
from medialab.files.gguf import (
    FORMATS,
    MIXTURES,
    MOST_TENSORS,
    MOST_TEXTS,
    quantisation,
    read_gguf_header,
)
from medialab.files.headers import MOST_METADATA
from tests.examples import examples


def write(path, *, tensors=None, architecture="flux", file_type=None, quantised="Q4_0"):
    """Write a file with the library; `tensors` are names with shapes in torch's order."""
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_quantization_version(2)
    if file_type is not None:
        writer.add_file_type(file_type)
    writer.add_array("tokenizer.ggml.tokens", ["a", "bc", "ночь"] * 50)
    writer.add_array("tokenizer.ggml.scores", [0.5] * 50)
    writer.add_bool("yes", True)
    writer.add_float64("half", 0.5)
    for name, shape in (tensors or {"double_blocks.0.img_attn.qkv.weight": (96, 64)}).items():
        rows = np.zeros(shape, np.float32)
        quant = GGMLQuantizationType[quantised] if len(shape) > 1 else None
        if quant is None:
            writer.add_tensor(name, rows)
        else:
            writer.add_tensor(name, gguf.quants.quantize(rows, quant), raw_dtype=quant)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def test_the_tables_are_the_librarys():
    assert {one.value: (one.name, *GGML_QUANT_SIZES[one]) for one in GGMLQuantizationType} == (
        FORMATS
    )
    for number, name in MIXTURES.items():
        assert LlamaFileType(number).name == f"MOSTLY_{name}"


def test_shapes_formats_and_metadata_are_as_the_library_reads_them(tmp_path):
    shapes = {"img_in.weight": (96, 64), "img_in.bias": (96,), "head.modulation": (1, 2, 64)}
    path = write(tmp_path / "m.gguf", tensors=shapes)
    header = read_gguf_header(path)
    assert header.shapes == shapes
    read = {one.name: one.tensor_type.name for one in gguf.GGUFReader(path).tensors}
    assert header.dtypes == read
    assert header.metadata["general.architecture"] == "flux"
    assert header.metadata["yes"] == "True"
    assert header.metadata["half"] == "0.5"
    assert "tokenizer.ggml.tokens" not in header.metadata


@pytest.mark.parametrize(("file_type", "name"), [(15, "Q4_K_M"), (7, "Q4_0"), (None, "Q4_0")])
def test_the_quantisation_is_the_one_that_the_file_names_or_that_of_its_weights(
    tmp_path, file_type, name
):
    path = write(tmp_path / "m.gguf", file_type=file_type)
    assert quantisation(read_gguf_header(path)) == name


def test_the_data_are_not_read(tmp_path, monkeypatch):
    path = write(tmp_path / "m.gguf", tensors={"img_in.weight": (512, 1024)})
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size + 2**33)  # sparse: 8 GiB more
    assert read_gguf_header(path).shapes == {"img_in.weight": (512, 1024)}


@pytest.mark.parametrize("cut", [0, 3, 7, 12, 30, 400, -1, -64, -500])
def test_a_file_that_is_cut_is_named(tmp_path, cut):
    path = write(tmp_path / "m.gguf")
    whole = path.read_bytes()
    path.write_bytes(whole[:cut])
    with pytest.raises(ModelRefusedError, match=r"m\.gguf is (cut short|not a GGUF)"):
        read_gguf_header(path)


def text(value):
    return struct.pack("<Q", len(value)) + value


def head(version=3, tensors=0, entries=0):
    return b"GGUF" + struct.pack("<IQQ", version, tensors, entries)


HOSTILE = {
    "a count of texts": head(entries=1) + text(b"a") + struct.pack("<IIQ", 9, 8, 2**40) + bytes(99),
    "a count of numbers": head(entries=1) + text(b"a") + struct.pack("<IIQ", 9, 6, 2**62),
    "a count of entries": head(entries=2**63) + bytes(99),
    "a count of tensors": head(tensors=2**63) + bytes(99),
    "a long text": head(entries=1) + text(b"a") + struct.pack("<IQ", 8, 2**63) + bytes(99),
    "lists in lists": head(entries=1) + text(b"a") + struct.pack("<IIQ", 9, 9, 1) + bytes(99),
    "an unknown type": head(entries=1) + text(b"a") + struct.pack("<I", 99) + bytes(99),
    "a name that is no text": head(tensors=1) + text(b"\xff\xfe") + bytes(99),
    "dimensions": head(tensors=1) + text(b"a") + struct.pack("<I", 2**31) + bytes(99),
    "an unknown format": head(tensors=1) + text(b"a") + struct.pack("<IQIQ", 1, 1, 999, 0),
    "half a block": head(tensors=1) + text(b"a") + struct.pack("<IQIQ", 1, 33, 2, 0) + bytes(99),
    "a side of 2^63": head(tensors=1) + text(b"a") + struct.pack("<IQIQ", 1, 2**63, 0, 0),
    "data beyond the end": head(tensors=1) + text(b"a") + struct.pack("<IQIQ", 1, 1, 0, 2**60),
    "version 1": head(version=1) + bytes(99),
    "the other byte order": head(version=3 << 24) + bytes(99),
    "a zip": b"PK\x03\x04" + bytes(200),
    "a page": b"<!doctype html>" + bytes(200),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_what_is_broken_is_named_at_once(tmp_path, kind):
    path = tmp_path / "m.gguf"
    path.write_bytes(HOSTILE[kind])
    with pytest.raises(ModelRefusedError, match=r"m\.gguf is "):
        read_gguf_header(path)


@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_whatever_the_bytes_are_they_are_read_or_refused(tmp_path, data):
    path = tmp_path / "fuzzed.gguf"
    if not (tmp_path / "whole.gguf").exists():
        write(tmp_path / "whole.gguf")
    content = bytearray((tmp_path / "whole.gguf").read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    try:
        header = read_gguf_header(path)
    except ModelRefusedError:
        return
    quantisation(header)


def test_a_name_that_is_there_twice_is_named(tmp_path):
    one = text(b"a") + struct.pack("<IQIQ", 1, 1, 0, 0)
    path = tmp_path / "m.gguf"
    path.write_bytes(head(tensors=2) + one * 2 + bytes(99))
    with pytest.raises(ModelRefusedError, match="'a' is in its header twice"):
        read_gguf_header(path)


def entries(count):
    one = text(b"") + struct.pack("<IB", 0, 1)
    return head(entries=count) + one * count


def tensors(count):
    named = (text(b"%x" % number) + struct.pack("<IIQ", 0, 0, 0) for number in range(count))
    return head(tensors=count) + b"".join(named) + bytes(64)


def texts(count, lists=1):
    one = text(b"a") + struct.pack("<IIQ", 9, 8, count) + bytes(8 * count)
    return head(entries=lists) + one * lists


@pytest.mark.parametrize(
    ("content", "most"),
    [(entries, MOST_METADATA), (tensors, MOST_TENSORS), (texts, MOST_TEXTS)],
)
def test_more_parts_than_any_model_has_are_refused_and_not_read_one_by_one(tmp_path, content, most):
    path = tmp_path / "m.gguf"
    path.write_bytes(content(most))
    read_gguf_header(path)
    path.write_bytes(content(most + 1))
    with pytest.raises(ModelRefusedError, match=r"m\.gguf is broken: it"):
        read_gguf_header(path)


def test_the_texts_of_all_lists_count_together(tmp_path):
    path = tmp_path / "m.gguf"
    path.write_bytes(texts(MOST_TEXTS // 4, lists=5))
    with pytest.raises(ModelRefusedError, match="its metadata have over"):
        read_gguf_header(path)
