"""YOLO models in ONNX: their boxes, their shapes, and which files are opened."""

import sys

import numpy as np
import onnx
import pytest
from PIL import Image

from medialab.errors import MissingLibraryError, ModelRefusedError
from medialab.loading.detectors import knows, load_detector, why_absent
from medialab.loading.registry import ModelRegistry
from medialab.pixels.geometry import Box
from tests.tiny.detectors import tiny_yolo, write_onnx, yolo_rows


def test_yolo_boxes_come_back_to_the_pictures_own_pixels_without_doubles(info_of):
    detector = load_detector(info_of("yolo"), "cpu")
    # 128 × 64 is seen at half size, 16 grey rows above and below.
    detections = detector.find(Image.new("RGB", (128, 64), "red"), "face", "hand")
    assert [(one.label, one.box.edges) for one in detections] == [
        ("face", (16, 8, 48, 56)),
        ("hand", (86, 36, 106, 60)),
    ]
    assert [one.confidence for one in detections] == pytest.approx([0.9, 0.7])


def test_yolo_shapes_are_cut_to_their_boxes(info_of):
    detector = load_detector(info_of("yolo with shapes"), "cpu")
    face, hand = detector.find(Image.new("RGB", (64, 64)), "face", "hand")
    assert Box(8, 20, 24, 44).within(64, 64) != face.box
    assert 8 <= face.box.left < face.box.right <= 24
    assert np.asarray(face.mask).mean() > 0
    assert hand.box.edges == (43, 34, 53, 46)
    assert np.asarray(hand.mask)[34:46, 43:53].all()


def test_both_layouts_of_yolo_mean_the_same(info_of):
    plain, ended = (
        load_detector(info_of(kind), "cpu").find(Image.new("RGB", (64, 64)), "face", "hand")
        for kind in ("yolo", "yolo without doubles")
    )
    assert [(one.label, one.box) for one in plain] == [(one.label, one.box) for one in ended]


def listed(folder):
    return ModelRegistry(folder.parent).models("detector")[0]


def test_a_yolo_in_half_precision_and_one_without_names_are_read(tmp_path):
    rows = [(32, 32, 20, 20, 0.9)]
    path = tmp_path / "detectors" / "face.onnx"
    write_onnx(path, [yolo_rows(rows, classes=1)], names=None, half=True)
    info = listed(path.parent)
    assert (info.name, info.format) == ("face", "onnx")
    (found,) = load_detector(info, "cpu").find(Image.new("RGB", (64, 64)), "face")
    assert found.box.edges == (22, 22, 42, 42)


def test_an_onnx_that_gives_no_boxes_is_refused_when_it_is_asked(tmp_path):
    path = write_onnx(tmp_path / "detectors" / "m.onnx", [np.zeros((1, 3, 5))])
    with pytest.raises(ModelRefusedError, match="3 × 5 numbers, not boxes as YOLO"):
        load_detector(listed(path.parent), "cpu").find(Image.new("RGB", (64, 64)), "face")


def test_an_onnx_with_weights_in_another_file_is_refused_and_that_file_is_never_opened(tmp_path):
    path = tiny_yolo("yolo", tmp_path / "detectors" / "m.onnx")
    model = onnx.load(path)
    for tensor in model.graph.initializer:
        tensor.data_location = onnx.TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value="../../secret")
        tensor.ClearField("raw_data")
    onnx.save(model, path)
    info = listed(path.parent)
    assert "keeps its weights in another file" in info.refused
    with pytest.raises(ModelRefusedError, match="another file"):
        load_detector(info, "cpu")


def test_weights_outside_are_seen_inside_nodes_and_their_graphs_too(tmp_path):
    path = tiny_yolo("yolo", tmp_path / "detectors" / "m.onnx")
    model = onnx.load(path)
    inner = onnx.helper.make_tensor("t", onnx.TensorProto.FLOAT, [1], [0.0])
    inner.data_location = onnx.TensorProto.EXTERNAL
    inner.external_data.add(key="location", value="secret")
    branch = onnx.helper.make_graph([], "branch", [], [], [inner])
    model.graph.node.append(
        onnx.helper.make_node("If", ["nothing"], ["x"], then_branch=branch, else_branch=branch)
    )
    path.write_bytes(model.SerializeToString())
    assert "keeps its weights in another file" in listed(path.parent).refused


@pytest.mark.parametrize(
    "content",
    [b"", b"\x80\x04cos\nsystem\n.", b"<html>not found</html>", b"\x3a\xff\xff\xff\xff\x0f", b"PK"],
)
def test_what_only_ends_in_onnx_is_refused_by_name(tmp_path, content):
    folder = tmp_path / "detectors"
    folder.mkdir()
    (folder / "m.onnx").write_bytes(content)
    info = listed(folder)
    assert info.name == "m"
    assert info.refused.startswith("m.onnx is ")


def test_names_in_an_onnx_are_read_as_text_and_never_run(tmp_path):
    names = "__import__('os').abort()"
    path = write_onnx(tmp_path / "detectors" / "m.onnx", [yolo_rows([])], names=names)
    assert knows(listed(path.parent), ["face"]) is False


def test_an_onnx_link_out_of_the_models_folder_is_refused(tmp_path):
    path = tiny_yolo("yolo", tmp_path / "elsewhere" / "m.onnx")
    folder = tmp_path / "models" / "detectors"
    folder.mkdir(parents=True)
    (folder / "m.onnx").symlink_to(path)
    assert "leads out of the models folder" in listed(folder).refused


def test_an_onnx_is_a_detector_only_among_the_detectors(tmp_path):
    tiny_yolo("yolo", tmp_path / "checkpoints" / "m.onnx")
    assert ModelRegistry(tmp_path).models("checkpoint") == []


def test_without_onnxruntime_the_text_says_how_to_install_it(monkeypatch, info_of):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    info = info_of("yolo")
    assert 'pip install "media-lab-studio[detectors]"' in why_absent(info)
    with pytest.raises(MissingLibraryError, match="onnxruntime"):
        load_detector(info, "cpu")
