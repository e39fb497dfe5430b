"""Prompts of a UNet that change with the steps, or are several at once.

This works with any diffusers pipeline that takes `prompt_embeds`, calls its UNet once a step and
has `callback_on_step_end`.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from medialab.families.guidance import GuidanceKind, Guide
from medialab.families.patching import computing_by, of_rows
from medialab.families.unet_clip.encoder import EMBEDS, POOLED

if TYPE_CHECKING:
    import torch

# Rows of a denoiser's batch -> the row with the prompt, and the row to compare it with, which
# differs by the prompt alone. Without guidance there is only the first; editing by instruction has
# rows for prompt and picture, for the picture, and for neither.
FOLLOWING = {1: 0, 2: 1, 3: 0}
COMPARED = {2: 0, 3: 1}

# Names in pipelines' callbacks of the pooled embeddings and of SDXL's size conditioning.
ADDED_POOLED, TIME_IDS = "add_text_embeds", "add_time_ids"
# The aesthetic score, 1 to 10, of the prompt and of the negative prompt for SDXL's refiner.
# Source: diffusers' StableDiffusionXLImg2ImgPipeline, aesthetic_score.
_GOOD, _BAD = 6.0, 2.5
_SIZE_AND_CROP = 4  # time ids: height, width, and the crop's top and left


GUIDANCE: GuidanceKind = "true"


class UNetGuide(Guide):
    """The prompts of one run of a UNet's pipeline."""

    TENSORS = (EMBEDS, ADDED_POOLED, TIME_IDS)

    def inputs(self, guidance_scale: float) -> dict[str, Any]:
        """Return both prompts' tensors and the unchanged scale."""
        return {**self._conditioning.embeddings(), "guidance_scale": guidance_scale}

    def _changed(
        self, tensors: "Mapping[str, torch.Tensor]", *, anew: bool
    ) -> "dict[str, torch.Tensor]":
        positive = self._conditioning.positives[0].at(self._step).values
        negative = self._conditioning.negative.at(self._step).values
        changed = {
            name: _as_rows(positive[value], negative[value], tensors[name].shape[0])
            for name, value in ((EMBEDS, EMBEDS), (ADDED_POOLED, POOLED))
            if name in tensors
        }
        if anew and TIME_IDS in tensors:
            unet = getattr(self._pipeline, self._denoiser)
            changed[TIME_IDS] = _time_ids(unet, tensors[TIME_IDS], changed[ADDED_POOLED])
        return changed

    def _composed(
        self, forward: Callable[..., Any], *args: Any, **inputs: Any
    ) -> "tuple[torch.Tensor]":
        """Call the UNet once, with one more row for each sub-prompt after the first.

        The row c₀ of the prompt becomes n + Σ wᵢ (cᵢ - n), so that the pipeline's own guidance
        yields n + guidance_scale · Σ wᵢ (cᵢ - n). Source: Liu et al., "Compositional Visual
        Generation with Composable Diffusion Models", equation 11.
        """
        sample, *rest = args
        rows = sample.shape[0]
        following = FOLLOWING[rows]
        tracks = list(self._conditioning.positives[1:])
        if rows not in COMPARED:
            tracks.append(self._conditioning.negative)
        told = [track.at(self._step).values for track in tracks]
        wider = _widened(inputs, rows, following, len(told))
        embeds = [one[EMBEDS] for one in told]
        wider["encoder_hidden_states"] = _joined(inputs["encoder_hidden_states"], embeds)
        if (added := inputs.get("added_cond_kwargs")) and "text_embeds" in added:
            pooled = [one[POOLED] for one in told]
            wider["added_cond_kwargs"]["text_embeds"] = _joined(added["text_embeds"], pooled)
        wider["return_dict"] = False
        found = forward(_widened(sample, rows, following, len(told)), *rest, **wider)[0]
        compared = found[COMPARED.get(rows, -1)]
        weights = [track.weight for track in self._conditioning.positives]
        followed = [found[following], *found[rows : rows + len(weights) - 1]]
        total = sum(w * (one - compared) for w, one in zip(weights, followed, strict=True))
        answer = found[:rows].clone()
        answer[following] = compared + total
        return (answer,)

    @contextmanager
    def composing(self) -> Iterator[None]:
        """Let UNet and ControlNets compute the prompt alone in steps that do not compare."""
        with ExitStack() as undo:
            control = getattr(self._pipeline, "controlnet", None)
            if control is not None and not self._guided.is_whole:
                undo.enter_context(computing_by(control, partial(self._seldom, control.forward)))
            undo.enter_context(super().composing())
            yield

    def _seldom(self, forward: Callable[..., Any], *args: Any, **inputs: Any) -> Any:
        """Call a network that knows nothing of sub-prompts."""
        return (forward if self._compares else partial(self._alone, forward))(*args, **inputs)

    def _alone(self, forward: Callable[..., Any], *args: Any, **inputs: Any) -> Any:
        rows = args[0].shape[0]
        if rows == 1:
            return forward(*args, **inputs)
        row = FOLLOWING[rows]
        args, inputs = of_rows((args, inputs), rows, lambda one: one[row : row + 1])
        found = forward(*args, **inputs | {"return_dict": False})
        return of_rows(found, 1, lambda one: one.repeat(rows, *[1] * (one.ndim - 1)))


def _as_rows(positive: "torch.Tensor", negative: "torch.Tensor", rows: int) -> "torch.Tensor":
    """Return both prompts in the order in which the pipeline batches them."""
    import torch

    every = [negative] * rows
    every[FOLLOWING[rows]] = positive
    return torch.cat(every)


def _time_ids(unet: Any, given: "torch.Tensor", pooled: "torch.Tensor") -> "torch.Tensor":
    """Return the size conditioning of an SDXL UNet: (rows, 6), or (rows, 5) for its refiner.

    The refiner reads an aesthetic score in place of the target size.

    Args:
        unet: The UNet that takes over.
        given: The size conditioning of the UNet before it.
        pooled: (rows, width), the pooled embeddings of the new UNet.
    """
    import torch

    room = unet.config.projection_class_embeddings_input_dim - pooled.shape[-1]
    if room // unet.config.addition_time_embed_dim == given.shape[1]:
        return given
    scores = [_BAD, _GOOD] if given.shape[0] > 1 else [_GOOD]
    column = torch.tensor(scores, dtype=given.dtype, device=given.device)[:, None]
    return torch.cat([given[:, :_SIZE_AND_CROP], column], dim=1)


def _joined(given: "torch.Tensor", more: "list[Any]") -> "torch.Tensor":
    import torch

    return torch.cat([given, *(one.to(given) for one in more)])


def _widened(value: Any, rows: int, following: int, more: int) -> Any:
    """Return inputs with the row `following` repeated `more` times at the end of the batch."""
    import torch

    def repeated(tensor: "torch.Tensor") -> "torch.Tensor":
        return torch.cat([tensor, *[tensor[following : following + 1]] * more])

    return of_rows(value, rows, repeated)
