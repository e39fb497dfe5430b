"""What a running pipeline is told of the prompts: the interface of a family's guidance."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

from medialab.families.conditioning import Conditioning
from medialab.families.patching import computing_by

if TYPE_CHECKING:
    import torch


class Guide(ABC):
    """The prompts of one run of a pipeline; one picture at a time.

    Give `inputs` and `tensor_inputs` to the pipeline, call `advance` after each of its steps, and
    run it within `composing`. `denoiser` names the network among the pipeline's parts, `TENSORS`
    what its callback may change besides the latents.
    """

    TENSORS: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self, pipeline: Any, denoiser: str, conditioning: Conditioning, steps: int
    ) -> None:
        self._pipeline, self._denoiser = pipeline, denoiser
        self._conditioning = conditioning
        self._steps = steps
        self._step = 1

    @abstractmethod
    def inputs(self, guidance_scale: float) -> dict[str, Any]:
        """Return what the pipeline is called with; a scale of 1 follows the prompt alone."""

    def notes(self, guidance_scale: float, negative_prompt: str) -> list[str]:  # noqa: ARG002
        """Return words for a person on what of the settings has no effect."""
        return []

    @property
    def tensor_inputs(self) -> list[str]:
        """What the pipeline must hand to its callback."""
        return self.every_tensor_input if self._conditioning.changes else ["latents"]

    @property
    def every_tensor_input(self) -> list[str]:
        """The same where another denoiser is to take over, which is told all of it anew."""
        offered = self._pipeline._callback_tensor_inputs  # noqa: SLF001 - it has no public name
        return ["latents", *(name for name in self.TENSORS if name in offered)]

    def advance(
        self, call: int, tensors: "Mapping[str, torch.Tensor]", *, anew: bool = False
    ) -> "dict[str, Any]":
        """Return the prompts for what follows the pipeline's call number `call`, counted from 1.

        Some samplers call the denoiser twice a step; a step of the prompt is one of the person's.

        Args:
            call: How many calls of the denoiser are done.
            tensors: What the pipeline told its callback.
            anew: Tell prompts that stay the same, too: the pipeline had another guide before.
        """
        self._step = min(self._steps, 1 + call * self._steps // int(self._pipeline.num_timesteps))
        if not (anew or self._conditioning.changes):
            return {}
        return self._changed(tensors, anew=anew)

    @contextmanager
    def composing(self) -> Iterator[None]:
        """Have the denoiser follow all sub-prompts of an AND, by their weights, while it lasts."""
        if not self._conditioning.composes:
            yield
            return
        network = getattr(self._pipeline, self._denoiser)
        forward = network.forward

        def composed(*args: Any, **inputs: Any) -> Any:
            return self._composed(forward, *args, **inputs)

        with computing_by(network, composed):
            yield

    @abstractmethod
    def _changed(
        self, tensors: "Mapping[str, torch.Tensor]", *, anew: bool
    ) -> "dict[str, torch.Tensor]":
        """Return the tensors of the callback that the step at hand changes."""

    @abstractmethod
    def _composed(self, forward: Callable[..., Any], *args: Any, **inputs: Any) -> Any:
        """Call the denoiser's own `forward` for all sub-prompts, and answer as it does."""


# Makes one of a pipeline, what the denoiser is called there, both prompts, and the steps.
MakeGuide = Callable[[Any, str, Conditioning, int], Guide]
