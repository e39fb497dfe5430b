"""Fallbacks: ways in which a diffusers model needs less memory.

Attention is not sliced: torch's own never holds the whole matrix, and in slices a forward at
896 px took 1,863 MiB instead of 1,183. The rows of its batch one by one took 617.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from medialab.diffusion.vae_tiles import vae_in_tiles
from medialab.families.base import Denoiser
from medialab.families.patching import restoring_forward
from medialab.process.retries import Fallback

if TYPE_CHECKING:
    import torch

    from medialab.diffusion.drawing import Drawing

# Of the side at which the VAE was trained, which is diffusers' own tile.
SMALLER = 2


def denoiser_fallbacks(
    drawing: "Drawing", controlnets: Sequence[Any], *, encodes: bool
) -> list[Fallback]:
    """Return ways to denoise in less memory.

    `encodes` tells that the pipeline brings a picture to latents itself.
    """
    apart = partial(_rows_apart, drawing.family.denoiser)
    networks = [drawing.denoiser, *controlnets]
    return [
        Fallback("prompts one after another", False, partial(_each, apart, networks)),
        *(_tilings(drawing.vae) if encodes else ()),
        _offload(drawing, controlnets),
    ]


def vae_fallbacks(drawing: "Drawing") -> list[Fallback]:
    """Return ways to less memory between pictures and latents."""
    return [*_tilings(drawing.vae), _offload(drawing, ())]


def _tilings(vae: Any) -> list[Fallback]:
    side = vae.tile_sample_min_size
    return [
        Fallback("VAE in tiles", False, partial(vae_in_tiles, vae, side)),
        Fallback("VAE in smaller tiles", False, partial(vae_in_tiles, vae, side // SMALLER)),
    ]


def _offload(drawing: "Drawing", controlnets: Sequence[Any]) -> Fallback:
    """Source: diffusers' enable_model_cpu_offload, without what it keeps in a pipeline."""
    # As they take turns: texts, the ControlNets and the denoiser, the VAE. One's own that has no
    # turn, since another was chosen, rests all the while.
    denoiser = drawing.family.denoiser
    order = (*denoiser.text_encoders, denoiser.part)
    parts = [part for name in order if (part := drawing.components.get(name)) is not None]
    own = drawing.components["vae"]
    rests = own is not drawing.vae and not any(weight.is_meta for weight in own.parameters())
    parts = [*([own] if rests else []), *parts, drawing.vae]
    at = parts.index(drawing.denoiser)
    networks = [*parts[:at], *controlnets, *parts[at:]]
    possible = not drawing.device.startswith("cpu")
    return Fallback(
        "parts on the CPU while they rest",
        True,
        partial(offloaded, networks, drawing.device) if possible else None,
    )


@contextmanager
def offloaded(networks: "Sequence[torch.nn.Module]", device: str) -> Iterator[None]:
    """While it lasts, each network is on the device only when it is its turn."""
    import torch
    from accelerate import cpu_offload_with_hook
    from accelerate.hooks import remove_hook_from_module

    with ExitStack() as undo, torch.inference_mode(mode=False), torch.no_grad():
        hook = None
        for network in networks:
            undo.callback(network.to, device)
            undo.enter_context(restoring_forward(network))
            undo.callback(remove_hook_from_module, network)
            _, hook = cpu_offload_with_hook(network, torch.device(device), prev_module_hook=hook)
        yield


@contextmanager
def _each(enter: Callable[[Any], Any], networks: Sequence[Any]) -> Iterator[None]:
    with ExitStack() as undo:
        for network in networks:
            undo.enter_context(enter(network))
        yield


@contextmanager
def _rows_apart(denoiser: Denoiser, network: Any) -> Iterator[None]:
    """Compute each row of the network's batches by itself, and let it be known."""
    with denoiser.rows_apart(network):
        network.forward.rows_apart = True  # for `has_rows_apart`
        yield


def has_rows_apart(network: Any) -> bool:
    """Whether a network does so: what it needs is that of one row."""
    return hasattr(network.forward, "rows_apart")
