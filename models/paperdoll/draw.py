"""Draw a paperdoll scene: half a millisecond per picture, fully determined by the scene's seed.

A person lives in a world of head units (y down, the top of the head near 0, the soles at 4.3); a
framing is only another camera on the same person, so that a face in a full body picture and a face
close-up are the same face. Everything is drawn twice as large and averaged down.
"""

import math
import random as stdlib_random
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from models.paperdoll.world import Scene

SUPERSAMPLING = 2
# Region numbers in the map that masks are cut from.
_BODY, _FACE, _HAND = 1, 2, 3

RGB = tuple[int, int, int]
Point = tuple[float, float]

COLOURS: dict[str, RGB] = {
    "red": (214, 40, 46),
    "orange": (245, 135, 31),
    "yellow": (250, 214, 50),
    "green": (48, 160, 70),
    "blue": (40, 92, 214),
    "purple": (134, 58, 178),
    "white": (246, 246, 246),
    "black": (36, 36, 40),
    "pink": (246, 142, 188),
    "brown": (130, 82, 44),
}
HAIR: dict[str, RGB] = {
    "red": (196, 62, 24),
    "blond": (240, 202, 96),
    "brown": (112, 66, 34),
    "black": (34, 30, 32),
    "white": (226, 226, 232),
}
SKIN: tuple[RGB, ...] = (
    (252, 218, 190),
    (240, 194, 158),
    (214, 160, 118),
    (166, 112, 76),
    (120, 78, 54),
)


@dataclass(frozen=True)
class Picture:
    """A drawn scene: the RGB image, and 8-bit masks (255 inside) of its visible parts."""

    image: Image.Image
    masks: dict[str, Image.Image]


class _Canvas:
    """Draws shapes given in world units; the camera turns them into pixels.

    `regions` is None, or an image of region numbers that is drawn along for the masks.
    """

    def __init__(self, size: tuple[int, int], *, with_regions: bool) -> None:
        self.width, self.height = size
        full = (self.width * SUPERSAMPLING, self.height * SUPERSAMPLING)
        self.image = Image.new("RGB", full)
        self.draw = ImageDraw.Draw(self.image)
        self.regions = Image.new("L", full) if with_regions else None
        self._marks = ImageDraw.Draw(self.regions) if self.regions else None
        self.look_at((0.5, 0.5), 1.0)

    def look_at(self, centre: Point, height: float) -> None:
        """Show `height` world units from top to bottom, around `centre`."""
        self.unit = self.height * SUPERSAMPLING / height
        self.origin = (
            self.width * SUPERSAMPLING / 2 - centre[0] * self.unit,
            self.height * SUPERSAMPLING / 2 - centre[1] * self.unit,
        )

    def _pixel(self, point: Point) -> Point:
        return self.origin[0] + point[0] * self.unit, self.origin[1] + point[1] * self.unit

    def ellipse(
        self, centre: Point, rx: float, ry: float, colour: RGB, region: int | None = None
    ) -> None:
        x, y = self._pixel(centre)
        box = (x - rx * self.unit, y - ry * self.unit, x + rx * self.unit, y + ry * self.unit)
        self.draw.ellipse(box, fill=colour)
        if region is not None and self._marks:
            self._marks.ellipse(box, fill=region)

    def polygon(self, points: list[Point], colour: RGB, region: int | None = None) -> None:
        pixels = [self._pixel(point) for point in points]
        self.draw.polygon(pixels, fill=colour)
        if region is not None and self._marks:
            self._marks.polygon(pixels, fill=region)

    def limb(
        self, points: list[Point], width: float, colour: RGB, region: int | None = None
    ) -> None:
        """Draw a thick line with round joints and ends; points and width in world units."""
        pixels = [self._pixel(point) for point in points]
        stroke = max(1, round(width * self.unit))
        self.draw.line(pixels, fill=colour, width=stroke)
        if region is not None and self._marks:
            self._marks.line(pixels, fill=region, width=stroke)
        for point in points:
            self.ellipse(point, width / 2, width / 2, colour, region)

    def arc(
        self,
        centre: Point,
        rx: float,
        ry: float,
        angles: tuple[float, float],
        width: float,
        colour: RGB,
    ) -> None:
        x, y = self._pixel(centre)
        box = (x - rx * self.unit, y - ry * self.unit, x + rx * self.unit, y + ry * self.unit)
        self.draw.arc(
            box, angles[0], angles[1], fill=colour, width=max(1, round(width * self.unit))
        )


def draw(scene: Scene, size: int | tuple[int, int] = 128, *, masks: bool = True) -> Picture:
    """Draw the scene at `size` pixels (a side, or width and height).

    Without `masks` it is a third faster; training needs none.
    """
    width, height = (size, size) if isinstance(size, int) else size
    canvas = _Canvas((width, height), with_regions=masks)
    _draw_background(canvas, scene, stdlib_random.Random(scene.seed))
    # A source of its own: the same person stands before another background.
    random = stdlib_random.Random(f"who {scene.seed}")
    if scene.object_kind:
        _draw_object(canvas, scene, random)
    else:
        _Doll(scene, random).draw_on(canvas)
    image = canvas.image.reduce(SUPERSAMPLING)
    if canvas.regions is None:
        return Picture(image, {})
    regions = np.asarray(canvas.regions.resize((width, height), Image.Resampling.NEAREST))
    found = {
        "body": regions > 0,
        "face": regions == _FACE,
        "left_hand": regions == _HAND,
        "right_hand": regions == _HAND + 1,
    }
    return Picture(
        image,
        {
            name: Image.fromarray(np.where(mask, 255, 0).astype(np.uint8))
            for name, mask in found.items()
            if mask.any()
        },
    )


# --- backgrounds -----------------------------------------------------------------------------


def _draw_background(canvas: _Canvas, scene: Scene, random: stdlib_random.Random) -> None:
    """Fill the canvas; the unit square is the picture, so every framing sees the whole place."""
    canvas.look_at((0.5, 0.5), 1.0)
    horizon = random.uniform(0.56, 0.68)
    _BACKGROUNDS[scene.background](canvas, horizon, random)


def _band(canvas: _Canvas, top: float, bottom: float, colour: RGB) -> None:
    canvas.polygon([(-3, top), (4, top), (4, bottom), (-3, bottom)], colour)


def _snow(canvas: _Canvas, horizon: float, random: stdlib_random.Random) -> None:
    _band(canvas, -3, 4, (188, 212, 232))
    for x in (random.uniform(-0.1, 0.3), random.uniform(0.6, 1.1)):
        canvas.polygon(
            [
                (x - 0.4, horizon + 0.02),
                (x, horizon - random.uniform(0.15, 0.3)),
                (x + 0.4, horizon + 0.02),
            ],
            (160, 184, 208),
        )
    _band(canvas, horizon, 4, (240, 245, 250))
    for _ in range(14):
        canvas.ellipse((random.random(), random.uniform(0, 1)), 0.014, 0.014, (255, 255, 255))


def _beach(canvas: _Canvas, horizon: float, random: stdlib_random.Random) -> None:
    _band(canvas, -3, 4, (130, 206, 246))
    canvas.ellipse(
        (random.uniform(0.08, 0.92), random.uniform(0.08, 0.2)), 0.09, 0.09, (255, 240, 150)
    )
    _band(canvas, horizon - 0.12, horizon + 0.04, (30, 134, 190))
    _band(canvas, horizon + 0.04, 4, (238, 214, 156))


def _meadow(canvas: _Canvas, horizon: float, random: stdlib_random.Random) -> None:
    _band(canvas, -3, 4, (158, 212, 250))
    for x in (random.uniform(0.0, 0.35), random.uniform(0.6, 0.95)):
        y = random.uniform(0.08, 0.25)
        for shift in (-0.07, 0, 0.07):
            canvas.ellipse((x + shift, y), 0.075, 0.05, (255, 255, 255))
    canvas.ellipse((random.uniform(0, 1), horizon + 0.25), 0.7, 0.36, (126, 192, 92))
    _band(canvas, horizon, 4, (106, 182, 76))


def _night(canvas: _Canvas, horizon: float, random: stdlib_random.Random) -> None:
    _band(canvas, -3, 4, (24, 28, 70))
    canvas.ellipse(
        (random.uniform(0.1, 0.9), random.uniform(0.1, 0.2)), 0.08, 0.08, (240, 238, 200)
    )
    for _ in range(12):
        canvas.ellipse((random.random(), random.uniform(0, horizon)), 0.012, 0.012, (226, 226, 210))
    _band(canvas, horizon, 4, (38, 46, 66))


def _room(canvas: _Canvas, horizon: float, random: stdlib_random.Random) -> None:
    _band(canvas, -3, 4, (238, 216, 188))
    x, y = random.choice((0.16, 0.84)), 0.28
    canvas.polygon(
        [(x - 0.15, y - 0.16), (x + 0.15, y - 0.16), (x + 0.15, y + 0.16), (x - 0.15, y + 0.16)],
        (150, 104, 66),
    )
    canvas.polygon(
        [(x - 0.12, y - 0.13), (x + 0.12, y - 0.13), (x + 0.12, y + 0.13), (x - 0.12, y + 0.13)],
        (170, 218, 246),
    )
    _band(canvas, horizon, horizon + 0.03, (206, 176, 142))
    _band(canvas, horizon + 0.03, 4, (176, 126, 84))


def _plain(canvas: _Canvas, horizon: float, random: stdlib_random.Random) -> None:
    del horizon
    _band(canvas, -3, 4, random.choice(((206, 206, 206), (222, 216, 206), (196, 204, 210))))


_BACKGROUNDS = {
    "snow": _snow,
    "beach": _beach,
    "meadow": _meadow,
    "night": _night,
    "room": _room,
    "plain": _plain,
}


# --- objects ---------------------------------------------------------------------------------


def _draw_object(canvas: _Canvas, scene: Scene, random: stdlib_random.Random) -> None:
    """Draw one object in a square from -1 to 1 that fills two thirds of the picture."""
    height = random.uniform(2.7, 3.5)
    canvas.look_at((random.uniform(-0.25, 0.25), random.uniform(-0.3, 0.1)), height)
    colour = COLOURS[scene.object_colour or "red"]
    _OBJECTS[scene.object_kind or "ball"](canvas, colour, _shade(colour))


def _shade(colour: RGB, factor: float = 0.72) -> RGB:
    """Return a darker shade of the colour; for black a lighter one, so that it is visible."""
    if max(colour) < 60:
        return 66, 66, 74
    return tuple(round(channel * factor) for channel in colour)  # type: ignore[return-value]


def _ring(count: int, radius: float, turn: float = 0.0) -> list[Point]:
    return [
        (
            radius * math.sin(turn + 2 * math.pi * i / count),
            -radius * math.cos(turn + 2 * math.pi * i / count),
        )
        for i in range(count)
    ]


def _tree(canvas: _Canvas, colour: RGB, shade: RGB) -> None:
    canvas.polygon([(-0.14, 0.2), (0.14, 0.2), (0.18, 1), (-0.18, 1)], (112, 72, 42))
    for centre, radius in (
        ((-0.4, -0.05), 0.42),
        ((0.4, -0.05), 0.42),
        ((0, -0.45), 0.52),
        ((0, 0.05), 0.4),
    ):
        canvas.ellipse(centre, radius, radius, colour)
    canvas.ellipse((0.15, -0.3), 0.14, 0.14, shade)
    canvas.ellipse((-0.3, 0.02), 0.12, 0.12, shade)


def _house(canvas: _Canvas, colour: RGB, shade: RGB) -> None:
    canvas.polygon([(-0.75, -0.1), (0.75, -0.1), (0.75, 0.9), (-0.75, 0.9)], colour)
    canvas.polygon([(-0.95, -0.1), (0, -0.95), (0.95, -0.1)], shade)
    canvas.polygon([(-0.18, 0.3), (0.18, 0.3), (0.18, 0.9), (-0.18, 0.9)], (92, 60, 40))
    for x in (-0.46, 0.46):
        canvas.polygon(
            [(x - 0.15, 0.12), (x + 0.15, 0.12), (x + 0.15, 0.42), (x - 0.15, 0.42)],
            (250, 238, 170),
        )


def _ball(canvas: _Canvas, colour: RGB, shade: RGB) -> None:
    canvas.ellipse((0, 0.1), 0.8, 0.8, shade)
    canvas.ellipse((-0.06, 0.03), 0.7, 0.7, colour)
    canvas.ellipse((-0.3, -0.25), 0.18, 0.14, (255, 255, 255))


def _car(canvas: _Canvas, colour: RGB, shade: RGB) -> None:
    canvas.polygon([(-0.55, 0.1), (-0.35, -0.42), (0.35, -0.42), (0.58, 0.1)], shade)
    canvas.polygon([(-0.42, 0.06), (-0.28, -0.3), (0.28, -0.3), (0.43, 0.06)], (186, 222, 242))
    canvas.limb([(-0.82, 0.3), (0.82, 0.3)], 0.46, colour)
    for x in (-0.55, 0.55):
        canvas.ellipse((x, 0.56), 0.24, 0.24, (30, 30, 34))
        canvas.ellipse((x, 0.56), 0.1, 0.1, (200, 200, 204))


def _cup(canvas: _Canvas, colour: RGB, shade: RGB) -> None:
    canvas.ellipse((0.6, 0.1), 0.36, 0.36, colour)
    canvas.ellipse((0.6, 0.1), 0.2, 0.2, (200, 196, 190))
    canvas.polygon([(-0.62, -0.5), (0.62, -0.5), (0.5, 0.85), (-0.5, 0.85)], colour)
    canvas.ellipse((0, -0.5), 0.62, 0.16, shade)
    canvas.ellipse((0, -0.48), 0.5, 0.1, (84, 52, 34))


def _flower(canvas: _Canvas, colour: RGB, shade: RGB) -> None:
    canvas.limb([(0, 0.1), (0, 1.0)], 0.12, (56, 140, 60))
    canvas.ellipse((0.25, 0.7), 0.24, 0.1, (56, 140, 60))
    for x, y in _ring(6, 0.46):
        canvas.ellipse((x, y - 0.25), 0.29, 0.29, colour)
    canvas.ellipse((0, -0.25), 0.25, 0.25, (250, 220, 90) if colour != COLOURS["yellow"] else shade)


def _star(canvas: _Canvas, colour: RGB, shade: RGB) -> None:
    del shade
    outer, inner = _ring(5, 1.0), _ring(5, 0.44, math.pi / 5)
    canvas.polygon([point for pair in zip(outer, inner, strict=True) for point in pair], colour)


def _heart(canvas: _Canvas, colour: RGB, shade: RGB) -> None:
    del shade
    turns = [2 * math.pi * i / 48 for i in range(48)]
    canvas.polygon(
        [
            (
                0.056 * 16 * math.sin(t) ** 3,
                -0.058
                * (13 * math.cos(t) - 5 * math.cos(2 * t) - 2 * math.cos(3 * t) - math.cos(4 * t)),
            )
            for t in turns
        ],
        colour,
    )


def _square(canvas: _Canvas, colour: RGB, shade: RGB) -> None:
    del shade
    canvas.polygon([(-0.75, -0.75), (0.75, -0.75), (0.75, 0.75), (-0.75, 0.75)], colour)


def _triangle(canvas: _Canvas, colour: RGB, shade: RGB) -> None:
    del shade
    canvas.polygon([(0, -0.85), (0.92, 0.75), (-0.92, 0.75)], colour)


_OBJECTS = {
    "tree": _tree,
    "house": _house,
    "ball": _ball,
    "car": _car,
    "cup": _cup,
    "flower": _flower,
    "star": _star,
    "heart": _heart,
    "square": _square,
    "triangle": _triangle,
}


# --- people ----------------------------------------------------------------------------------

# Elbow and wrist of the left arm (x grows to the viewer's right) from the shoulder at (-0.5, 1.42);
# the right arm is its mirror image.
_ARMS = {
    "down": ((-0.76, 2.0), (-0.78, 2.5)),
    "up": ((-0.94, 0.9), (-0.88, 0.14)),
    "hip": ((-1.14, 1.95), (-0.66, 2.36)),
}
_POSES = {
    "standing": ("down", "down"),
    "waving": ("down", "up"),
    "arms up": ("up", "up"),
    "hands on hips": ("hip", "hip"),
}
# Lengths of thumb, index, middle, ring and little finger, in hand units.
_FINGERS = {
    "open hand": (0.55, 0.8, 0.9, 0.82, 0.62),
    "fist": (0.3, 0.34, 0.36, 0.34, 0.3),
    "pointing hand": (0.34, 0.98, 0.36, 0.34, 0.3),
}


class _Doll:
    """One person: the scene's attributes, and those that captions omit, drawn from `random`."""

    def __init__(self, scene: Scene, random: stdlib_random.Random) -> None:
        self.scene = scene
        self.skin = random.choice(SKIN)
        self.blush = _mix(self.skin, (228, 96, 88), 0.35)
        self.iris = random.choice(((60, 100, 170), (70, 120, 70), (84, 56, 36)))
        self.shoes = random.choice(((60, 44, 36), (40, 40, 46), (128, 40, 40)))
        self.skirted_top = random.random() < 0.3
        self.shift = random.uniform(-0.35, 0.35)
        self.tilt = random.uniform(-0.05, 0.05)
        self.zoom = random.uniform(0.94, 1.06)
        self.head_width = random.uniform(0.44, 0.5)
        self.mirrored = random.random() < 0.5

    def draw_on(self, canvas: _Canvas) -> None:
        scene = self.scene
        if scene.framing == "hand close-up":
            self._draw_hand_close_up(canvas)
            return
        centre, height = {
            "full body": ((self.shift * 1.4, 1.96), 5.05),
            "portrait": ((self.shift * 0.8, 1.04), 3.1),
            "face close-up": ((self.shift * 0.3, 0.58), 1.62),
        }[scene.framing]
        canvas.look_at(centre, height * self.zoom)
        if scene.hair_length == "long":
            self._draw_back_hair(canvas)
        if scene.framing == "full body":
            self._draw_legs(canvas)
        self._draw_torso(canvas)
        self._draw_arms(canvas)
        self._draw_head(canvas)

    def _draw_legs(self, canvas: _Canvas) -> None:
        colour = COLOURS[self.scene.trousers or "blue"]
        for side in (-1, 1):
            canvas.limb([(side * 0.24, 2.7), (side * 0.3, 3.95)], 0.46, colour, _BODY)
            canvas.ellipse((side * 0.4, 4.2), 0.33, 0.16, self.shoes, _BODY)

    def _draw_torso(self, canvas: _Canvas) -> None:
        colour = COLOURS[self.scene.shirt or "blue"]
        canvas.limb([(0, 1.0), (0, 1.32)], 0.3, _mix(self.skin, (120, 60, 40), 0.15), _BODY)
        hem = 0.68 if self.skirted_top else 0.52
        canvas.polygon(
            [(-0.52, 1.3), (0.52, 1.3), (0.5, 2.1), (hem, 2.75), (-hem, 2.75), (-0.5, 2.1)],
            colour,
            _BODY,
        )
        canvas.limb([(-0.44, 1.42), (0.44, 1.42)], 0.32, colour, _BODY)
        canvas.ellipse((0, 1.28), 0.2, 0.13, self.skin, _BODY)

    def _draw_arms(self, canvas: _Canvas) -> None:
        colour = COLOURS[self.scene.shirt or "blue"]
        arms = _POSES[self.scene.pose or "standing"]
        if self.mirrored:
            arms = arms[::-1]
        for number, (side, arm) in enumerate(zip((-1, 1), arms, strict=True)):
            elbow, wrist = ((-side * x, y) for x, y in _ARMS[arm])
            shoulder = (side * 0.5, 1.45)
            canvas.limb([shoulder, elbow, wrist], 0.3, _shade(colour, 0.84), _BODY)
            angle = math.atan2(wrist[1] - elbow[1], wrist[0] - elbow[0])
            self._draw_hand(canvas, wrist, 0.42, angle, thumb_side=side, region=_HAND + number)

    def _draw_hand(
        self,
        canvas: _Canvas,
        wrist: Point,
        unit: float,
        angle: float,
        *,
        thumb_side: int,
        region: int,
    ) -> None:
        """Draw a hand from the wrist along `angle` (radians, y down); `unit` is its length."""
        along, across = (math.cos(angle), math.sin(angle)), (-math.sin(angle), math.cos(angle))

        def at(forward: float, aside: float) -> Point:
            aside *= thumb_side
            return (
                wrist[0] + unit * (forward * along[0] + aside * across[0]),
                wrist[1] + unit * (forward * along[1] + aside * across[1]),
            )

        lengths = _FINGERS[self.scene.gesture or "open hand"]
        palm = at(0.36, 0)
        canvas.ellipse(palm, 0.35 * unit, 0.35 * unit, self.skin, region)
        for finger, length in enumerate(lengths[1:]):
            aside = 0.25 - finger * 0.17
            spread = aside * 0.5 if length > 0.5 else 0.0
            canvas.limb(
                [at(0.42, aside), at(0.3 + length, aside + spread)], 0.15 * unit, self.skin, region
            )
            if length <= 0.5 and unit > 0.6:
                canvas.limb(
                    [at(0.52, aside - 0.085), at(0.26 + length, aside - 0.085)],
                    0.03 * unit,
                    _mix(self.skin, (90, 40, 30), 0.4),
                )
        canvas.limb(
            [at(0.25, 0.24), at(0.22 + lengths[0] * 0.6, 0.3 + lengths[0] * 0.45)],
            0.17 * unit,
            self.skin,
            region,
        )

    def _draw_hand_close_up(self, canvas: _Canvas) -> None:
        canvas.look_at((self.shift * 0.4, self.tilt * 2), 2.1 * self.zoom)
        angle = -math.pi / 2 + self.tilt * 8
        wrist = (0.0, 0.55)
        sleeve = (wrist[0] - 1.5 * math.cos(angle), wrist[1] - 1.5 * math.sin(angle))
        cuff = (wrist[0] - 0.25 * math.cos(angle), wrist[1] - 0.25 * math.sin(angle))
        canvas.limb([wrist, sleeve], 0.44, self.skin, _BODY)
        canvas.limb([cuff, sleeve], 0.66, COLOURS[self.scene.shirt or "blue"], _BODY)
        self._draw_hand(
            canvas, wrist, 1.05, angle, thumb_side=1 if self.mirrored else -1, region=_HAND
        )

    def _draw_back_hair(self, canvas: _Canvas) -> None:
        colour = _shade(HAIR[self.scene.hair_colour or "brown"], 0.86)
        canvas.ellipse((0, 0.55), 0.64, 0.62, colour, _BODY)
        canvas.polygon(
            [(-0.64, 0.55), (0.64, 0.55), (0.72, 1.75), (0.4, 1.85), (-0.4, 1.85), (-0.72, 1.75)],
            colour,
            _BODY,
        )

    def _draw_head(self, canvas: _Canvas) -> None:
        hair = HAIR[self.scene.hair_colour or "brown"]
        width = self.head_width
        canvas.ellipse((0, 0.36), width + 0.1, 0.46, hair, _BODY)
        for side in (-1, 1):
            canvas.ellipse((side * width, 0.66), 0.09, 0.12, self.skin, _FACE)
        canvas.ellipse((0, 0.62), width, 0.54, self.skin, _FACE)
        canvas.polygon(
            [
                (-width - 0.02, 0.48),
                (-width + 0.02, 0.2),
                (0, 0.02),
                (width - 0.02, 0.2),
                (width + 0.02, 0.48),
                (0.22, 0.3),
                (-0.12, 0.36),
            ],
            hair,
            _BODY,
        )
        if self.scene.hair_length == "long":
            for side in (-1, 1):
                canvas.limb(
                    [(side * (width + 0.02), 0.4), (side * (width + 0.07), 1.3)], 0.2, hair, _BODY
                )
        self._draw_features(canvas)
        if self.scene.hat:
            self._draw_hat(canvas, COLOURS[self.scene.hat])

    def _draw_hat(self, canvas: _Canvas, colour: RGB) -> None:
        canvas.polygon([(-0.42, 0.16), (-0.36, -0.36), (0.36, -0.36), (0.42, 0.16)], colour, _BODY)
        canvas.limb([(-0.4, 0.08), (0.4, 0.08)], 0.1, _shade(colour, 0.6), _BODY)
        canvas.ellipse((0, 0.18), 0.74, 0.11, colour, _BODY)

    def _draw_features(self, canvas: _Canvas) -> None:
        expression = self.scene.expression or "calm"
        dark = (44, 30, 30)
        brow = _mix(HAIR[self.scene.hair_colour or "brown"], dark, 0.45)
        surprised, sad, smiling = (expression == name for name in ("surprised", "sad", "smiling"))
        for side in (-1, 1):
            x, y = side * 0.19, 0.6
            white = 0.125 if surprised else 0.095
            canvas.ellipse((x, y), 0.105, white, (255, 255, 255))
            canvas.ellipse((x, y), 0.062, 0.066, self.iris)
            canvas.ellipse((x, y), 0.034, 0.036, (20, 16, 18))
            lift = -0.08 if surprised else 0.0
            inner, outer = (-0.055, 0.035) if sad else (0.0, 0.0)
            canvas.limb(
                [
                    (x - side * 0.1, y - 0.16 + lift + inner),
                    (x + side * 0.1, y - 0.16 + lift + outer),
                ],
                0.042,
                brow,
            )
        canvas.ellipse((0, 0.74), 0.045, 0.04, _mix(self.skin, (150, 70, 50), 0.4))
        if smiling:
            for side in (-1, 1):
                canvas.ellipse((side * 0.28, 0.78), 0.08, 0.055, self.blush)
            mouth = [
                (0.2 * math.cos(t), 0.85 + 0.15 * math.sin(t))
                for t in (math.pi * i / 12 for i in range(13))
            ]
            canvas.polygon(mouth, (168, 36, 44))
            canvas.polygon(
                [(-0.15, 0.86), (0.15, 0.86), (0.12, 0.9), (-0.12, 0.9)], (255, 255, 255)
            )
        elif surprised:
            canvas.ellipse((0, 0.94), 0.085, 0.11, (120, 28, 36))
        elif sad:
            canvas.arc((0, 1.02), 0.17, 0.13, (200, 340), 0.05, (150, 40, 44))
        else:
            canvas.limb([(-0.12, 0.92), (0.12, 0.92)], 0.045, (160, 60, 60))


def _mix(first: RGB, second: RGB, amount: float) -> RGB:
    """Mix two colours: `amount` 0 gives the first, 1 the second."""
    return tuple(round(a + (b - a) * amount) for a, b in zip(first, second, strict=True))  # type: ignore[return-value]
