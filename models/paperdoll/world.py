"""The attributes of a paperdoll scene, and captions that describe them.

A `Scene` is a frozen list of attributes. `draw_scene(random)` draws one at random,
`caption(scene, random)` describes it in one of many ways, and `is_held_out(scene)` says whether its
combination of attributes is held out of training, for evaluation on unseen combinations.
"""

import hashlib
import random as stdlib_random
from collections.abc import Callable
from dataclasses import dataclass

FRAMINGS = ("full body", "portrait", "face close-up", "hand close-up", "object")
EXPRESSIONS = ("smiling", "sad", "surprised", "calm")
HAIR_COLOURS = ("red", "blond", "brown", "black", "white")
HAIR_LENGTHS = ("long", "short")
POSES = ("standing", "waving", "arms up", "hands on hips")
GESTURES = ("open hand", "fist", "pointing hand")
CLOTH_COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "white", "black")
OBJECT_COLOURS = (*CLOTH_COLOURS, "pink", "brown")
OBJECTS = ("tree", "house", "ball", "car", "cup", "flower", "star", "heart", "square", "triangle")
BACKGROUNDS = ("snow", "beach", "meadow", "night", "room", "plain")

# One combination in this many is held out of training.
HELD_OUT_ONE_IN = 12


@dataclass(frozen=True)
class Scene:
    """All attributes that a caption can mention; None where one does not apply.

    `seed` determines everything captions omit (position, size, skin, details of the background),
    so each Scene is exactly one picture.
    """

    framing: str
    background: str
    seed: int
    expression: str | None = None
    hair_colour: str | None = None
    hair_length: str | None = None
    hat: str | None = None
    shirt: str | None = None
    trousers: str | None = None
    pose: str | None = None
    gesture: str | None = None
    object_kind: str | None = None
    object_colour: str | None = None


def draw_scene(random: stdlib_random.Random) -> Scene:
    """Draw a scene's attributes from `random`; about two in five are full bodies."""
    framing = random.choices(FRAMINGS, weights=(38, 18, 14, 8, 22))[0]
    background = random.choice(BACKGROUNDS)
    seed = random.getrandbits(32)
    if framing == "object":
        return Scene(
            framing,
            background,
            seed,
            object_kind=random.choice(OBJECTS),
            object_colour=random.choice(OBJECT_COLOURS),
        )
    if framing == "hand close-up":
        return Scene(
            framing,
            background,
            seed,
            gesture=random.choice(GESTURES),
            shirt=random.choice(CLOTH_COLOURS),
        )
    full = framing == "full body"
    return Scene(
        framing,
        background,
        seed,
        expression=random.choice(EXPRESSIONS),
        hair_colour=random.choice(HAIR_COLOURS),
        hair_length=random.choice(HAIR_LENGTHS),
        hat=random.choice(CLOTH_COLOURS) if random.random() < 0.3 else None,
        shirt=random.choice(CLOTH_COLOURS),
        trousers=random.choice(CLOTH_COLOURS) if full else None,
        pose=random.choice(POSES) if full else None,
        gesture="open hand" if full else None,
    )


def is_held_out(scene: Scene) -> bool:
    """Return whether this combination is held out of training.

    People are split by (framing, background, hair colour, shirt), hands by (background, gesture,
    shirt), objects by (background, kind, colour); every single value still appears in training.
    """
    combination = "|".join(
        str(value)
        for value in (
            scene.framing,
            scene.background,
            scene.hair_colour,
            scene.shirt,
            scene.gesture if scene.framing == "hand close-up" else None,
            scene.object_kind,
            scene.object_colour,
        )
    )
    return hashlib.sha256(combination.encode()).digest()[0] % HELD_OUT_ONE_IN == 0


def draw_split(random: stdlib_random.Random, *, held_out: bool) -> Scene:
    """Draw a scene from one side of the split between training and evaluation."""
    while True:
        scene = draw_scene(random)
        if is_held_out(scene) == held_out:
            return scene


_PLACES = {
    "snow": ("in the snow", "in a snowy field", "on a winter day"),
    "beach": ("on the beach", "on a sandy beach", "by the sea"),
    "meadow": ("in a meadow", "on the grass", "in a green field"),
    "night": ("at night", "under the night sky", "in the dark"),
    "room": ("in a room", "indoors", "inside a house"),
    "plain": ("on a plain background", "on a plain wall", "with a plain background"),
}
_PERSON_FRAMINGS = {
    "full body": ("full body", "a full body picture of", "a drawing of the whole body of"),
    "portrait": ("portrait", "a portrait of", "an upper body picture of"),
    "face close-up": ("close-up of a face", "a close-up of the face of", "the face of"),
}
_POSES = {
    "standing": ("standing",),
    "waving": ("waving", "waving a hand"),
    "arms up": ("with arms up", "raising both arms"),
    "hands on hips": ("with hands on hips",),
}
_GESTURES = {
    "open hand": ("an open hand", "a hand with open fingers"),
    "fist": ("a fist", "a closed hand"),
    "pointing hand": ("a pointing hand", "a pointing finger"),
}


def caption(scene: Scene, random: stdlib_random.Random, *, complete: bool = False) -> str:
    """Describe the scene in English, in 2 to 30 words.

    Wording, order and omissions vary with `random`. With `complete` every attribute is mentioned,
    as evaluation needs it.
    """

    def says(chance: float) -> bool:
        return complete or random.random() < chance

    place = random.choice(_PLACES[scene.background]) if says(0.85) else ""
    if scene.framing == "object":
        thing = (
            f"{_a(scene.object_colour)} {scene.object_kind}"
            if says(0.95)
            else f"a {scene.object_kind}"
        )
        return _joined(thing, place, random, glue=" ")
    if scene.framing == "hand close-up":
        hand = f"a close-up of {random.choice(_GESTURES[scene.gesture or 'open hand'])}"
        sleeve = f"with {_a(scene.shirt)} sleeve" if says(0.7) else ""
        return _joined(_joined(hand, sleeve, random, glue=" "), place, random, glue=", ")
    return _person_caption(scene, random, place, says)


def _person_caption(
    scene: Scene, random: stdlib_random.Random, place: str, says: Callable[[float], bool]
) -> str:
    someone = random.choice(("person", "person", "doll"))
    subject = f"{_a(scene.expression)} {someone}" if says(0.85) else f"a {someone}"
    framing = random.choice(_PERSON_FRAMINGS[scene.framing]) if says(0.75) else ""
    leading = framing.endswith("of")
    if leading:
        subject = f"{framing} {subject}"
    details = []
    if says(0.85):
        length = f"{scene.hair_length} " if says(0.7) else ""
        details.append(f"with {length}{scene.hair_colour} hair")
    clothes = []
    if scene.hat and says(0.9):
        clothes.append(f"{_a(scene.hat)} hat")
    if scene.shirt and says(0.8):
        clothes.append(f"{_a(scene.shirt)} shirt")
    if scene.trousers and says(0.7):
        clothes.append(f"{scene.trousers} trousers")
    if clothes:
        listed = clothes[0] if len(clothes) == 1 else f"{', '.join(clothes[:-1])} and {clothes[-1]}"
        details.append(
            random.choice((f"wearing {listed}", f"in {listed}")) if details else f"wearing {listed}"
        )
    if scene.pose and says(0.7):
        details.append(random.choice(_POSES[scene.pose]))
    if place:
        details.append(place)
    if random.random() < 0.25:
        random.shuffle(details)
    glue = random.choice((" ", ", "))
    said = subject + (" " + details[0] if details else "")
    for detail in details[1:]:
        said += glue + detail
    if framing and not leading:
        said = f"{said}, {framing}" if random.random() < 0.6 else f"{framing}, {said}"
    return said


def _a(noun: str | None) -> str:
    """Return the noun with its article: an orange, a red."""
    return f"an {noun}" if noun and noun[0] in "aeiou" else f"a {noun}"


def _joined(first: str, second: str, random: stdlib_random.Random, glue: str) -> str:
    if not second:
        return first
    return f"{first}{glue if random.random() < 0.8 else ', '}{second}"
