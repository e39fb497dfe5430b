"""The interface of a family's guide, which gives prompts to a running pipeline."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from medialab.families.conditioning import Conditioning
from medialab.families.patching import computing_by
from medialab.settings.steps import GUIDANCE_END, GUIDANCE_START, Guided

if TYPE_CHECKING:
    import torch

NEGATIVE_UNREAD = "at guidance_scale 1 the negative prompt is not read"
UNGUIDED = "this checkpoint is distilled: it follows the prompt at guidance_scale 1"
INTERVAL_UNREAD = f"at guidance_scale 1 {GUIDANCE_START} and {GUIDANCE_END} have no effect"
# "true": with a guidance_scale above 1 each step compares the prompt with the negative one, in two
# rows at once or in turns. "distilled": besides, the denoiser is told a distilled_guidance_scale.
# "none": no scale has an effect.
GuidanceKind = Literal["true", "distilled", "none"]


class Guide(ABC):
    """The prompts of one run of a pipeline, for one picture at a time.

    Pass `inputs` and `tensor_inputs` to the pipeline, call `advance` after each of its steps, and
    run it inside `composing`. `TENSORS` names the tensors, besides the latents, that the
    pipeline's callback may change.

    Args:
        pipeline: The diffusers pipeline.
        denoiser: The denoiser's name among the pipeline's components.
        conditioning: Both prompts, encoded.
        steps: The number of steps that are run.
    """

    TENSORS: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self, pipeline: Any, denoiser: str, conditioning: Conditioning, steps: int
    ) -> None:
        self._pipeline, self._denoiser = pipeline, denoiser
        self._conditioning = conditioning
        self._steps = steps
        self._step = 1
        self._guided = Guided()

    def guide_within(self, guided: Guided) -> None:
        """Compare the prompt with the negative one in a part of the steps only."""
        self._guided = guided

    @property
    def _compares(self) -> bool:
        """Whether the present step compares the prompt with the negative one."""
        return self._guided.includes(self._step, self._steps)

    @abstractmethod
    def inputs(self, guidance_scale: float) -> dict[str, Any]:
        """Return the pipeline's arguments; a scale of 1 uses the prompt alone."""

    def distilled_inputs(self, distilled_guidance_scale: float) -> dict[str, Any]:  # noqa: ARG002
        """Return the pipeline's argument for the guidance that its denoiser is told.

        Returns:
            Nothing if the denoiser is told none.
        """
        return {}

    def notes(self, guidance_scale: float, negative_prompt: str) -> list[str]:
        """Return notes for the record on settings without effect."""
        return [NEGATIVE_UNREAD] if negative_prompt.strip() and guidance_scale <= 1 else []

    @property
    def tensor_inputs(self) -> list[str]:
        """The names of the tensors that the pipeline must pass to its callback."""
        return self.every_tensor_input if self._conditioning.changes else ["latents"]

    @property
    def every_tensor_input(self) -> list[str]:
        """The same if another denoiser is to take over, which needs all of them."""
        offered = self._pipeline._callback_tensor_inputs  # noqa: SLF001 - it has no public name
        return ["latents", *(name for name in self.TENSORS if name in offered)]

    def advance(
        self, call: int, tensors: "Mapping[str, torch.Tensor]", *, anew: bool = False
    ) -> "dict[str, Any]":
        """Return the changed tensors for the pipeline's next call of the denoiser.

        Some samplers call the denoiser twice a step; prompts change with the steps that are set.

        Args:
            call: The number of calls that are done.
            tensors: The tensors of the pipeline's callback.
            anew: Return unchanged prompts, too, since another guide preceded this one.
        """
        self._step = min(self._steps, 1 + call * self._steps // int(self._pipeline.num_timesteps))
        if not (anew or self._conditioning.changes):
            return {}
        return self._changed(tensors, anew=anew)

    @contextmanager
    def composing(self) -> Iterator[None]:
        """Let the denoiser do what the pipeline cannot inside the `with` block.

        It combines the sub-prompts of an AND, and computes the prompt alone in the steps that do
        not compare.
        """
        composes = self._conditioning.composes
        if not composes and self._guided.is_whole:
            yield
            return
        network = getattr(self._pipeline, self._denoiser)
        forward = network.forward
        compute = partial(self._composed, forward) if composes else forward

        def asked(*args: Any, **inputs: Any) -> Any:
            if self._compares:
                return compute(*args, **inputs)
            return self._alone(compute, *args, **inputs)

        with computing_by(network, asked):
            yield

    @abstractmethod
    def _changed(
        self, tensors: "Mapping[str, torch.Tensor]", *, anew: bool
    ) -> "dict[str, torch.Tensor]":
        """Return the callback's tensors that the present step changes."""

    @abstractmethod
    def _composed(self, forward: Callable[..., Any], *args: Any, **inputs: Any) -> Any:
        """Call the denoiser's own `forward` for all sub-prompts; return the same structure."""

    @abstractmethod
    def _alone(self, forward: Callable[..., Any], *args: Any, **inputs: Any) -> Any:
        """Call the denoiser for the prompt alone, and answer for every row with what it says.

        The pipeline's comparison then yields that answer, since the difference is 0.

        Args:
            forward: The denoiser's own, or `_composed`.
            args: As the pipeline calls it.
            inputs: Likewise.
        """


# Makes a guide from a pipeline, the denoiser's name in it, both prompts, and the steps.
MakeGuide = Callable[[Any, str, Conditioning, int], Guide]
