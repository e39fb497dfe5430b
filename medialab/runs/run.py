"""The result of a request: pictures, files and records."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING, Any

from medialab.artifacts import Artifact
from medialab.config.resolved import ResolvedConfig
from medialab.process.installation import short_path
from medialab.stages.detailer.edits import DetectionTable

if TYPE_CHECKING:
    from PIL import Image


LEAST_SHOWN = 384  # pixels of width that a notebook gives a picture, however small it is


@dataclass(frozen=True)
class Run:
    """The result of one request: pictures, their files, and how they were made.

    Attributes:
        config: the resolved request.
        images: one per picture of the batch, in order.
        records: how each picture was made, as plain JSON values, in the same order.
        artifacts: each picture's file and sidecar, in the same order; empty when the run was not
            saved.
        already_there: for each artifact, whether it was there before: then nothing was written.
        detections: tables by detailer, of the first picture; after editing, they can be passed to
            `Workbench.rerun`.
    """

    config: ResolvedConfig
    images: "Sequence[Image.Image]"
    records: Sequence[dict[str, Any]]
    artifacts: Sequence[Artifact]
    detections: Mapping[str, DetectionTable] = field(default_factory=dict)
    already_there: Sequence[bool] = ()

    @property
    def image(self) -> "Image.Image":
        """The first picture."""
        return self.images[0]

    @property
    def record(self) -> dict[str, Any]:
        """How the first picture was made."""
        return self.records[0]

    @property
    def artifact(self) -> Artifact:
        """The first picture's file and sidecar."""
        if not self.artifacts:
            message = "this run was made with save=False and has no files"
            raise AttributeError(message)
        return self.artifacts[0]

    @property
    def set_aside(self) -> Sequence[Mapping[str, Any]]:
        """Detections and masks that the first picture did not use: they are another picture's.

        `medialab.runs.belongings.changes_to_restore` turns them into changes for `Workbench.rerun`.
        """
        edits: Sequence[Mapping[str, Any]] = self.record.get("set_aside", ())
        return edits

    def __repr__(self) -> str:
        """Return one line, which a notebook shows beside the picture."""
        files = ", ".join(short_path(one.path) for one in self.artifacts) or "not saved"
        width, height = self.image.size
        return f"Run(seed={self.config.seed}, {width} × {height}, {files})"

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        """Return the pictures as one PNG, side by side, small ones enlarged, for notebooks."""
        return side_by_side(self.images)


def side_by_side(images: "Sequence[Image.Image]") -> tuple[bytes, dict[str, int]]:
    """Return pictures as one PNG and the width at which a notebook shows it."""
    from PIL import Image

    sheet = Image.new("RGB", (sum(image.width for image in images), images[0].height))
    left = 0
    for image in images:
        sheet.paste(image, (left, 0))
        left += image.width
    buffer = BytesIO()
    sheet.save(buffer, "PNG")
    return buffer.getvalue(), {"width": max(sheet.width, LEAST_SHOWN * len(images))}
