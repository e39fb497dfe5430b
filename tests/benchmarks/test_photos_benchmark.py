"""What it takes to find all faces, hands and people of a photo of 1,024 × 1,024 on one thread."""

import time

import pytest

from medialab.files.mediapipe_networks import FACE_FULL, PALM, POSE
from medialab.vision.finders.litert.bodies import load_bodies
from medialab.vision.finders.litert.faces import load_faces
from medialab.vision.finders.litert.hands import load_hands
from tests.photos.photos import photo

SIDE = 1024  # pixels
MOST = 0.2  # seconds of the processor, for a photo of one person with two hands
FEW, ROUNDS = 2, 10  # without and with gates


@pytest.mark.thorough
def test_a_photo_is_searched_for_all_three_in_a_fifth_of_a_second(photo_files, keep, gates):
    finders = {
        "face": load_faces(photo_files[FACE_FULL], 1),
        "hand": load_hands(photo_files[PALM], 1),
        "person": load_bodies(photo_files[POSE], 1),
    }
    took, told = {}, []
    for name in ("brick", "business", "three_people"):
        image = photo(name).image.resize((SIDE, SIDE))
        found, total = [], 0.0
        for word, finder in finders.items():
            seconds = []
            for _ in range(ROUNDS if gates else FEW):
                start = time.process_time()
                detections = finder.find(image, word)
                seconds.append(time.process_time() - start)
            found.append(f"{word} {len(detections)}, {1000 * min(seconds):.0f} ms")
            total += min(seconds)
        took[name] = round(total, 3)
        told.append(f"{name}: {'; '.join(found)}; all {1000 * total:.0f} ms")
    keep("\n".join(told), **took)
    assert took["business"] < MOST or not gates
