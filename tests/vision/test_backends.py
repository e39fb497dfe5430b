"""What single backends do beyond their contract, and which of them opens what."""

import json
import sys

import numpy as np
import onnx
import pytest
from PIL import Image, ImageChops, ImageFilter

from medialab.errors import MissingLibraryError, ModelRefusedError
from medialab.loading.registry import ModelRegistry
from medialab.pixels.geometry import Box
from medialab.pixels.masks import box_mask
from medialab.vision import (
    BACKENDS,
    BoxDetector,
    MaskRefiner,
    Segmenter,
    automatic_chain,
    backend_of,
    centre_crop,
    given_mask,
    knows,
    load_detector,
    why_absent,
    without_doubles,
)
from medialab.vision.base import Detection, boxed
from tests.tiny.detectors import tiny_yolo, write_onnx, yolo_rows


@pytest.mark.parametrize(
    ("kind", "title"),
    [
        ("segmenter", "semantic segmentation"),
        ("yolos", "object detection"),
        ("owlv2", "detection by words"),
        ("clipseg", "segmentation by words"),
        ("mask2former", "instance segmentation"),
        ("sam", "refining masks"),
        ("depth", "depth"),
        ("yolo", "YOLO in ONNX"),
    ],
)
def test_a_backend_is_told_by_config_or_header_alone(kind, title, info_of):
    info = info_of(kind)
    assert backend_of(info).title == title
    assert info.refused is None


def test_what_a_model_knows_is_told_without_loading_it(info_of):
    assert knows(info_of("yolos"), ["Face"]) is True
    assert knows(info_of("yolos"), ["tail"]) is False
    assert knows(info_of("yolo"), ["hand"]) is True
    assert knows(info_of("owlv2"), ["tail"]) is None
    assert knows(info_of("sam"), ["face"]) is False


def renamed(info, name):
    from dataclasses import replace

    return replace(info, name=name)


def test_the_chain_begins_with_those_that_know_the_part_and_ends_with_the_embedded_one(info_of):
    embedded = renamed(info_of("segmenter"), "paperdoll")
    others = [
        renamed(info_of(kind), kind) for kind in ("owlv2", "yolos", "yolo", "sam", "mask2former")
    ]
    infos = [embedded, *others]
    known = ["mask2former", "yolo", "yolos", "owlv2"]
    assert automatic_chain(infos, ["face"], of_paperdoll=False) == [*known, "paperdoll"]
    assert automatic_chain(infos, ["face"], of_paperdoll=True) == ["paperdoll", *known]
    assert automatic_chain(infos, ["left hand"], of_paperdoll=True) == ["owlv2"]


def test_a_refused_model_is_left_out_of_the_chain(info_of, tmp_path):
    (tmp_path / "detectors").mkdir()
    (tmp_path / "detectors" / "face.pt").write_bytes(b"\x80\x04cos\nsystem\n.")
    (refused,) = ModelRegistry(tmp_path).models("detector")
    assert "pickle" in refused.refused
    assert automatic_chain([refused], ["face"], of_paperdoll=False) == []


def test_a_model_that_finds_nothing_is_refused_with_those_that_do(detector_models, tmp_path):
    folder = tmp_path / "detectors" / "mine"
    folder.mkdir(parents=True)
    source = detector_models("segmenter") / "detectors" / "mine"
    settings = json.loads((source / "config.json").read_text())
    settings["architectures"] = ["BertForMaskedLM"]
    (folder / "config.json").write_text(json.dumps(settings))
    info = ModelRegistry(tmp_path).find("mine", "detector")
    with pytest.raises(ModelRefusedError, match=r"BertForMaskedLM; those .*object detection"):
        load_detector(info, "cpu")
    settings["architectures"] = ["UperNetForSemanticSegmentation"]
    (folder / "config.json").write_text(json.dumps(settings))
    with pytest.raises(ModelRefusedError, match="detector 'mine' cannot be loaded"):
        load_detector(ModelRegistry(tmp_path).find("mine", "detector"), "cpu")


def test_classes_are_those_that_the_configs_name(info_of):
    assert isinstance(load_detector(info_of("yolos"), "cpu"), BoxDetector)
    assert isinstance(load_detector(info_of("segmenter"), "cpu"), Segmenter)


def test_a_phrase_longer_than_a_model_reads_is_cut(info_of, picture):
    detector = load_detector(info_of("owlvit"), "cpu")
    phrase = "the left hand of a person " * 8
    assert {found.label for found in detector.find(picture, phrase)} <= {phrase}


# YOLO


def test_yolo_boxes_come_back_to_the_pictures_own_pixels_without_doubles(info_of):
    detector = load_detector(info_of("yolo"), "cpu")
    # 128 × 64 is seen at half size, 16 grey rows above and below.
    finds = detector.find(Image.new("RGB", (128, 64), "red"), "face", "hand")
    assert [(one.label, one.box.edges) for one in finds] == [
        ("face", (16, 8, 48, 56)),
        ("hand", (86, 36, 106, 60)),
    ]
    assert [one.confidence for one in finds] == pytest.approx([0.9, 0.7])


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


# MediaPipe


def test_mediapipes_files_are_told_by_their_marks_and_names(tmp_path, monkeypatch):
    import zipfile

    monkeypatch.setitem(sys.modules, "mediapipe", None)
    folder = tmp_path / "detectors"
    folder.mkdir()
    with zipfile.ZipFile(folder / "hand_landmarker.task", "w") as bundle:
        bundle.writestr("hand_detector.tflite", b"\0\0\0\0TFL3")
    (folder / "blaze_face.tflite").write_bytes(b"\x1c\0\0\0TFL3rest")
    (folder / "page.task").write_text("<html>")
    face, hand, page = ModelRegistry(tmp_path).models("detector")
    assert knows(face, ["face"])
    assert knows(hand, ["hand"])
    assert not knows(hand, ["face"])
    assert "pip install mediapipe" in why_absent(hand)
    assert "page.task is" in page.refused
    with pytest.raises(MissingLibraryError, match="mediapipe"):
        load_detector(hand, "cpu")


# Masks


def test_a_refiner_makes_a_shape_within_the_box(info_of, picture):
    refiner = load_detector(info_of("sam"), "cpu")
    assert isinstance(refiner, MaskRefiner)
    box = centre_crop(picture, "face")
    refined = refiner.refined(picture, box)
    inside, outline = np.asarray(refined.mask) > 0, np.asarray(box.mask) > 0
    assert 0 < inside.sum() < outline.sum()
    assert not (inside & ~outline).any()
    assert refined.box.edges == refined.mask.getbbox()
    assert (refined.label, refined.confidence) == (box.label, box.confidence)


def test_each_white_place_of_a_given_mask_is_a_find_and_specks_that_are_near_are_one():
    mask = box_mask(Box(2, 2, 20, 20), 100, 80)
    mask.paste(255, (60, 40, 90, 70))
    for at in ((50, 10), (53, 12), (5, 79)):
        mask.putpixel(at, 255)
    finds = given_mask(mask, "face")
    assert [one.box for one in finds] == [
        Box(2, 2, 20, 20),
        Box(60, 40, 90, 70),
        Box(50, 10, 54, 13),
        Box(5, 79, 6, 80),
    ]
    together = ImageChops.lighter(finds[0].mask, finds[1].mask)
    for one in finds[2:]:
        together = ImageChops.lighter(together, one.mask)
    assert together.tobytes() == mask.tobytes()


@pytest.mark.parametrize("level", [40, 127, 128, 255])
def test_a_faint_stroke_of_a_given_mask_counts_where_no_white_is_in_it(level):
    mask = box_mask(Box(2, 2, 30, 30), 100, 80)
    mask.paste(level, (60, 40, 90, 70))
    soft = mask.filter(ImageFilter.GaussianBlur(1))
    boxes = [one.box for one in given_mask(soft, "face")]
    assert len(boxes) == 2
    assert boxes[1].iou(Box(60, 40, 90, 70)) > 0.6
    assert given_mask(Image.new("L", (100, 80), 20), "face") == []


def test_the_centre_is_the_middle_half():
    assert centre_crop(Image.new("RGB", (100, 80)), "face").box == Box(25, 20, 75, 60)


def test_of_doubles_the_surest_stays_and_shapes_count_not_boxes():
    image = Image.new("RGB", (100, 100))
    sure = boxed(image, "left hand", 0.9, (10, 10, 50, 50))
    double = boxed(image, "right hand", 0.8, (12, 10, 52, 50))
    other = boxed(image, "hand", 0.7, (60, 10, 90, 50))
    assert without_doubles([double, other, sure], 0.5) == [other, sure]
    assert without_doubles([double, other, sure], 1.0) == [double, other, sure]
    # Two shapes side by side in one box, as of people who embrace.
    left, right = box_mask(Box(10, 10, 30, 50), 100, 100), box_mask(Box(30, 10, 50, 50), 100, 100)
    pair = [Detection("body", 0.9, Box(10, 10, 50, 50), one) for one in (left, right)]
    assert without_doubles(pair, 0.5) == pair


def test_the_table_names_every_backend_once():
    titles = [backend.title for backend in BACKENDS]
    assert len(set(titles)) == len(titles)
