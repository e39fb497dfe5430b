"""How a saved picture was made, read from its sidecar and its file."""

import hashlib
from pathlib import Path

from medialab.artifacts.sidecar import Sidecar
from medialab.artifacts.why import Made
from medialab.errors import ArtifactError
from medialab.files.regular import open_regular


def made_of(picture: Path, sidecar: Sidecar) -> Made:
    """Return how a picture was made.

    Args:
        picture: Its file, which is read to see whether it was changed since.
        sidecar: The content of its sidecar.

    Raises:
        ArtifactError: its file cannot be read.
    """
    try:
        with open_regular(picture) as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ArtifactError(f"{picture.name} cannot be read ({error.strerror})") from error
    return Made(
        name=picture.name.partition("-")[0],
        config=sidecar.config,
        record=sidecar.record,
        sha256=sha256,
        saved_sha256=sidecar.image.sha256,
    )
