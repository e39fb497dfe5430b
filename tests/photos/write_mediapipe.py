"""Writes mediapipe.json: what MediaPipe itself finds in the photos, for comparison.

By hand, in an environment of its own, since MediaPipe needs an older NumPy:

    python3.11 -m venv mp && mp/bin/pip install mediapipe==0.10.21
    mp/bin/python tests/photos/write_mediapipe.py
"""

import base64
import io
import json
from pathlib import Path

import mediapipe
import numpy as np
from PIL import Image

FOLDER = Path(__file__).parent
MASK_SIDE = 128  # of a mask that is kept, in pixels


def written_mask(inside):
    """A mask, (h, w) booleans, as a small PNG of black and white in base64."""
    small = Image.fromarray(inside).resize((MASK_SIDE, MASK_SIDE), Image.Resampling.NEAREST)
    file = io.BytesIO()
    small.save(file, "PNG", optimize=True)
    return base64.b64encode(file.getvalue()).decode()


def main():
    of = mediapipe.solutions
    faces = {
        "near": of.face_detection.FaceDetection(0.5, model_selection=0),
        "far": of.face_detection.FaceDetection(0.6, model_selection=1),
    }
    hands = of.hands.Hands(static_image_mode=True, max_num_hands=10)
    poses = of.pose.Pose(static_image_mode=True, enable_segmentation=True)
    rows = []
    for path in sorted(FOLDER.glob("*.jpg")):
        image = Image.open(path).convert("RGB")
        pixels, size = np.ascontiguousarray(np.asarray(image)), np.array(image.size)
        row = {"photo": path.stem}
        for name, detector in faces.items():
            found = detector.process(pixels).detections or []
            boxes = [one.location_data.relative_bounding_box for one in found]
            row[name] = [
                [
                    *(round(float(x), 2) for x in np.array([box.xmin, box.ymin]) * size),
                    *(
                        round(float(x), 2)
                        for x in np.array([box.xmin + box.width, box.ymin + box.height]) * size
                    ),
                    round(float(one.score[0]), 4),
                ]
                for box, one in zip(boxes, found, strict=True)
            ]
        joints = [
            np.array([(one.x, one.y) for one in hand.landmark]) * size
            for hand in hands.process(pixels).multi_hand_landmarks or []
        ]
        row["hands"] = [
            [round(float(edge), 2) for edge in (*one.min(0), *one.max(0))] for one in joints
        ]
        mask = poses.process(pixels).segmentation_mask
        row["person"] = None if mask is None else written_mask(mask > 0.5)
        rows.append(row)
    lines = ",\n".join(f" {json.dumps(row)}" for row in rows)
    (FOLDER / "mediapipe.json").write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
