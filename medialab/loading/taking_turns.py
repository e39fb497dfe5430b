"""Networks that wait on the CPU and come to the device while they compute.

Source: diffusers' enable_model_cpu_offload and apply_group_offloading, without the state that they
leave in a pipeline: weights change between two computations, and must be found where they wait.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from accelerate.hooks import ModelHook, add_hook_to_module, remove_hook_from_module
from accelerate.utils import send_to_device
from diffusers.hooks import HookRegistry, apply_group_offloading
from diffusers.hooks import ModelHook as DiffusersHook

_REST = "cpu"
# The hook that brings a group, and ours.
_GROUP, _RENEWING = "group_offloading", "medialab_renewing"
# The hooks of group offloading; others, such as those of float8 weights, stay.
_GROUP_HOOKS = (
    _RENEWING,
    "lazy_prefetch_group_offloading",
    "layer_execution_tracker",
    _GROUP,
)


class _Turn(ModelHook):  # type: ignore[misc]  # accelerate has no types
    """Brings a network to the device before it computes, and sends the others away.

    Pipelines ask its `execution_device` where they compute.
    """

    def __init__(self, networks: Sequence[torch.nn.Module], device: str) -> None:
        self.execution_device = device
        self._networks = networks

    def pre_forward(
        self, module: torch.nn.Module, *args: Any, **kwargs: Any
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Make room, and return the arguments on the device."""
        device = self.execution_device
        with torch.inference_mode(mode=False), torch.no_grad():
            for one in self._networks:
                if one is not module:
                    one.to(_REST)
            module.to(device)
        return send_to_device(args, device), send_to_device(kwargs, device)


class _Renewing(DiffusersHook):  # type: ignore[misc]  # diffusers has no types
    """Lets weights that changed since the last call be those that are copied to the device.

    With streams, groups copy from the tensors that they found when offloading began; a LoRA that
    starts or stops midway has the weights point at others.
    """

    _is_stateful = False

    def pre_forward(
        self, module: torch.nn.Module, *args: Any, **kwargs: Any
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Renew what groups copy from, and return the arguments."""
        for one in module.modules():
            registry = getattr(one, "_diffusers_hook", None)
            hook = None if registry is None else registry.get_hook(_GROUP)
            waiting = {} if hook is None else hook.group.cpu_param_dict
            for parameter, held in waiting.items():
                rests = parameter.device.type == _REST
                if rests and parameter.data_ptr() != held.data_ptr():
                    waiting[parameter] = parameter.data
        return args, kwargs


def take_turns(networks: Iterable[torch.nn.Module], device: str) -> None:
    """Let networks wait on the CPU, and compute on the device one at a time."""
    every = list(networks)
    for one in every:
        one.to(_REST)
        add_hook_to_module(one, _Turn(every, device))


def end_turns(networks: Iterable[torch.nn.Module]) -> None:
    """Remove the hooks of `take_turns`."""
    for one in networks:
        remove_hook_from_module(one)


@contextmanager
def in_groups(network: torch.nn.Module, device: str) -> Iterator[None]:
    """Let a network compute on the device group by group of its layers, within the block.

    On a GPU the next group is copied while one computes, by a stream of its own. Afterwards all
    weights are on the CPU, and its hooks are those of before.

    Args:
        network: The network, on the CPU.
        device: A torch device.
    """
    streams = device.startswith("cuda")
    with torch.inference_mode(mode=False), torch.no_grad():
        apply_group_offloading(
            network,
            onload_device=device,
            offload_device=_REST,
            offload_type="block_level",
            num_blocks_per_group=1,
            use_stream=streams,
            # Without it all weights are copied to pinned memory at once.
            low_cpu_mem_usage=streams,
        )
        if streams:
            HookRegistry.check_if_exists_or_initialize(network).register_hook(
                _Renewing(), _RENEWING
            )
    try:
        yield
    finally:
        hooks = HookRegistry.check_if_exists_or_initialize(network)
        with torch.inference_mode(mode=False), torch.no_grad():
            for name in _GROUP_HOOKS:
                hooks.remove_hook(name)
            network.to(_REST)
