"""Another checkpoint that takes a denoising over before its end, as a refiner does.

The sampler goes on as it was; only what it asks changes: the denoiser, what that predicts, and the
prompts as the other checkpoint's own text encoders read them.
Source: A1111's modules/sd_samplers_common.py, apply_refiner; the step is the one at which the
`denoising_end` and `denoising_start` of diffusers would cut.
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
    """Return what the record tells: the base's steps and its own, and a word if it has none."""
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
    """What takes over, and when: `open_other` opens it, once it is needed.

    `open_base` opens what it takes over from, whose VAE has the last word: to load the one may have
    made room by releasing the other.
    `switch_at` is the share of the noise schedule after which it does: 0.8 leaves it the last
    fifth, 1 nothing. The first step is never its own.
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
        """Return what the record tells of it, of so many steps in all.

        `from_call` counts the denoiser's calls from 1; `steps` are the base's and its own.
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
        """The steps begin, or begin anew: nothing was taken over yet."""
        self._from_call, self._loras, self._inversions = None, Applied(), ()

    def is_due(self, call: int, pipeline: Any) -> bool:
        """Whether the pipeline's call number `call`, counted from 1, is the first of its own.

        A step that calls the denoiser twice belongs to one of the two.
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
        """Put the other denoiser into the pipeline; what guides it, or None if it is the same one.

        What `undo` holds afterwards takes its LoRAs off again.
        """
        import torch

        self._from_call = call
        self._steps_before = (call - 1) // int(pipeline.scheduler.order)
        with torch.inference_mode(mode=False):  # what is loaded in it can never be changed again
            other = undo.enter_context(self._open())
        family, network = other.family, other.denoiser
        before = getattr(pipeline, family.denoiser.part)
        if network is before:
            return None
        # LoRAs are made for one family; one that finishes another's pictures reads other text.
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
        # Schedulers read it at each step. This one is the denoising's own.
        said = family.schedulers.predicts(other.components["scheduler"].config)
        pipeline.scheduler.register_to_config(prediction_type=said)
        guide = family.guide(pipeline, family.denoiser.part, conditioning, steps)
        undo.enter_context(guide.composing())
        return guide

    def advance(self, done: float) -> None:
        """Tell its LoRAs the share of the steps that is done."""
        self._loras.advance(done)
