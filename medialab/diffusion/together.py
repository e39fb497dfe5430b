"""Denoisings of one checkpoint that run side by side: their calls of the denoiser are joined.

Each keeps its pipeline, scheduler, generator, noise and callbacks. They run in turns, and where all
of them have called a network, it computes once for all: a batch of more rows, in which a picture's
bits may be others than alone. How many pictures a batch has and where each stands is thus a part of
what decides its bytes. The places of pictures that are not there, such as those that are cached or
when one picture of several is made again, are filled by copies.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from copy import copy
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from medialab.diffusion.encoded_pictures import encoding_once
from medialab.diffusion.low_memory import has_rows_apart
from medialab.diffusion.prepared import PreparedDenoising
from medialab.diffusion.steps import Step
from medialab.families.joining import Call, Joining
from medialab.lora import Applied
from medialab.process.strands import Ask, Strand

if TYPE_CHECKING:
    import torch

_CONTROL = "controlnet"  # the component of diffusers' pipelines beside the denoiser
NAME = "medialab picture"  # of the threads


@dataclass(frozen=True)
class Places:
    """The places of denoisings in the batch of their denoiser.

    Attributes:
        taken: The place of each denoising, from 0.
        of: How many places there are, 2 or more.
    """

    taken: Sequence[int]
    of: int

    def as_record(self, at: int) -> dict[str, Any]:
        """Return the entry in the record of the denoising `at`; places count from 1 there."""
        return {"together": {"pictures": self.of, "place": self.taken[at] + 1}}


class Attempt(NamedTuple):
    """One denoising of several.

    Attributes:
        run: The denoising.
        on_step: Called after each step; may raise to stop all of them.
        embeddings: The prompts' embeddings, if they are encoded already.
    """

    run: PreparedDenoising
    on_step: Step
    embeddings: "Mapping[str, torch.Tensor] | None"


class _Asked(NamedTuple):
    """A denoising's call of a network."""

    network: Any
    call: Call


def attempt_together(
    attempts: Sequence[Attempt], places: Places, loras: Applied
) -> "list[torch.Tensor]":
    """Run denoisings side by side and return the latents of each.

    What the first to fail raises ends all of them; no thread is left behind.

    Args:
        attempts: The denoisings: of one checkpoint and of equal settings but for seed and texts.
        places: The place of each.
        loras: The LoRAs that are applied to the checkpoint.
    """
    import torch

    drawing = attempts[0].run.drawing
    answering = partial(
        _answers, places=places, lists_hold_rows=drawing.family.denoiser.lists_hold_rows
    )
    threads = torch.get_num_threads()
    with ExitStack() as undo, torch.inference_mode():
        undo.enter_context(encoding_once(drawing))
        undo.enter_context(drawing.checkpoint.denoising())
        strands = []
        for attempt in attempts:
            work = partial(_attempt, attempt, places.of, loras, threads)
            strands.append(Strand(work, NAME))
            undo.callback(strands[-1].close)
        asked = _questions(strands, dict.fromkeys(range(len(strands))))
        while asked:
            asked = _questions(strands, answering(asked))
        return [strand.result for strand in strands]


def _attempt(
    attempt: Attempt, pictures: int, loras: Applied, threads: int, ask: Ask
) -> "torch.Tensor":
    """Run one of the denoisings, whose networks ask; on its own thread."""
    import torch

    torch.set_num_threads(threads)
    with _seated(attempt.run, ask):
        return attempt.run.attempt(loras, attempt.on_step, attempt.embeddings, beside=pictures)


@contextmanager
def _seated(run: PreparedDenoising, ask: Ask) -> Iterator[None]:
    """Let a denoising's networks ask instead of computing inside the `with` block."""
    part = run.drawing.family.denoiser.part
    network, control = run.network, getattr(run.pipeline, _CONTROL, None)
    run.network = _seat(network, ask)
    if control is not None:
        setattr(run.pipeline, _CONTROL, _seat(control, ask))
    try:
        yield
    finally:
        run.network = network
        setattr(run.pipeline, part, network)
        if control is not None:
            setattr(run.pipeline, _CONTROL, control)


def _seat(network: Any, ask: Ask) -> Any:
    """Return a network of the same layers with a `forward` of its own, which asks.

    What a denoising puts around `forward` is thus around its own calls alone.
    """
    seat = copy(network)

    def forward(*args: Any, **inputs: Any) -> Any:
        return ask(_Asked(network, Call(args, inputs)))

    if has_rows_apart(network):
        forward.rows_apart = True  # type: ignore[attr-defined]  # for `has_rows_apart`
    seat.forward = forward
    return seat


def _questions(
    strands: "Sequence[Strand[torch.Tensor]]", answers: Mapping[int, Any]
) -> dict[int, _Asked]:
    """Resume strands with their answers, in order, and return what those ask that go on."""
    asked = {at: strands[at].resume(answers[at]) for at in sorted(answers)}
    return {at: question for at, question in asked.items() if question is not None}


def _answers(
    asked: Mapping[int, _Asked], places: Places, *, lists_hold_rows: bool
) -> dict[int, Any]:
    """Return the networks' answers; calls that are alike are computed at once."""
    answers: dict[int, Any] = {}
    left = dict(asked)
    while left:
        first = next(iter(left.values()))
        joining = Joining(first.call.rows, lists_hold_rows)
        alike = {at: one for at, one in left.items() if _are_alike(first, one, joining)}
        left = {at: one for at, one in left.items() if at not in alike}
        calls = {at: one.call for at, one in alike.items()}
        # The bits of what is computed alone are its own, whatever the others are.
        if has_rows_apart(first.network) or first.call.holds_state:
            answers |= {at: _computed(first.network, call) for at, call in calls.items()}
        else:
            answers |= _joined(first.network, calls, places, joining)
    return answers


def _are_alike(one: _Asked, other: _Asked, joining: Joining) -> bool:
    return one.network is other.network and joining.are_alike(tuple(one.call), tuple(other.call))


def _joined(
    network: Any, calls: Mapping[int, Call], places: Places, joining: Joining
) -> dict[int, Any]:
    """Return the answers to calls that are alike, computed at once at their places."""
    at_place = {places.taken[at]: call for at, call in calls.items()}
    filling = next(iter(at_place.values()))
    rows = [at_place.get(place, filling) for place in range(places.of)]
    joined = Call(*joining.join([tuple(one) for one in rows]))
    shares = joining.split(_computed(network, joined), places.of)
    return {at: shares[places.taken[at]] for at in calls}


def _computed(network: Any, call: Call) -> Any:
    compute: Callable[..., Any] = network.forward
    return compute(*call.args, **call.inputs)
