"""Detectors that are not what they say: each is refused by name, or fails alone, in time."""

import json
from itertools import pairwise

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from medialab.errors import ModelRefusedError
from medialab.files.onnx import OnnxHeader, read_onnx
from medialab.loading.detectors import automatic_chain, knows, load_detector
from medialab.loading.registry import ModelRegistry
from tests.tiny.detectors import write_onnx, yolo_rows

IMAGE = Image.new("RGB", (64, 64), (90, 120, 60))


def write_graph(path, nodes, constants=(), *, domain=None, side=64):
    """An ONNX file of these nodes, which read `images` and write `output0`."""
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, side, side])],
        [helper.make_tensor_value_info("output0", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants],
    )
    opsets = [helper.make_opsetid("", 17)]
    opsets += [helper.make_opsetid(domain, 1)] if domain else []
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(model.SerializeToString())
    return path


def info_at(path):
    root = path.parents[1]
    return next(one for one in ModelRegistry(root).models("detector") if one.path == path)


def endless_loop():
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["goes_on"], ["goes_on_out"]),
            helper.make_node("Identity", ["value"], ["value_out"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("number", TensorProto.INT64, []),
            helper.make_tensor_value_info("goes_on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("value", TensorProto.FLOAT, None),
        ],
        [
            helper.make_tensor_value_info("goes_on_out", TensorProto.BOOL, []),
            helper.make_tensor_value_info("value_out", TensorProto.FLOAT, None),
        ],
    )
    return helper.make_node("Loop", ["", "true", "images"], ["output0"], body=body)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "models" / "detectors" / "odd.onnx"


def test_a_loop_is_refused_in_the_listing(file):
    info = info_at(write_graph(file, [endless_loop()], [("true", np.array(True))]))
    with pytest.raises(ModelRefusedError, match=r"odd\.onnx holds the operator Loop"):
        read_onnx(file)
    with pytest.raises(ModelRefusedError, match="operator Loop, which may run forever"):
        load_detector(info, "cpu")


def test_an_operator_from_elsewhere_is_refused_by_its_name(file):
    node = helper.make_node("Evil", ["images"], ["output0"], domain="some.where")
    info = info_at(write_graph(file, [node], domain="some.where"))
    with pytest.raises(ModelRefusedError, match=r"operator 'Evil' of 'some\.where'"):
        load_detector(info, "cpu")


def test_a_function_of_the_files_own_is_none_from_elsewhere(file):
    write_graph(file, [helper.make_node("Twice", ["images"], ["output0"], domain="own")])
    model = onnx.load(file)
    twice = helper.make_function(
        "own", "Twice", ["x"], ["y"], [helper.make_node("Add", ["x", "x"], ["y"])], []
    )
    model.functions.append(twice)
    file.write_bytes(model.SerializeToString())
    assert read_onnx(file).labels == {}


@pytest.mark.parametrize(("levels", "reason"), [(11, "come to over"), (30, "without end")])
def test_functions_that_come_to_too_much_are_refused_in_time(file, levels, reason):
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)]
    write_graph(file, [helper.make_node("F0", ["images"], ["output0"], domain="own")], domain="own")
    model = onnx.load(file)
    for level in range(levels):
        chain = [f"v{number}" for number in range(5)]
        called = f"F{level + 1}" if level + 1 < levels else "Neg"
        domain = "own" if called != "Neg" else ""
        nodes = [helper.make_node(called, [a], [b], domain=domain) for a, b in pairwise(chain)]
        model.functions.append(
            helper.make_function("own", f"F{level}", chain[:1], chain[-1:], nodes, opsets)
        )
    file.write_bytes(model.SerializeToString())
    with pytest.raises(ModelRefusedError, match=rf"odd\.onnx is broken: its functions .*{reason}"):
        read_onnx(file)


SIZES = {
    "told": ([], [("size", np.int64([1, 10**6, 250_000]))]),
    "computed": (
        [helper.make_node("Mul", ["one", "other"], ["size"])],
        [("one", np.int64([1, 2**16, 1])), ("other", np.int64([1, 1, 2**17]))],
    ),
    "of the picture": (
        [
            helper.make_node("Shape", ["images"], ["shape"]),
            helper.make_node("ReduceProd", ["shape"], ["count"], keepdims=1),
            helper.make_node("Mul", ["count", "many"], ["size"]),
        ],
        [("many", np.int64([10**7]))],
    ),
}


@pytest.mark.parametrize("kind", SIZES)
def test_what_would_fill_the_memory_is_stopped_and_told_by_name(file, kind):
    nodes, constants = SIZES[kind]
    nodes = [*nodes, helper.make_node("Expand", ["c", "size"], ["output0"])]
    info = info_at(write_graph(file, nodes, [("c", np.float32([1])), *constants]))
    detector = load_detector(info, "cpu")
    with pytest.raises(ModelRefusedError, match="detector 'odd' failed on this picture"):
        detector.find(IMAGE, "odd")
    # What others need is there as before.
    good = write_onnx(file.with_name("good.onnx"), [yolo_rows([])], names=None)
    assert load_detector(info_at(good), "cpu").find(IMAGE, "good") == []


def test_a_look_that_takes_too_long_is_stopped(file, monkeypatch):
    from medialab.files import onnx
    from medialab.vision.finders import yolo

    monkeypatch.setattr(onnx, "_LOOPS", frozenset())
    monkeypatch.setattr(yolo, "MOST_SECONDS", 0.2)
    info = info_at(write_graph(file, [endless_loop()], [("true", np.array(True))]))
    detector = load_detector(info, "cpu")
    with pytest.raises(ModelRefusedError, match=r"'odd' failed on .* took more than 0\.2 s"):
        detector.find(IMAGE, "odd")


def test_a_picture_larger_than_any_detector_sees_is_refused(file):
    node = helper.make_node("Identity", ["images"], ["output0"])
    info = info_at(write_graph(file, [node], side=1_000_000))
    with pytest.raises(ModelRefusedError, match="works at 1000000 × 1000000"):
        load_detector(info, "cpu")


@pytest.mark.parametrize(
    "names",
    ["{[]: 1}", "[1, None, 'face']", "{0: ['a'], 1: 'face'}", "{'0': 'face'}", "1e999", "(" * 5000],
)
def test_names_of_wrong_types_are_no_labels(names):
    labels = OnnxHeader({"names": names}).labels
    assert all(type(key) is int and isinstance(label, str) for key, label in labels.items())


def test_boxes_that_hold_no_numbers_are_dropped_and_told(bench):
    from medialab import PipelineConfig

    rows = np.float32(
        [[8, 8, 24, 24, 0.9, 0], [np.nan, 8, 40, 40, 0.8, 0], [0, 0, np.inf, 9, 1, 0]]
    )
    folder = bench.registry.folder / "detectors"
    path = write_onnx(folder / "odd.onnx", [rows[None]], names="{0: 'face'}")
    try:
        face = {"enabled": True, "detector": "odd", "guide_size": 64}
        config = PipelineConfig(prompt="a doll", steps=1, seed=1, width=64, height=64, face=face)
        run = bench.execute(config, save=False)
    finally:
        path.unlink()
    told = run.record["stages"][-2]["applied"]
    assert told["found"] == 1
    assert [one["reason"] for one in told["dropped"]] == [
        "its box holds NaN or infinite values"
    ] * 2


@pytest.mark.parametrize(
    "config",
    [
        {"architectures": {"a": 1}},
        {"architectures": 3},
        {"architectures": [None]},
        {"architectures": ["YolosForObjectDetection"], "id2label": ["face"]},
        {"architectures": ["YolosForObjectDetection"], "id2label": {"0": None, "1": 7}},
        {"architectures": ["YolosForObjectDetection"], "id2label": "face"},
        {"architectures": []},
        [],
    ],
)
def test_an_odd_detector_leaves_the_others_in_automatic(tmp_path, config):
    folder = tmp_path / "models" / "detectors"
    write_onnx(folder / "good.onnx", [yolo_rows([])], names="{0: 'face'}")
    odd = folder / "odd"
    odd.mkdir()
    (odd / "config.json").write_text(json.dumps(config))
    (odd / "model.safetensors").write_bytes(b"")
    infos = ModelRegistry(tmp_path / "models").models("detector")
    assert "good" in automatic_chain(infos, ["face"])


def test_a_file_with_labels_is_asked_for_those_alone(file):
    write_onnx(file, [yolo_rows([])], names="{0: 'face', 1: 7}")
    assert knows(info_at(file), ["face"])
    assert not knows(info_at(file), ["7"])
