"""The weight change of one LoRA layer, for each format in which files store it.

Each function takes the tensors of one layer, by leaf name, and the layer's own weight, of shape
(out, in, …). It returns ΔW, float32 of the weight's shape, for a LoRA of weight 1.

Source: Hu et al., "LoRA"; Yeh et al., "Navigating Text-To-Image Customization" (LyCORIS: LoCon,
LoHa, LoKr); Liu et al., "DoRA"; Liu et al., "Few-Shot Parameter-Efficient Fine-Tuning" (IA3); Qiu
et al., "Controlling Text-to-Image Diffusion by Orthogonal Finetuning" (OFT). Leaf names as kohya's
sd-scripts, LyCORIS and PEFT write them.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from medialab.families.lora_rows import Rows
from medialab.process.memory import is_out_of_memory

if TYPE_CHECKING:
    import torch

    Leaves = Mapping[str, "torch.Tensor"]
    Delta = Callable[[Leaves, "torch.Tensor"], "torch.Tensor"]

# Trainers add 1e-6 or less to a norm; their results differ by less than rounding does.
_SMALLEST_NORM = 1e-12


def lora(leaves: "Leaves", weight: "torch.Tensor") -> "torch.Tensor":
    """Return `up @ down`, of a linear or convolutional layer; with `mid` in a Tucker LoCon."""
    import torch

    down, up = leaves["down"].float(), leaves["up"].float()
    if (mid := leaves.get("mid")) is not None:
        made = torch.einsum("mnkl,ni,om->oikl", mid.float(), down.flatten(1), up.flatten(1))
    else:
        made = up.flatten(1) @ down.flatten(1)
    return made.reshape(weight.shape) * _scale(leaves, down.shape[0])


def loha(leaves: "Leaves", weight: "torch.Tensor") -> "torch.Tensor":
    """Return LoHa's change: the elementwise product of two low-rank matrices."""
    import torch

    def half(number: int) -> "torch.Tensor":
        first, second = (leaves[f"hada_w{number}_{end}"].float() for end in "ab")
        if (core := leaves.get(f"hada_t{number}")) is None:
            return first @ second
        return torch.einsum("ijkl,jr,ip->prkl", core.float(), second, first)

    made = half(1) * half(2)
    return made.reshape(weight.shape) * _scale(leaves, leaves["hada_w1_b"].shape[0])


def lokr(leaves: "Leaves", weight: "torch.Tensor") -> "torch.Tensor":
    """Return LoKr's change: the Kronecker product of two matrices, each full or of low rank."""
    import torch

    def half(number: int) -> "torch.Tensor":
        if (whole := leaves.get(f"lokr_w{number}")) is not None:
            return whole.float()
        first, second = (leaves[f"lokr_w{number}_{end}"].float() for end in "ab")
        if (core := leaves.get(f"lokr_t{number}")) is None:
            return first @ second
        # torch.kron does not accept views.
        return torch.einsum("ijkl,ip,jr->prkl", core.float(), first, second).contiguous()

    left, right = half(1), half(2)
    left = left.reshape(*left.shape, *([1] * (right.ndim - left.ndim)))
    ranks = [leaves[name].shape[0] for name in ("lokr_w1_b", "lokr_w2_b") if name in leaves]
    scale = _scale(leaves, ranks[0]) if ranks else 1.0  # both full: alpha has no meaning
    return torch.kron(left, right).reshape(weight.shape) * scale


def ia3(leaves: "Leaves", weight: "torch.Tensor") -> "torch.Tensor":
    """Return IA3's change: the weight times a factor for each of its inputs or outputs."""
    by = leaves["ia3"].float().flatten()
    on_input = bool(leaves["on_input"].any()) if "on_input" in leaves else False
    shape = [1] * weight.ndim
    shape[1 if on_input else 0] = len(by)
    return weight.float() * by.reshape(shape)


def oft(leaves: "Leaves", weight: "torch.Tensor") -> "torch.Tensor":
    """Return OFT's change: outputs rotated in blocks by `(I + Q)(I - Q)^-1`, Q = blocks - blocksᵀ.

    alpha times the number of outputs limits the norm of Q; 0 or no alpha means no limit.
    Source: LyCORIS modules/diag_oft.py make_weight; kohya networks/oft.py get_weight.
    """
    import torch

    blocks = leaves["oft"].float()
    turned = blocks - blocks.transpose(1, 2)
    bound = float(leaves["alpha"]) * weight.shape[0] if "alpha" in leaves else 0.0
    if bound > 0:
        turned = turned * (bound / turned.norm().clamp_min(bound))
    unit = torch.eye(blocks.shape[-1], device=blocks.device)
    rotation = torch.linalg.solve(unit - turned, unit + turned)
    parts = weight.float().reshape(*blocks.shape[:2], -1)
    made = torch.einsum("knm,kni->kmi", rotation, parts).reshape(weight.shape)
    if (rescale := leaves.get("rescale")) is not None:
        made = made * rescale.float().reshape(-1, *[1] * (weight.ndim - 1))
    return made - weight.float()


def full(leaves: "Leaves", weight: "torch.Tensor") -> "torch.Tensor":
    """Return the change that a file stores in full."""
    return leaves["diff"].float().reshape(weight.shape)


def decomposed(
    plain: "torch.Tensor", magnitude: "torch.Tensor", weight: "torch.Tensor"
) -> "torch.Tensor":
    """Return DoRA's whole change: the direction of the sum, with the trained magnitude.

    Args:
        plain: ΔW of the low-rank part, of the weight's shape.
        magnitude: One number for each output, (out,) or (out, 1 …), or, from older LyCORIS and
            OneTrainer, for each input: (1, in …).
        weight: The layer's weight, (out, in, …).
    """
    whole = weight.float() + plain
    by_input = magnitude.ndim > 1 and magnitude.shape[0] == 1 != whole.shape[0]
    axis = int(by_input)
    shape = [1] * whole.ndim
    shape[axis] = whole.shape[axis]
    others = [dim for dim in range(whole.ndim) if dim != axis]
    norm = whole.pow(2).sum(others, keepdim=True).sqrt().clamp_min(_SMALLEST_NORM)
    return whole * (magnitude.float().reshape(shape) / norm) - weight.float()


# The leaf by which a kind is recognised -> its name, and its function.
KINDS: "Mapping[str, tuple[str, Delta]]" = {
    "down": ("lora", lora),
    "hada_w1_a": ("loha", loha),
    "lokr_w1": ("lokr", lokr),
    "lokr_w1_a": ("lokr", lokr),
    "ia3": ("ia3", ia3),
    "oft": ("oft", oft),
    "diff": ("full", full),
}


def kind_of(leaves: "Mapping[str, object]") -> str | None:
    """Return the leaf in KINDS by which a layer's kind is recognised; None if there is none."""
    return next((leaf for leaf in KINDS if leaf in leaves), None)


def delta(leaves: "Leaves", weight: "torch.Tensor", rows: Rows | None = None) -> "torch.Tensor":
    """Return ΔW of a layer for a LoRA of weight 1.

    Args:
        leaves: The layer's tensors by leaf name, on any device.
        weight: The layer's weight, (out, in, …).
        rows: The rows of the tensors' ΔW that are the weight's; None for all of them.

    Returns:
        float32, of the weight's shape, on its device.

    Raises:
        ValueError: the tensors do not fit the weight's shape.
    """
    leaf = kind_of(leaves)
    if leaf is None:
        message = f"no known kind of LoRA: {', '.join(leaves)}"
        raise ValueError(message)
    here = {name: value.to(weight.device) for name, value in leaves.items()}
    try:
        whole = weight if rows is None else rows.widened(weight)
        plain = KINDS[leaf][1](here, whole)
        plain = plain if rows is None else rows.of(plain)
        magnitude = here.get("magnitude")
        return plain if magnitude is None else decomposed(plain, magnitude, weight)
    except (RuntimeError, KeyError, IndexError) as error:
        if is_out_of_memory(error):
            raise
        message = f"its tensors do not fit a weight of {tuple(weight.shape)}"
        raise ValueError(message) from error


def why_whole(leaves: "Leaves", rows: Rows) -> str | None:
    """Return why a joined layer cannot be split among its modules; None if it can."""
    if "oft" in leaves:
        return "an OFT turns the outputs of all of them with one another"
    magnitude = leaves.get("magnitude")
    if magnitude is not None and magnitude.ndim > 1 and magnitude.shape[0] == 1 != rows.whole:
        return "a DoRA by inputs has one magnitude for all of them"
    return None


def of_rows(leaves: "Leaves", rows: Rows) -> "tuple[Leaves, Rows | None]":
    """Return the tensors of a joined layer that one of its modules needs.

    Args:
        leaves: The layer's tensors by leaf name.
        rows: The module's rows.

    Returns:
        The tensors, and the rows that `delta` must still take; None if it is done.

    Raises:
        ValueError: the tensors are of another size.
    """
    made = dict(leaves)
    for name in ("up", "magnitude", "diff", "diff_b"):
        if name in made:
            made[name] = rows.of(made[name])
    if "ia3" in made and not ("on_input" in made and bool(made["on_input"].any())):
        made["ia3"] = rows.of(made["ia3"])
    return made, rows if {"hada_w1_a", "lokr_w1", "lokr_w1_a"} & made.keys() else None


def _scale(leaves: "Leaves", rank: int) -> float:
    alpha = leaves.get("alpha")
    return 1.0 if alpha is None else float(alpha) / rank
