"""The photos with boxes drawn by eye, what is made of them, and how detections are counted."""

import json
import math
from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageEnhance

from medialab.pixels.geometry import Box

FOLDER = Path(__file__).parent
ROWS = json.loads((FOLDER / "photos.json").read_text())
PARTS = ("faces", "hands", "people")
# Two boxes that share this much (IoU) are of the same part.
SAME = 0.5
# A part that a crop cuts to less than this share is one that may be found or not.
WHOLE = 0.75


class Photo(NamedTuple):
    """A picture, the boxes of its parts, and those that may be found or not."""

    name: str
    image: Image.Image
    boxes: dict[str, list[Box]]
    maybe: list[Box]


class Count(NamedTuple):
    """Parts that there are, that were found, and detections of nothing."""

    there: int = 0
    found: int = 0
    false: int = 0

    def __add__(self, other):
        return Count(*(one + more for one, more in zip(self, other, strict=True)))

    @property
    def recall(self):
        return self.found / self.there

    @property
    def false_share(self):
        return self.false / max(1, self.found + self.false)


def photo(name):
    row = ROWS[name]
    image = Image.open(FOLDER / f"{name}.jpg").convert("RGB")
    boxes = {part: [Box(*edges) for edges in row.get(part, [])] for part in PARTS}
    return Photo(name, image, boxes, [Box(*edges) for edges in row.get("maybe", [])])


def photos():
    return [photo(name) for name in ROWS]


def dark(one):
    """At a third of its light."""
    return one._replace(
        name=f"{one.name}, dark", image=ImageEnhance.Brightness(one.image).enhance(0.35)
    )


def small(one):
    """At half its size."""
    width, height = (side // 2 for side in one.image.size)
    image = one.image.resize((width, height), Image.Resampling.LANCZOS)
    return _moved(one, "small", image, lambda box: Box(*(edge // 2 for edge in box.edges)))


def far(one):
    """Half as large in the middle of a grey sheet: its parts are a quarter of their share."""
    width, height = one.image.size
    half = one.image.resize((width // 2, height // 2), Image.Resampling.LANCZOS)
    sheet = Image.new("RGB", one.image.size, (128,) * 3)
    left, top = width // 4, height // 4
    sheet.paste(half, (left, top))
    return _moved(
        one, "far", sheet, lambda box: Box(*(edge // 2 for edge in box.edges)).moved(left, top)
    )


def turned(one, degrees=12):
    """Turned counter-clockwise; of a turned box, the box around its ellipse."""
    image = one.image.rotate(degrees, Image.Resampling.BICUBIC)
    angle = math.radians(degrees)
    cos, sin = math.cos(angle), math.sin(angle)
    middle_x, middle_y = (side / 2 for side in image.size)

    def move(box):
        across, down = box.centre[0] - middle_x, box.centre[1] - middle_y
        x, y = middle_x + cos * across + sin * down, middle_y - sin * across + cos * down
        wide = math.hypot(cos * box.width, sin * box.height) / 2
        high = math.hypot(sin * box.width, cos * box.height) / 2
        return Box(*(round(edge) for edge in (x - wide, y - high, x + wide, y + high)))

    return _moved(one, "turned", image, move)


def cropped(one):
    """Without a tenth on each side."""
    width, height = one.image.size
    left, top = width // 10, height // 10
    image = one.image.crop((left, top, width - left, height - top))
    return _moved(one, "cropped", image, lambda box: box.moved(-left, -top))


VARIANTS = (dark, small, turned, cropped)


def _moved(one, word, image, move):
    """The photo with its boxes moved and cut to the picture; too little of one is a maybe."""
    boxes, maybe = {}, [move(box) for box in one.maybe]
    for part, every in one.boxes.items():
        boxes[part] = []
        for before in map(move, every):
            box = before.within(*image.size)
            is_whole = box.area >= WHOLE * before.area
            (boxes[part] if is_whole else maybe).append(box)
    return Photo(f"{one.name}, {word}", image, boxes, maybe)


def count(part, one, found):
    """Count what was found of a part against the boxes drawn by eye, each box once."""
    left, false = list(one.boxes[part]), 0
    for detection in found:
        best = max(left, key=detection.box.iou, default=None)
        if best is not None and detection.box.iou(best) >= SAME:
            left.remove(best)
        elif not any(_lies_in(detection.box, box) for box in one.maybe):
            false += 1
    there = len(one.boxes[part])
    return Count(there, there - len(left), false)


def _lies_in(box, other):
    shared = Box(
        max(box.left, other.left),
        max(box.top, other.top),
        min(box.right, other.right),
        min(box.bottom, other.bottom),
    ).area
    return shared >= box.area / 2


def mediapipe_rows():
    """What MediaPipe itself finds in each photo (write_mediapipe.py)."""
    return json.loads((FOLDER / "mediapipe.json").read_text())
