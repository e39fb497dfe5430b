"""The four things that a model which looks at a picture can do: find, estimate, refine, score."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Protocol, runtime_checkable

from medialab.errors import MediaLabError, ModelRefusedError, first_line
from medialab.process.memory import is_out_of_memory
from medialab.vision.networks import NetworkModel

if TYPE_CHECKING:
    from PIL import Image

    from medialab.pixels.geometry import Box
    from medialab.vision.detections import Detection

# What a network that is not as it should be fails with.
_OF_A_NETWORK = (
    *(RuntimeError, ValueError, TypeError, LookupError),
    *(ArithmeticError, AttributeError, OSError),
)


@runtime_checkable
class Finder(Protocol):
    """Finds parts in pictures, with a model or without. Equal pictures give equal detections."""

    def find(self, image: "Image.Image", *words: str) -> "list[Detection]":
        """Return the parts that are called so, the most confident first; one for each word.

        Args:
            image: the picture; it stays as it is.
            words: what to look for, whatever the capitals; without any nothing is found.
        """


class Estimator(NetworkModel, ABC):
    """Draws what a network estimates of a picture, as a ControlNet is shown it.

    A class of estimators also says how its models are recognised and loaded, so that one line in
    `medialab.vision.estimators` is all that a new one needs.

    Attributes:
        architectures: how the names of its architectures end in a model's config.
        auto_class: the class of transformers that loads them.
        needs: what such a model does, for the message to a person who named another.
        looks_at: labels of the parts whose boxes it can be told; none if it takes no boxes.
    """

    architectures: ClassVar[tuple[str, ...]]
    auto_class: ClassVar[str]
    needs: ClassVar[str]
    looks_at: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def estimate(self, image: "Image.Image", boxes: "Sequence[Box]" = ()) -> "Image.Image":
        """Return the estimate, drawn: 8-bit RGB of the picture's size.

        Args:
            image: the picture; it stays as it is.
            boxes: around each of the parts it looks at; none for the whole picture.
        """


@runtime_checkable
class Refiner(Protocol):
    """Turns a detection's box into the shape of what is in it."""

    def refine(self, image: "Image.Image", detection: "Detection") -> "Detection":
        """Return the detection with its shape, which lies within its box.

        A detection in whose box nothing is seen is returned as it was.
        """


@runtime_checkable
class Scorer(Protocol):
    """Gives a picture a number. Equal pictures and texts give equal numbers."""

    def score(self, image: "Image.Image", text: str) -> float:
        """Return the number.

        Args:
            image: the picture; it stays as it is.
            text: what it should show.
        """


class VisionModel(Protocol):
    """A finder, estimator, refiner or scorer that was loaded from files."""

    nbytes: int

    def release(self) -> None:
        """Release the weights."""


def finds_no_parts(name: str) -> ModelRefusedError:
    """Return the error for a model of that name that is no finder."""
    message = (
        f"detector {name!r} finds no parts: it is a model for something else; name a "
        "detector of boxes or shapes in models/detectors"
    )
    return ModelRefusedError(message)


def find_by(model: object, name: str, image: "Image.Image", *words: str) -> "list[Detection]":
    """Return what the detector of that name finds; its failures are told with its name.

    Raises:
        ModelRefusedError: it finds no parts, cannot look at this picture, or gives no detections.
    """
    if not isinstance(model, Finder):
        raise finds_no_parts(name)
    try:
        return model.find(image, *words)
    except MediaLabError:
        raise
    except _OF_A_NETWORK as error:
        if is_out_of_memory(error):
            raise
        message = f"detector {name!r} failed on this picture: {first_line(error)}"
        raise ModelRefusedError(message) from error
