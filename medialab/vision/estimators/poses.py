"""How people stand, as the coloured skeleton that OpenPose ControlNets were trained on."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from medialab.pixels.geometry import Box
from medialab.vision.roles import Estimator

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

# A keypoint less confident than this is not drawn. Source: transformers' VitPose example.
LEAST_CONFIDENT = 0.3
# Pixels of a picture of 512: half a limb's width, and a joint's radius.
_REFERENCE_SIDE, _STICK, _JOINT = 512, 4, 4
# VitPose-plus models hold an expert for each data set they were trained on; 0 is COCO's.
_COCO_EXPERT = 0

# OpenPose's 18 joints by COCO's 17 keypoints; the neck, joint 1, lies between the shoulders.
_LEFT_SHOULDER, _RIGHT_SHOULDER, NECK = 5, 6, 1
COCO_OF_JOINT = (0, None, 6, 8, 10, 5, 7, 9, 12, 14, 16, 11, 13, 15, 2, 1, 4, 3)
# Joints that a limb runs between, and the colours of limbs and joints alike. Source: OpenPose's
# body model as in lllyasviel/ControlNet annotator/openpose/util.py, draw_bodypose.
LIMBS = (
    *((1, 2), (1, 5), (2, 3), (3, 4), (5, 6), (6, 7), (1, 8), (8, 9), (9, 10)),
    *((1, 11), (11, 12), (12, 13), (1, 0), (0, 14), (14, 16), (0, 15), (15, 17)),
)
COLOURS = (
    *((255, 0, 0), (255, 85, 0), (255, 170, 0), (255, 255, 0), (170, 255, 0), (85, 255, 0)),
    *((0, 255, 0), (0, 255, 85), (0, 255, 170), (0, 255, 255), (0, 170, 255), (0, 85, 255)),
    *((0, 0, 255), (85, 0, 255), (170, 0, 255), (255, 0, 255), (255, 0, 170), (255, 0, 85)),
)
_LIMB_SHARE = 0.6  # how bright a limb is beside its joints


class PoseEstimator(Estimator):
    """A pose model of COCO's 17 keypoints (ViTPose and its kin), which is told where people are."""

    architectures = ("ForPoseEstimation",)
    auto_class = "AutoModelForPoseEstimation"
    needs = "tells how people stand"
    # COCO's word for people, and this project's.
    looks_at = ("person", "body")

    def estimate(self, image: "Image.Image", boxes: Sequence[Box] = ()) -> "Image.Image":
        """Return the skeletons of the people in the boxes: 8-bit RGB on black, the picture's size.

        Without any box the whole picture is one person's.
        """
        return skeletons(self.keypoints(image, boxes), image.size)

    def keypoints(self, image: "Image.Image", people: Sequence[Box] = ()) -> "np.ndarray":
        """Return (people, 17, 3): x and y in pixels, and the model's confidence, 0 to 1."""
        import numpy as np
        import torch

        boxes = people or [Box(0, 0, *image.size)]
        as_coco = [[[box.left, box.top, box.width, box.height] for box in boxes]]
        inputs = self._processor(image.convert("RGB"), boxes=as_coco, return_tensors="pt")
        pixels = inputs["pixel_values"].to(self._device, self._network.dtype)
        more = {}
        if getattr(self._network.config.backbone_config, "num_experts", 1) > 1:
            more["dataset_index"] = torch.full((len(boxes),), _COCO_EXPERT, device=self._device)
        with torch.inference_mode():
            outputs = self._network(pixel_values=pixels, **more)
            outputs.heatmaps = outputs.heatmaps.float()
        (rows,) = self._processor.post_process_pose_estimation(outputs, boxes=as_coco)
        return np.stack(
            [np.column_stack([one["keypoints"].numpy(), one["scores"].numpy()]) for one in rows]
        )


def skeletons(people: "np.ndarray", size: tuple[int, int]) -> "Image.Image":
    """Return COCO keypoints (people, 17, 3: x, y, confidence) drawn as OpenPose's 18 joints.

    What is less confident than LEAST_CONFIDENT is left out, and with it the limbs that end there.
    """
    from PIL import Image, ImageDraw

    image = Image.new("RGB", size)
    draw = ImageDraw.Draw(image)
    pixels = min(size) / _REFERENCE_SIDE
    stick, radius = max(1.0, _STICK * pixels), max(1.0, _JOINT * pixels)
    every = [_joints(keypoints) for keypoints in people]
    for joints in every:
        for colour, (one, other) in zip(COLOURS, LIMBS, strict=False):
            if one in joints and other in joints:
                dark = tuple(round(level * _LIMB_SHARE) for level in colour)
                draw.polygon(_ellipse(joints[one], joints[other], stick), fill=dark)
    for joints in every:
        for number, (x, y) in joints.items():
            edges = (x - radius, y - radius, x + radius, y + radius)
            draw.ellipse(edges, fill=COLOURS[number])
    return image


def _joints(keypoints: "np.ndarray") -> dict[int, tuple[float, float]]:
    """Return OpenPose's joints that are confident enough, by number."""
    joints = {
        joint: (float(keypoints[coco][0]), float(keypoints[coco][1]))
        for joint, coco in enumerate(COCO_OF_JOINT)
        if coco is not None and keypoints[coco][2] >= LEAST_CONFIDENT
    }
    left, right = keypoints[_LEFT_SHOULDER], keypoints[_RIGHT_SHOULDER]
    if min(left[2], right[2]) >= LEAST_CONFIDENT:
        joints[NECK] = (float(left[0] + right[0]) / 2, float(left[1] + right[1]) / 2)
    return joints


def _ellipse(
    one: tuple[float, float], other: tuple[float, float], half_width: float
) -> list[tuple[float, float]]:
    """Return a limb's outline: an ellipse that ends at both joints."""
    import numpy as np

    start, end = np.array(one), np.array(other)
    along = (end - start) / 2
    length = float(np.hypot(*along)) or 1.0
    across = np.array([-along[1], along[0]]) * (half_width / length)
    turns = np.linspace(0, 2 * np.pi, 36, endpoint=False)
    points = (start + end) / 2 + np.outer(np.cos(turns), along) + np.outer(np.sin(turns), across)
    return [(float(x), float(y)) for x, y in points]
