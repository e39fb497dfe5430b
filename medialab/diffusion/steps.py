"""What happens between the steps of a running pipeline."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from medialab.diffusion.second_checkpoint import Handover
from medialab.families.guidance import Guide
from medialab.lora import Applied
from medialab.settings.sampling import Sampling

if TYPE_CHECKING:
    import torch

# Told after each step: its number from 1, how many there are, and the latents.
Step = Callable[[int, int, "torch.Tensor"], None]


@dataclass
class BetweenSteps:
    """A pipeline's callback: it restores what is kept, tells of the step, and tells the next.

    `steps` are those that are run; `restore` gives latents with what is kept put back, after a step
    counted from 0. What `undo` holds takes off what a `handover` puts on.
    """

    pipeline: Any
    sampling: Sampling
    steps: int
    guide: Guide
    loras: Applied
    on_step: Step
    undo: ExitStack
    restore: "Callable[[torch.Tensor, int], torch.Tensor] | None" = None
    handover: Handover | None = None

    def __post_init__(self) -> None:
        if self.handover is not None:
            self.handover.begin()

    @property
    def tensor_inputs(self) -> list[str]:
        """What the pipeline must hand over."""
        if self.handover is not None:
            return self.guide.every_tensor_input
        return self.guide.tensor_inputs

    def __call__(
        self, _pipeline: Any, step: int, _timestep: Any, tensors: "dict[str, torch.Tensor]"
    ) -> "dict[str, torch.Tensor]":
        """Return what the pipeline goes on with after step `step`, counted from 0."""
        # Samplers that call the model twice report both halves: the count is the scheduler's.
        done, calls = step + 1, int(self.pipeline.num_timesteps)
        if self.restore is not None:
            tensors["latents"] = self.restore(tensors["latents"], step)
        self.on_step(done, calls, tensors["latents"])
        self.loras.advance(done / calls)
        handover = self.handover
        if handover is None:
            return tensors | self.guide.advance(done, tensors)
        other = None
        if handover.is_due(done + 1, self.pipeline):
            other = handover.take_over(
                done + 1, self.pipeline, self.sampling, self.steps, self.undo
            )
            self.guide = other or self.guide
        handover.advance(done / calls)
        return tensors | self.guide.advance(done, tensors, anew=other is not None)
