"""Detection by words."""

from medialab.loading.detectors import load_detector


def test_a_phrase_longer_than_a_model_reads_is_cut(info_of, picture):
    detector = load_detector(info_of("owlvit"), "cpu")
    phrase = "the left hand of a person " * 8
    assert {found.label for found in detector.find(picture, phrase)} <= {phrase}
