"""Scaled weights of eight bits: followed through a change of names, and put into a network.

Source: ComfyUI comfy/ops.py, `scaled_fp8_ops` and `_load_quantized_module`; here all arithmetic is
in the precision, and scales of a layer's inputs are left out.
"""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from medialab.errors import ModelRefusedError
from medialab.files.scaled_weights import LARGEST_MARK, MARK, check_mark, is_beside, weight_of
from medialab.process.retries import is_finite

if TYPE_CHECKING:
    import torch

    Tensors = dict[str, torch.Tensor]


def take_scales(tensors: "Tensors") -> "Tensors":
    """Take the scales of a network's weights out of its tensors, and what else tells of them.

    Args:
        tensors: All tensors of its file, by name; its weights stay. Scales of weights that were
            left out are dropped.

    Returns:
        The scales, (out, 1), float32, by the names of the weights.

    Raises:
        ModelRefusedError: a mark tells of another way to quantise, or a scale is no number.
    """
    scales = {}
    for name in [one for one in tensors if is_beside(one)]:
        value = tensors.pop(name)
        if (weight := weight_of(name)) is not None:
            if weight not in tensors:
                continue
            if not is_finite(value):
                raise ModelRefusedError(f"its {name} is no number; download it again")
            scales[weight] = value.float().reshape(-1, 1).expand(len(tensors[weight]), 1)
        elif name.endswith(MARK):
            check_mark(name.removesuffix(MARK), _read(value))
    return scales


def _read(mark: "torch.Tensor") -> Any:
    """Return what a mark's bytes say; None if they say nothing."""
    if mark.numel() > LARGEST_MARK or mark.element_size() != 1:
        return None
    try:
        return json.loads(mark.numpy().tobytes())
    except (ValueError, RecursionError):
        return None


def make_numbers(tensors: "Tensors", dtype: "torch.dtype") -> None:
    """Make each scaled weight among a file's tensors numbers of a dtype, and take the scales out.

    Raises:
        ModelRefusedError: a mark tells of another way to quantise.
    """
    for name, scale in take_scales(tensors).items():
        tensors[name] = _numbers(tensors[name], scale, dtype)


def _numbers(weight: "torch.Tensor", scale: "torch.Tensor", dtype: "torch.dtype") -> "torch.Tensor":
    """Return a weight (out, …) times its scales (out, 1), rounded once."""
    from medialab.families.byte_layers import by_rows, unpacked

    return unpacked(weight, by_rows(scale, weight), dtype)


def renamed(
    tensors: "Tensors", scales: "Tensors", rename: "Callable[[Tensors], Tensors]"
) -> "tuple[Tensors, Tensors]":
    """Return weights in other names and pieces, and a column (out, 1) for each: its scales or ones.

    Args:
        tensors: The weights.
        scales: As from `take_scales`.
        rename: Renames weights, and parts and joins their rows; it may empty what it is given.
    """
    if not scales:
        return rename(tensors), scales
    # The same is done to the columns, since only rows are parted and joined.
    columns = {name: scales.get(name, _ones(value)) for name, value in tensors.items()}
    return rename(tensors), rename(columns)


def _ones(weight: "torch.Tensor") -> "torch.Tensor":
    import torch

    return torch.ones(len(weight) if weight.ndim else 1, 1)


def load_scaled(network: Any, tensors: "Tensors", scales: "Tensors", dtype: "torch.dtype") -> Any:
    """Load weights into an empty network, whose layers hold those of eight bits as bytes.

    Args:
        network: Built without weights.
        tensors: All of its weights, in its own names; the function empties it.
        scales: By the names of weights, (out, 1), float32; a weight without one is not scaled.
        dtype: What all else becomes.
    """
    from medialab.families.byte_layers import become_bytes, can_be_bytes

    found = {}
    for name in list(tensors):
        value = tensors.pop(name)
        path, _, own = name.rpartition(".")
        layer = network.get_submodule(path)
        if value.element_size() > 1 or not value.is_floating_point():
            found[name] = value.to(dtype) if value.is_floating_point() else value
        elif own == "weight" and can_be_bytes(layer):
            become_bytes(layer, value, scales.get(name, _ones(value)), dtype)
        else:
            found[name] = _numbers(value, scales.get(name, _ones(value)), dtype)
    network.load_state_dict(found, assign=True, strict=False)
    return network.eval()
