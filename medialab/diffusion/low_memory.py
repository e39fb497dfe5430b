"""Fallbacks that reduce the memory of a diffusers model.

Attention slicing is not among them: torch's attention never holds the whole matrix, and with slices
a forward at 896 px took 1,863 MiB instead of 1,183. Its batch's rows one by one took 617.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from medialab.diffusion.vae_tiles import tile_side, vae_in_tiles
from medialab.families.denoisers import Denoiser
from medialab.families.patching import restoring_forward
from medialab.process.retries import Fallback

if TYPE_CHECKING:
    import torch

    from medialab.diffusion.drawing import Drawing

# Divides diffusers' default tile, which has the side that the VAE was trained at.
SMALLER = 2


def denoiser_fallbacks(
    drawing: "Drawing", controlnets: Sequence[Any], *, encodes: bool
) -> list[Fallback]:
    """Return the fallbacks of a denoising, in the order in which a retry adds them.

    Args:
        drawing: The checkpoint.
        controlnets: The networks that run beside the denoiser.
        encodes: Whether the pipeline encodes a picture with the VAE itself.
    """
    apart = partial(_rows_apart, drawing.family.denoiser)
    networks = [drawing.denoiser, *controlnets]
    return [
        Fallback("prompts one after another", False, partial(_each, apart, networks)),
        *(_tilings(drawing.vae) if encodes else ()),
        _offload(drawing, controlnets),
    ]


def vae_fallbacks(drawing: "Drawing") -> list[Fallback]:
    """Return the fallbacks of encoding and decoding pictures."""
    return [*_tilings(drawing.vae), _offload(drawing, ())]


def _tilings(vae: Any) -> list[Fallback]:
    side = tile_side(vae)
    return [
        Fallback("VAE in tiles", False, partial(vae_in_tiles, vae, side)),
        Fallback("VAE in smaller tiles", False, partial(vae_in_tiles, vae, side // SMALLER)),
    ]


def _offload(drawing: "Drawing", controlnets: Sequence[Any]) -> Fallback:
    """Return the fallback that offloads idle parts to the CPU.

    Source: diffusers' enable_model_cpu_offload, without the state that it leaves in a pipeline.
    """
    # In the order of use: text encoders, ControlNets and denoiser, VAE. The checkpoint's own VAE
    # goes first if another is chosen: it stays on the CPU.
    denoiser = drawing.family.denoiser
    order = (*denoiser.text_encoders, denoiser.part)
    parts = [part for name in order if (part := drawing.components.get(name)) is not None]
    own = drawing.components["vae"]
    rests = own is not drawing.vae and not any(weight.is_meta for weight in own.parameters())
    parts = [*([own] if rests else []), *parts, drawing.vae]
    at = parts.index(drawing.denoiser)
    networks = [*parts[:at], *controlnets, *parts[at:]]
    possible = not drawing.device.startswith("cpu") and drawing.checkpoint.offload == "none"
    return Fallback(
        "parts on the CPU while they rest",
        True,
        partial(offloaded, networks, drawing.device) if possible else None,
    )


@contextmanager
def offloaded(networks: "Sequence[torch.nn.Module]", device: str) -> Iterator[None]:
    """Keep each network on the CPU inside the `with` block, except while it computes."""
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
    """Compute each row of the network's batches by itself, and mark the network so."""
    with denoiser.rows_apart(network):
        network.forward.rows_apart = True  # for `has_rows_apart`
        yield


def has_rows_apart(network: Any) -> bool:
    """Return whether a network computes row by row, in the memory of one row."""
    return hasattr(network.forward, "rows_apart")
