"""Whether a saved picture can be made again, and why two pictures differ."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from medialab.artifacts import Artifact, ArtifactManager, Sidecar
from medialab.artifacts.made import made_of
from medialab.artifacts.reasons import why
from medialab.artifacts.why import Made, Why
from medialab.config.resolved import ResolvedConfig
from medialab.errors import ArtifactError, CancelledError, MediaLabError
from medialab.runs.run import Run

if TYPE_CHECKING:
    from PIL import Image

Outcome = Literal["equal", "differs", "impossible"]
AGAIN = "the check"  # what the picture that was made again is called


@dataclass(frozen=True)
class Verification:
    """What came of making a saved picture again; `print` it for sentences.

    Attributes:
        picture: The saved picture's file.
        outcome: "equal" in every pixel, "differs", or "impossible": it could not be made.
        reason: Why it could not be made; else "".
        pixels: How many pixels differ, of `of`.
        of: How many pixels the picture has.
        largest: The largest difference of a channel, 0 to 255.
        mean: The mean difference of all channels, 0 to 255.
        why: What differs between how the two were made, which would explain it.
        made: The picture that was made again; it is not saved.
        difference: Where the two differ, as a picture that is brighter where they differ more.
    """

    picture: Path
    outcome: Outcome
    reason: str = ""
    pixels: int = 0
    of: int = 0
    largest: int = 0
    mean: float = 0.0
    why: Why | None = None
    made: "Image.Image | None" = None
    difference: "Image.Image | None" = None

    @property
    def is_equal(self) -> bool:
        """Whether every pixel is the same."""
        return self.outcome == "equal"

    @property
    def first_stage(self) -> str:
        """Title of the first stage whose picture differs; "" if it is not known."""
        return self.why.first_stage if self.why else ""

    @property
    def sentences(self) -> list[str]:
        """All of it in sentences."""
        name = self.picture.name
        found = [one.sentence for one in self.why.reasons] if self.why else []
        if self.outcome == "equal":
            return [f"{name} was made again, and is equal in every pixel.", *found]
        if self.outcome == "impossible":
            return [f"{name} cannot be made again: {self.reason}", *found]
        if not self.of:
            return [f"{name} was made again, and has another size: {self.reason}.", *found]
        told = (
            f"{name} was made again, and {self.pixels:,} of {self.of:,} pixels differ "
            f"({self.pixels / self.of:.2%}), by {self.largest} of 255 at most and {self.mean:.2g} "
            "on average."
        )
        stage = f"The first stage whose picture differs is {self.first_stage}."
        explained = found or ["Nothing that is known of how it was made is different now."]
        return [told, *([stage] if self.first_stage else []), *explained]

    def __str__(self) -> str:
        return "\n".join(self.sentences)

    __repr__ = __str__


@dataclass(frozen=True)
class Check:
    """A saved picture that is to be made again: its settings, and what it is compared with."""

    picture: Path
    sidecar: Sidecar
    saved: Made

    @classmethod
    def of(cls, thing: Any, artifacts: ArtifactManager) -> "Check | Verification":
        """Return the check of a picture, or why it cannot be made again.

        Args:
            thing: The picture's path, its artifact, or a run with one.
            artifacts: The saved pictures.

        Raises:
            ArtifactError: there is no such picture here, or its sidecar is damaged.
        """
        picture = artifacts.picture_at(_path_of(thing))
        beside = picture.with_suffix(".json")
        if not beside.exists():
            return Verification(
                picture, "impossible", "it has no sidecar, which says what it was made with."
            )
        sidecar = Sidecar.read(beside)
        if "interrupted" in sidecar.record:
            return Verification(picture, "impossible", "its run was cancelled on the way.")
        return cls(picture, sidecar, made_of(picture, sidecar))

    @property
    def config(self) -> ResolvedConfig:
        """The settings to make it again with."""
        return self.sidecar.config

    def impossible(self, error: MediaLabError) -> Verification:
        """Return that the picture could not be made again, for an error of its run."""
        return Verification(self.picture, "impossible", f"{error.message}.".replace("..", "."))

    def compare(self, run: Run) -> Verification:
        """Compare the picture with a run of its settings.

        Raises:
            ArtifactError: its file cannot be read.
        """
        from medialab.artifacts.pixel_differences import pixel_differences

        record, made = run.record, run.image
        found = pixel_differences(self.picture, made, run.config)
        reasons = why(self.saved, Made(AGAIN, run.config, record))
        outcome: Outcome = "differs" if found.pixels or not found.of else "equal"
        return Verification(
            self.picture,
            outcome,
            found.sizes,
            found.pixels,
            found.of,
            found.largest,
            found.mean,
            reasons,
            made,
            found.difference,
        )


def verify(
    thing: Any, artifacts: ArtifactManager, execute: Callable[[ResolvedConfig], Run]
) -> Verification:
    """Make a saved picture again and compare.

    Args:
        thing: As for `Check.of`.
        artifacts: The saved pictures.
        execute: Makes a picture without saving it, and without what is cached.

    Raises:
        ArtifactError: as `Check.of`.
        CancelledError: the run was cancelled.
    """
    check = Check.of(thing, artifacts)
    if isinstance(check, Verification):
        return check
    try:
        run = execute(check.config)
    except CancelledError:
        raise
    except MediaLabError as error:
        return check.impossible(error)
    return check.compare(run)


def why_different(one: Any, other: Any, artifacts: ArtifactManager) -> Why:
    """Return why two pictures differ; each is a run, an artifact, or the path of a picture.

    Raises:
        ArtifactError: there is no such picture here, or nothing is known of it.
    """
    first, second = _made(one, "the first", artifacts), _made(other, "the second", artifacts)
    return why(first, second)


def _made(thing: Any, name: str, artifacts: ArtifactManager) -> Made:
    if isinstance(thing, Run) and not thing.artifacts:
        return Made(name, thing.config, thing.record)
    picture = artifacts.picture_at(_path_of(thing))
    beside = picture.with_suffix(".json")
    if beside.exists():
        return made_of(picture, Sidecar.read(beside))
    return Made(picture.name, artifacts.load(picture))


def _path_of(thing: Any) -> Path | str:
    if isinstance(thing, Run):
        if not thing.artifacts:
            message = "this run was made with save=False: there is no picture to check"
            raise ArtifactError(message)
        return thing.artifacts[0].path
    if isinstance(thing, Artifact):
        return thing.path
    if isinstance(thing, str | Path):
        return thing
    raise ArtifactError(
        f"{type(thing).__name__} is no picture; give a run, an artifact, or the path of a picture"
    )
