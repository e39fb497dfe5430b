"""The callback between the steps of a running pipeline."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from medialab.diffusion.second_checkpoint import Handover
from medialab.families.capabilities import Packing
from medialab.families.guidance import Guide
from medialab.lora import Applied
from medialab.settings.sampling import Sampling

if TYPE_CHECKING:
    import torch

# Called after each step with its number from 1, the number of steps, and the latents.
Step = Callable[[int, int, "torch.Tensor"], None]


@dataclass
class BetweenSteps:
    """A pipeline's callback: it restores the preserved area, reports the step, prepares the next.

    Attributes:
        pipeline: The running pipeline.
        sampling: The prompts and LoRAs, for a handover.
        steps: The number of steps that are run.
        guide: The guide of the next step.
        loras: The LoRAs that are applied.
        on_step: Called with (step, steps, latents); may raise to stop.
        undo: Removes whatever a handover adds when it is closed.
        restore: Returns latents with the preserved area restored, by latents and step from 0.
        handover: A second checkpoint that takes over.
        packing: The form in which the pipeline holds latents, if it is not (1, c, h, w).
        size: The latents' height and width, for it.
        latents: (1, c, h, w), as the last step left them.
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
    packing: Packing | None = None
    size: tuple[int, int] = (0, 0)
    latents: "torch.Tensor | None" = None

    def __post_init__(self) -> None:
        if self.handover is not None:
            self.handover.begin()

    @property
    def tensor_inputs(self) -> list[str]:
        """The names of the tensors that the pipeline must pass to the callback."""
        if self.handover is not None:
            return self.guide.every_tensor_input
        return self.guide.tensor_inputs

    def __call__(
        self, _pipeline: Any, step: int, _timestep: Any, tensors: "dict[str, torch.Tensor]"
    ) -> "dict[str, torch.Tensor]":
        """Return the tensors for the pipeline's next step, after step `step`, counted from 0."""
        # A sampler that calls the model twice a step reports each call: count the scheduler's.
        done, calls = step + 1, int(self.pipeline.num_timesteps)
        latents, packing = tensors["latents"], self.packing
        if packing is not None:
            latents = packing.unpacked(latents, self.size)
        if self.restore is not None:
            latents = self.restore(latents, step)
            tensors["latents"] = latents if packing is None else packing.packed(latents)
        self.latents = latents
        self.on_step(done, calls, latents)
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
