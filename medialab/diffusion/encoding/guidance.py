"""A running pipeline told other prompts from step to step, or several at once.

Works with any diffusers pipeline that takes `prompt_embeds`, calls `unet` once a step and offers
`callback_on_step_end`; one picture at a time.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from medialab.diffusion.encoding.conditioning import Conditioning
from medialab.families.patching import computing_by, of_rows

if TYPE_CHECKING:
    import torch

# How many rows a denoiser is given at once -> which of them follows the prompt, and which does
# what that one does but for the prompt. Without guidance there is only the first; an edit by
# instruction has the prompt and the picture, the picture, and neither.
FOLLOWING = {1: 0, 2: 1, 3: 0}
COMPARED = {2: 0, 3: 1}

EMBEDS, POOLED, TIME_IDS = "prompt_embeds", "add_text_embeds", "add_time_ids"


class Guidance:
    """The prompts of one run of a pipeline.

    Give `tensor_inputs` to the pipeline, call `advance` after each of its steps, and run it within
    `composing`.
    """

    def __init__(self, pipeline: Any, conditioning: Conditioning, steps: int) -> None:
        self._pipeline = pipeline
        self._conditioning = conditioning
        self._steps = steps
        self._step = 1

    @property
    def tensor_inputs(self) -> list[str]:
        """What the pipeline must hand to its callback."""
        return self.every_tensor_input if self._conditioning.changes else ["latents"]

    @property
    def every_tensor_input(self) -> list[str]:
        """The same where another denoiser is to take over, which is told all of it anew."""
        offered = self._pipeline._callback_tensor_inputs  # noqa: SLF001 - it has no public name
        return ["latents", *(name for name in (EMBEDS, POOLED, TIME_IDS) if name in offered)]

    def advance(
        self, call: int, tensors: "Mapping[str, torch.Tensor]", *, anew: bool = False
    ) -> "dict[str, Any]":
        """The prompts for what follows the pipeline's call number `call`, counted from 1.

        Some samplers call the denoiser twice a step; a step of the prompt is one of the person's.
        `anew` tells prompts that stay the same, too: the pipeline had another guidance before.
        """
        self._step = min(self._steps, 1 + call * self._steps // int(self._pipeline.num_timesteps))
        if not (anew or self._conditioning.changes):
            return {}
        told = self._conditioning.embeddings(self._step)
        names = {
            EMBEDS: ("prompt_embeds", "negative_prompt_embeds"),
            POOLED: ("pooled_prompt_embeds", "negative_pooled_prompt_embeds"),
        }
        return {
            name: _as_rows(told[positive], told[negative], tensors[name].shape[0])
            for name, (positive, negative) in names.items()
            if name in tensors
        }

    @contextmanager
    def composing(self) -> Iterator[None]:
        """While it lasts, the denoiser follows all sub-prompts of an AND, by their weights.

        It gives n + Σ wᵢ (cᵢ - n) where it would give c₀, so that the pipeline's own guidance makes
        n + guidance_scale · Σ wᵢ (cᵢ - n) of it. Source: Liu et al., "Compositional Visual
        Generation with Composable Diffusion Models", equation 11.
        """
        if not self._conditioning.composes:
            yield
            return
        unet = self._pipeline.unet
        forward = unet.forward

        def composed(sample: "torch.Tensor", *args: Any, **inputs: Any) -> Any:
            return self._composed(forward, sample, args, inputs)

        with computing_by(unet, composed):
            yield

    def _composed(
        self, forward: Any, sample: "torch.Tensor", args: tuple[Any, ...], inputs: dict[str, Any]
    ) -> Any:
        """One call of the denoiser: a row more for each sub-prompt after the first."""
        rows = sample.shape[0]
        following = FOLLOWING[rows]
        tracks = list(self._conditioning.positives[1:])
        if rows not in COMPARED:
            tracks.append(self._conditioning.negative)
        moments = [track.at(self._step) for track in tracks]
        wider = {
            name: _widened(value, rows, following, len(moments)) for name, value in inputs.items()
        }
        wider["encoder_hidden_states"] = _joined(
            inputs["encoder_hidden_states"], [one.embeds for one in moments]
        )
        if (added := inputs.get("added_cond_kwargs")) and "text_embeds" in added:
            pooled = [one.pooled for one in moments]
            wider["added_cond_kwargs"]["text_embeds"] = _joined(added["text_embeds"], pooled)
        wider["return_dict"] = False
        sample = _widened(sample, rows, following, len(moments))
        found = forward(sample, *args, **wider)[0]
        compared = found[COMPARED.get(rows, -1)]
        weights = [track.weight for track in self._conditioning.positives]
        followed = [found[following], *found[rows : rows + len(weights) - 1]]
        total = sum(w * (one - compared) for w, one in zip(weights, followed, strict=True))
        answer = found[:rows].clone()
        answer[following] = compared + total
        return (answer,)


def _as_rows(positive: "torch.Tensor", negative: "torch.Tensor", rows: int) -> "torch.Tensor":
    """Both prompts in the order in which the pipeline batches them."""
    import torch

    every = [negative] * rows
    every[FOLLOWING[rows]] = positive
    return torch.cat(every)


def _joined(given: "torch.Tensor", more: "list[Any]") -> "torch.Tensor":
    import torch

    return torch.cat([given, *(one.to(given) for one in more)])


def _widened(value: Any, rows: int, following: int, more: int) -> Any:
    """Return everything that has a row for each of the batch with the one that follows repeated."""
    import torch

    def repeated(tensor: "torch.Tensor") -> "torch.Tensor":
        return torch.cat([tensor, *[tensor[following : following + 1]] * more])

    return of_rows(value, rows, repeated)
