"""MediaPipe's networks that are run as they are, each known by the content of its file.

Only these are given to LiteRT: a network is a program, and LiteRT ends the process on some that
are damaged. Two copies of one network are the same file whatever their names, and a network that
is made of several files finds the others by what they contain.

Source: the package mediapipe 0.10.21 (Apache-2.0), whose files these are.
"""

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from medialab.errors import ModelRefusedError
from medialab.files.regular import read_regular


class Network(NamedTuple):
    """A file of MediaPipe's package.

    Attributes:
        source: its name in the package.
        name: the name of the detector that `make photos` makes of it.
        nbytes: its size.
        sha256: the hash of its content.
    """

    source: str
    name: str
    nbytes: int
    sha256: str


FACE_SHORT = Network(
    "face_detection_short_range.tflite",
    "photo-face-short",
    229_714,
    "bbff11cebd1eb27a1e004cae0b0e63ec8c551cbf34a4451148b4908b8db3eca8",
)
FACE_FULL = Network(
    "face_detection_full_range_sparse.tflite",
    "photo-face-full",
    676_746,
    "2c3728e6da56f21e21a320433396fb06d40d9088f2247c05e5635a688d45dfe1",
)
PALM = Network(
    "palm_detection_full.tflite",
    "photo-palm",
    2_339_846,
    "1b14e9422c6ad006cde6581a46c8b90dd573c07ab7f3934b5589e7cea3f89a54",
)
HAND = Network(
    "hand_landmark_full.tflite",
    "photo-hand",
    5_478_917,
    "11c272b891e1a99ab034208e23937a8008388cf11ed2a9d776ed3d01d0ba00e3",
)
POSE = Network(
    "pose_detection.tflite",
    "photo-pose",
    2_959_046,
    "9ba9dd3d42efaaba86b4ff0122b06f29c4122e756b329d89dca1e297fd8f866c",
)
POSE_LANDMARKS = Network(
    "pose_landmark_full.tflite",
    "photo-pose-landmarks",
    6_440_512,
    "e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f",
)
SELFIE = Network(
    "selfie_segmentation.tflite",
    "photo-selfie",
    249_505,
    "9ee168ec7c8f2a16c56fe8e1cfbc514974cbbb7e434051b455635f1bd1462f5c",
)
NETWORKS = (FACE_SHORT, FACE_FULL, PALM, HAND, POSE, POSE_LANDMARKS, SELFIE)
_BY_SIZE = {network.nbytes: network for network in NETWORKS}
_BY_NAME = {network.name: network for network in NETWORKS}


def network_of(path: Path) -> Network | None:
    """Return which of the networks a file is; None if it is another file, or not there.

    Cost: a stat; of a file with the size of a network also its hash, once for each change of it.
    """
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    network = _BY_SIZE.get(status.st_size)
    if network is None or _sha256(path, status.st_size, status.st_mtime_ns) != network.sha256:
        return None
    return network


def check_undamaged(path: Path) -> None:
    """Refuse a file that has the size or the name of one of the networks, but not its content.

    Raises:
        ModelRefusedError: it has; the message names the network.
    """
    try:
        size = path.stat().st_size
    except (OSError, ValueError):
        return
    network = _BY_SIZE.get(size) or _BY_NAME.get(path.stem)
    if network is not None and network_of(path) is None:
        message = (
            f"{path.name} is damaged, or another file: it has the "
            f"{'size' if size == network.nbytes else 'name'} of MediaPipe's {network.source}, but "
            "not its content; fetch it again (make photos)"
        )
        raise ModelRefusedError(message)


def read_network(path: Path, network: Network) -> bytes:
    """Return the content of a network's file, which is checked to be that network's.

    Raises:
        ModelRefusedError: it is another file by now, or cannot be read.
    """
    try:
        content = read_regular(path, network.nbytes)
    except OSError as error:
        message = f"{path.name} is not readable: {error}; fetch it again (make photos)"
        raise ModelRefusedError(message) from error
    if hashlib.sha256(content).hexdigest() != network.sha256:
        message = f"{path.name} is not MediaPipe's {network.source}; fetch it again (make photos)"
        raise ModelRefusedError(message)
    return content


def beside(path: Path, network: Network) -> Path:
    """Return the file in the same folder that is this network, whatever its name.

    Raises:
        ModelRefusedError: there is none.
    """
    suffix = path.suffix.lower()
    for other in sorted(path.parent.iterdir()):
        if other.suffix.lower() == suffix and network_of(other) == network:
            return other
    message = (
        f"{path.name} needs a second file beside it, MediaPipe's {network.source}, which is not "
        "there; fetch it with: make photos"
    )
    raise ModelRefusedError(message)


@lru_cache(maxsize=64)
def _sha256(path: Path, size: int, _changed_ns: int) -> str:
    try:
        return hashlib.sha256(read_regular(path, size)).hexdigest()
    except OSError:
        return ""
