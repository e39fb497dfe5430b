"""Guides that replace the prompts among the inputs of a transformer, which names each of them.

diffusers' pipelines for such transformers pass prompts on their own way, and their callbacks offer
only some of them. So these guides change the inputs of each call instead, and leave the pipeline's
tensors as they are.
"""

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

from medialab.families.conditioning import Conditioning, Track
from medialab.families.flow.guidance import FlowGuide
from medialab.families.patching import computing_by

if TYPE_CHECKING:
    import torch

LATENTS, TIME = "hidden_states", "timestep"


class InputsGuide(FlowGuide):
    """The prompts of one run of a pipeline whose transformer is called by names alone.

    `INPUTS` has the transformer's name of each of a prompt's tensors.
    """

    INPUTS: ClassVar[Mapping[str, str]]

    def __init__(
        self, pipeline: Any, denoiser: str, conditioning: Conditioning, steps: int
    ) -> None:
        super().__init__(pipeline, denoiser, conditioning, steps)
        self._turn = 0

    def advance(
        self, call: int, tensors: "Mapping[str, torch.Tensor]", *, anew: bool = False
    ) -> dict[str, Any]:
        """Return nothing: the transformer's next call is given the prompts of its step."""
        self._turn = 0
        return super().advance(call, tensors, anew=anew)

    @contextmanager
    def composing(self) -> Iterator[None]:
        """Give the transformer the prompts of each step inside the `with` block."""
        network = getattr(self._pipeline, self._denoiser)
        forward = network.forward

        def asked(**inputs: Any) -> Any:
            return self._composed(forward, **inputs)

        with computing_by(network, asked):
            yield

    def _changed(
        self,
        tensors: "Mapping[str, torch.Tensor]",  # noqa: ARG002 - none of them is changed
        *,
        anew: bool,  # noqa: ARG002
    ) -> dict[str, Any]:
        return {}

    def _told(self, tracks: Sequence[Track], inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Return the transformer's inputs with these prompts, a row each."""
        import torch

        told = [track.at(self._step).values for track in tracks]
        rows = {
            name: torch.cat([self._as_input(name, one[value], inputs) for one in told])
            for value, name in self.INPUTS.items()
        }
        return {**inputs, **rows}

    def _as_input(
        self, name: str, value: "torch.Tensor", inputs: Mapping[str, Any]
    ) -> "torch.Tensor":
        """Return a prompt's tensor as the transformer's input of a name; here only moved."""
        return value.to(inputs[name])

    @abstractmethod
    def _composed(self, forward: Callable[..., Any], *args: Any, **inputs: Any) -> Any:
        """Call the transformer's own `forward` with the prompts of the step."""

    def _alone(self, forward: Callable[..., Any], *args: Any, **inputs: Any) -> Any:
        """Call `_composed`, which looks at the step itself."""
        return self._composed(forward, *args, **inputs)


class TurnsGuide(InputsGuide):
    """Prompts of a pipeline that asks for the prompt first and then for the negative one."""

    def __init__(
        self, pipeline: Any, denoiser: str, conditioning: Conditioning, steps: int
    ) -> None:
        super().__init__(pipeline, denoiser, conditioning, steps)
        self._compared: Any = None

    def _composed(self, forward: Callable[..., Any], *args: Any, **inputs: Any) -> Any:
        """Call the transformer for the prompt of this turn; for an AND, once for each.

        In a step that does not compare, the second turn is given the first one's answer.
        """
        turn, self._turn = self._turn, self._turn + 1
        negative = self._conditioning.negative
        if turn and self._compared is not None:
            found, self._compared = self._compared, None
            return found
        if turn:
            return forward(*args, **self._told([negative], inputs))
        answers = [
            forward(*args, **self._told([one], inputs)) for one in self._conditioning.positives
        ]
        found = answers[0]
        if self._conditioning.composes:
            self._compared = forward(*args, **self._told([negative], inputs))
            followed, compared = [one[0] for one in answers], self._compared[0]
            found = (self._summed(compared, followed), *found[1:])
        if not self._compares:
            self._compared = found
        return found


class RowsGuide(InputsGuide):
    """Prompts of a pipeline that asks for both at once: the negative one in the first row."""

    def _composed(self, forward: Callable[..., Any], *args: Any, **inputs: Any) -> Any:
        """Call the transformer once, with one more row for each sub-prompt after the first.

        In a step that does not compare, both rows are given the answer for the prompt.
        """
        import torch

        conditioning, rows = self._conditioning, len(inputs[LATENTS])
        compares = (rows > 1 and self._compares) or conditioning.composes
        tracks = [*([conditioning.negative] if compares else []), *conditioning.positives]
        wider = self._told(tracks, inputs)
        for name in (LATENTS, TIME):
            wider[name] = torch.cat([inputs[name][:1]] * len(tracks))
        found, *others = forward(*args, **wider)
        if conditioning.composes:
            followed = self._summed(found[:1], found[1:].split(1))
            found = torch.cat([found[:1], followed])
        alone = found[-1:]
        return (torch.cat([found[:1] if self._compares else alone, alone][-rows:]), *others)
