"""A second checkpoint that takes over a denoising before its end, as a refiner does.

The sampler continues; the denoiser, its prediction type and the embeddings of the prompts change to
the second checkpoint's.
Source: A1111's modules/sd_samplers_common.py, apply_refiner; the step is the one at which the
`denoising_end` and `denoising_start` of diffusers would split.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from typing import TYPE_CHECKING, Any

from medialab.diffusion.encoding import encode
from medialab.families.guidance import Guide
from medialab.lora import Applied, loras_as_record
from medialab.settings.sampling import Sampling

if TYPE_CHECKING:
    from medialab.diffusion.drawing import Drawing


def handover_as_record(
    checkpoint: str, switch_at: float, steps: int, before: int
) -> dict[str, Any]:
    """Return the handover's record, with a note if no step is left for the second checkpoint.

    Args:
        checkpoint: The second checkpoint's name.
        switch_at: The share of the noise schedule after which it takes over.
        steps: All steps.
        before: The steps of the first checkpoint.
    """
    found = {
        "checkpoint": checkpoint,
        "switch_at": switch_at,
        "steps": f"{before} + {steps - before}",
    }
    if before == steps:
        found["note"] = (
            f"{checkpoint} drew nothing: after {switch_at:g} of the noise no step begins"
        )
    return found


class Handover:
    """A second checkpoint and the point at which it takes over; never at the first step.

    Args:
        checkpoint: Its name.
        open_other: Loads it, once it is needed.
        open_base: Loads the first checkpoint again, whose VAE decodes: loading the second may have
            released it.
        switch_at: The share of the noise schedule, 0 to 1, after which it takes over: 0.8 leaves
            it the last fifth, 1 nothing.
    """

    def __init__(
        self,
        checkpoint: str,
        open_other: "Callable[[], AbstractContextManager[Drawing]]",
        open_base: "Callable[[], AbstractContextManager[Drawing]]",
        switch_at: float,
    ) -> None:
        self.open_base = open_base
        self._checkpoint, self._open, self._switch_at = checkpoint, open_other, switch_at
        self._from_call: int | None = None
        self._steps_before = 0
        self._inversions: tuple[str, ...] = ()
        self._loras = Applied()

    def as_record(self, steps: int) -> dict[str, Any]:
        """Return the handover's record for `steps` steps in all.

        `from_call` in it counts the denoiser's calls from 1.
        """
        before = self._steps_before if self._from_call is not None else steps
        own = {"embeddings": list(self._inversions)} if self._inversions else {}
        return {
            **handover_as_record(self._checkpoint, self._switch_at, steps, before),
            "from_call": self._from_call,
            **loras_as_record(self._loras),
            **own,
        }

    def begin(self) -> None:
        """Reset the handover, since the steps begin, or begin again in a retry."""
        self._from_call, self._loras, self._inversions = None, Applied(), ()

    def is_due(self, call: int, pipeline: Any) -> bool:
        """Return whether the second checkpoint takes over at call `call`, counted from 1.

        It never does within a step that calls the denoiser twice.
        """
        timesteps = pipeline.scheduler.timesteps[-pipeline.num_timesteps :]
        begins = (call - 1) % pipeline.scheduler.order == 0
        if self._from_call is not None or call > len(timesteps) or not begins:
            return False
        trained = pipeline.scheduler.config.num_train_timesteps
        done = (trained - 1 - float(timesteps[call - 1])) / trained
        return bool(done >= self._switch_at)

    def take_over(
        self, call: int, pipeline: Any, sampling: Sampling, steps: int, undo: ExitStack
    ) -> Guide | None:
        """Put the second checkpoint's denoiser into the pipeline.

        Args:
            call: The number of the denoiser's next call, counted from 1.
            pipeline: The running pipeline.
            sampling: The prompts and LoRAs.
            steps: All steps of the denoising.
            undo: Removes the LoRAs and ends the loan when it is closed.

        Returns:
            The guide of the second denoiser, or None if it is the same network.
        """
        import torch

        self._from_call = call
        self._steps_before = (call - 1) // int(pipeline.scheduler.order)
        with torch.inference_mode(mode=False):  # weights loaded in that mode stay unchangeable
            other = undo.enter_context(self._open())
        family, network = other.family, other.denoiser
        before = getattr(pipeline, family.denoiser.part)
        if network is before:
            return None
        # A LoRA fits one family; a refiner of another kind reads other embeddings.
        alike = family.denoiser.reads_alike(network, before)
        loras = sampling.asked_loras if alike else ()
        with torch.inference_mode(mode=False):
            self._loras = undo.enter_context(other.with_loras(loras, calls=steps))
        conditioning = encode(
            other,
            sampling.prompt,
            sampling.negative_prompt,
            steps=steps,
            emphasis=sampling.emphasis,
            clip_skip=sampling.clip_skip,
        )
        self._inversions = conditioning.inversions
        setattr(pipeline, family.denoiser.part, network)
        # Schedulers read their config at each step. This scheduler belongs to the denoising.
        said = family.schedulers.predicts(other.components["scheduler"].config)
        pipeline.scheduler.register_to_config(prediction_type=said)
        guide = family.guide(pipeline, family.denoiser.part, conditioning, steps)
        guide.distilled_inputs(sampling.distilled_guidance_scale)
        guide.guide_within(sampling.guided)
        undo.enter_context(other.checkpoint.denoising())
        undo.enter_context(guide.composing())
        return guide

    def advance(self, done: float) -> None:
        """Set its LoRAs to the share of the steps, 0 to 1, that is done."""
        self._loras.advance(done)
