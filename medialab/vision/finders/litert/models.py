"""Which of MediaPipe's networks finds what, and which only help another.

A finder is named by one file; the others that it needs lie beside it, and are found by content.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NoReturn

from medialab.errors import ModelRefusedError
from medialab.files.mediapipe_networks import (
    FACE_FULL,
    FACE_SHORT,
    HAND,
    PALM,
    POSE,
    POSE_LANDMARKS,
    SELFIE,
    Network,
    beside,
    network_of,
)
from medialab.process.libraries import require
from medialab.vision.finders.litert import bodies, faces, hands
from medialab.vision.finders.litert.sessions import LIBRARY

Finder = faces.FaceFinder | hands.HandFinder | bodies.BodyFinder

_FINDERS: Mapping[Network, tuple[tuple[str, ...], Callable[[Path, int], Finder]]] = (
    MappingProxyType(
        {
            FACE_FULL: (faces.LABELS, faces.load_faces),
            PALM: (hands.LABELS, hands.load_hands),
            POSE: (bodies.LABELS, bodies.load_bodies),
        }
    )
)
# The network of the finder that each of the others helps.
_HELPS = MappingProxyType({FACE_SHORT: FACE_FULL, HAND: PALM, POSE_LANDMARKS: POSE})


def finds_in_photos(path: Path) -> bool:
    """Return whether a file is one of MediaPipe's networks by which a finder is named."""
    return network_of(path) in _FINDERS


def helps_a_finder(path: Path) -> bool:
    """Return whether a file is one of MediaPipe's networks that a finder needs beside its own."""
    return network_of(path) in _HELPS


def refines_people(path: Path) -> bool:
    """Return whether a file is MediaPipe's network for shapes of people."""
    return network_of(path) == SELFIE


def labels_in_photos(path: Path) -> tuple[str, ...]:
    """Return what a finder finds; nothing of another file."""
    network = network_of(path)
    return _FINDERS[network][0] if network is not None and network in _FINDERS else ()


def load_finder(path: Path, threads: int) -> Finder:
    """Load a finder of photos by the file that names it.

    Raises:
        ModelRefusedError: a file that it needs is not beside it, or is damaged.
        MissingLibraryError: LiteRT is not installed.
    """
    network = network_of(path)
    if network is None or network not in _FINDERS:
        message = f"{path.name} is none of MediaPipe's detectors; fetch them with: make photos"
        raise ModelRefusedError(message)
    return _FINDERS[network][1](path, threads)


def refuse_helper(path: Path) -> NoReturn:
    """Refuse a network that finds nothing by itself.

    Raises:
        ModelRefusedError: always; the message names the detector that uses it.
    """
    network = network_of(path)
    if network is None or network not in _HELPS:
        raise ModelRefusedError(f"{path.name} was replaced just now; run this again")
    user = beside(path, _HELPS[network])
    message = f"{path.name} finds nothing by itself; name the detector that uses it, {user.stem!r}"
    raise ModelRefusedError(message)


def require_litert() -> Any:
    """Return the library that runs the networks.

    Raises:
        MissingLibraryError: it is not installed; the text says how to install it.
    """
    return require(LIBRARY)
