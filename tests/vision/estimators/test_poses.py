"""People's poses as skeletons."""

import numpy as np
import pytest
from PIL import Image

from medialab.loading.detectors import load_detector
from medialab.pixels.geometry import Box
from medialab.vision.estimators.poses import COLOURS, skeletons


@pytest.fixture
def estimator(info_of):
    return load_detector(info_of("pose"), "cpu")


@pytest.fixture
def standing():
    """One person's 17 keypoints of COCO, upright in a picture of 128 pixels, all certain."""
    across = [64, 66, 62, 68, 60, 74, 54, 78, 50, 80, 48, 70, 58, 70, 58, 70, 58]
    down = [20, 18, 18, 19, 19, 36, 36, 52, 52, 66, 66, 70, 70, 90, 90, 112, 112]
    return np.column_stack([across, down, np.ones(17)])[None].astype(float)


def test_a_model_of_transformers_tells_a_persons_keypoints(estimator):
    image = Image.effect_noise((96, 64), 80).convert("RGB")
    found = estimator.keypoints(image)
    assert found.shape == (1, 17, 3)
    two = estimator.keypoints(image, [Box(0, 0, 48, 64), Box(48, 0, 96, 64)])
    assert two.shape == (2, 17, 3)
    assert (two[0] != two[1]).any()


def test_keypoints_lie_where_the_model_is_told_to_look(estimator):
    # Of a picture on which the library's refinement stays near the peaks: on flat heat maps, which
    # random weights give now and then, its last step goes anywhere.
    noise = np.random.default_rng(2).integers(0, 256, (200, 200, 3), dtype=np.uint8)
    image = Image.fromarray(noise)
    (found,) = estimator.keypoints(image, [Box(100, 100, 150, 150)])
    # The processor looks at a quarter more than the box, in the model's own proportions.
    assert (found[:, :2] >= 75).all()
    assert (found[:, :2] <= 175).all()


def test_a_skeleton_has_a_joint_in_its_colour_at_every_keypoint(standing):
    drawn = np.asarray(skeletons(standing, (128, 128)))
    assert drawn.shape == (128, 128, 3)
    for joint, coco in ((0, 0), (4, 10), (7, 9), (10, 16), (13, 15)):
        x, y, _ = standing[0, coco].astype(int)
        assert tuple(drawn[y, x]) == COLOURS[joint]
    assert tuple(drawn[36, 64]) == COLOURS[1]  # the neck, between the shoulders
    assert tuple(drawn[43, 51]) != (0, 0, 0)  # the upper right arm, between its joints
    outside = drawn.copy()
    outside[12:120, 44:84] = 0
    assert not outside.any()


def test_what_is_not_certain_is_not_drawn(standing):
    unsure = standing.copy()
    unsure[0, [9, 10], 2] = 0.1  # both wrists
    whole, less = (np.asarray(skeletons(one, (128, 128))) for one in (standing, unsure))
    assert whole[66, 48].any()
    assert not less[66, 48].any()
    assert not less[60, 49].any()  # nor the forearm that ends there
    unsure[..., 2] = 0
    assert not np.asarray(skeletons(unsure, (128, 128))).any()
