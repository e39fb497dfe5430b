"""Whether pictures of the same settings were saved before."""

from collections.abc import Sequence
from contextlib import suppress

from medialab.artifacts.manager import ArtifactManager
from medialab.artifacts.query import Query
from medialab.artifacts.sidecar import Artifact, Sidecar
from medialab.config.resolved import ResolvedConfig
from medialab.errors import ArtifactError

_MOST_LOOKED_AT = 50  # pictures of one seed


def saved_before(pictures: Sequence[ResolvedConfig], artifacts: ArtifactManager) -> list[Artifact]:
    """Return the newest saved picture of each of these settings; [] unless all are there.

    Args:
        pictures: the resolved settings of single pictures.
        artifacts: the saved pictures.
    """
    found = []
    for config in pictures:
        same = _saved(config, artifacts)
        if same is None:
            return []
        found.append(same)
    return found


def _saved(config: ResolvedConfig, artifacts: ArtifactManager) -> Artifact | None:
    for one in artifacts.find(Query(text=f"seed:{config.seed}"), limit=_MOST_LOOKED_AT):
        with suppress(ArtifactError):  # a broken or missing sidecar is of no picture
            sidecar = Sidecar.read(one.sidecar)
            is_whole = "interrupted" not in sidecar.record  # a cancelled one is kept as it was
            if is_whole and sidecar.config == config and one.path.is_file():
                return one
    return None
