"""A detector with labels of its own gives boxes, and looks at nothing that it does not know."""

from types import SimpleNamespace

from medialab.loading.detectors import load_detector
from medialab.vision.finders.boxes import BoxDetector


def test_boxes_have_the_models_own_labels_and_fill_their_masks(info_of, picture):
    model = load_detector(info_of("yolos"), "cpu")
    assert isinstance(model, BoxDetector)
    found = model.find(picture, "FACE", "hand")
    assert {one.label for one in found} <= {"face", "hand"}
    assert found
    for one in found:
        assert one.mask.size == picture.size
        assert one.mask.getbbox() == one.box.edges
    only = model.find(picture, "hand")
    assert [one.box for one in only] == [one.box for one in found if one.label == "hand"]


def test_a_word_that_no_label_has_is_answered_without_looking():
    class Network:
        config = SimpleNamespace(id2label={0: "face"})

        def parameters(self):
            return []

    assert BoxDetector(Network(), None, "cpu").find(None, "tail") == []
