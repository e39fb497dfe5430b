"""Detectors: real transformers classes at tiny size, told by their config, safetensors only."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from medialab.detectors import BoxDetector, Segmenter, centre_crop, given_mask, load_detector
from medialab.errors import ModelRefusedError
from medialab.geometry import Box
from medialab.masks import of_box
from medialab.registry import ModelRegistry


@pytest.fixture
def picture():
    noise = np.random.default_rng(3).integers(0, 255, (96, 160, 3), dtype=np.uint8)
    return Image.fromarray(noise)


@pytest.fixture
def found_in(tmp_path):
    """Writes a model as transformers does, and gives what the registry makes of it."""

    def write(network, processor=None):
        folder = tmp_path / "models" / "detectors" / "mine"
        network.save_pretrained(folder)
        if processor is not None:
            processor.save_pretrained(folder)
        return ModelRegistry(tmp_path / "models").find("mine", "detector")

    return write


def tiny_yolos():
    from transformers import YolosConfig, YolosForObjectDetection, YolosImageProcessorPil

    torch.manual_seed(0)
    config = YolosConfig(
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        image_size=[64, 64],
        num_detection_tokens=5,
        id2label={0: "face", 1: "hand"},
        label2id={"face": 0, "hand": 1},
    )
    size = {"height": 64, "width": 64}
    return YolosForObjectDetection(config), YolosImageProcessorPil(size=size, do_pad=False)


def tiny_segmenter():
    from models.paperdoll.detector import make_detector

    torch.manual_seed(0)
    return make_detector()


def test_an_object_detector_gives_boxes_of_one_label_inside_the_picture(found_in, picture):
    detector = load_detector(found_in(*tiny_yolos()), "cpu")
    assert isinstance(detector, BoxDetector)
    finds = [one for label in ("face", "hand") for one in detector.find(picture, label)]
    assert finds
    for found in finds:
        assert found.box.within(*picture.size) == found.box
        assert found.mask.size == picture.size
        assert 0 < found.confidence <= 1
    sure = [found.confidence for found in detector.find(picture, finds[0].label)]
    assert sure == sorted(sure, reverse=True)
    assert detector.find(picture, "tail") == []


def test_a_segmenter_is_loaded_by_the_registry_and_counts_its_bytes(found_in, picture, tmp_path):
    info = found_in(tiny_segmenter())
    detector = ModelRegistry(tmp_path / "models", device="cpu").load(info)
    assert isinstance(detector, Segmenter)
    assert detector.nbytes > 100_000
    for found in detector.find(picture, "body"):
        assert found.mask.getbbox() == found.box.edges
    assert detector.find(picture, "tail") == []


def test_the_same_picture_gives_the_same_finds(found_in, picture):
    detector = load_detector(found_in(tiny_segmenter()), "cpu")
    first, second = (
        [(one.box, one.confidence) for one in detector.find(picture, "body")] for _ in range(2)
    )
    assert first == second


def test_a_model_that_finds_nothing_is_refused_with_those_that_do(found_in):
    info = found_in(tiny_segmenter())
    config = info.path / "config.json"
    settings = json.loads(config.read_text()) | {"architectures": ["BertForMaskedLM"]}
    config.write_text(json.dumps(settings))
    with pytest.raises(ModelRefusedError, match=r"BertForMaskedLM; those .*ForObjectDetection"):
        load_detector(info, "cpu")


def test_a_detector_without_its_weights_is_refused_by_name(found_in):
    info = found_in(tiny_segmenter())
    (info.path / "model.safetensors").unlink()
    with pytest.raises(ModelRefusedError, match="detector 'mine' cannot be loaded"):
        load_detector(info, "cpu")


def test_each_white_place_of_a_given_mask_is_a_find_and_specks_are_not():
    mask = of_box(Box(2, 2, 20, 20), 100, 80)
    mask.paste(255, (60, 40, 90, 70))
    mask.putpixel((50, 10), 255)
    assert [one.box for one in given_mask(mask, "face")] == [
        Box(2, 2, 20, 20),
        Box(60, 40, 90, 70),
    ]


def test_the_centre_is_the_middle_half():
    assert centre_crop(Image.new("RGB", (100, 80)), "face").box == Box(25, 20, 75, 60)
