"""LoRAs of every kind at tiny size, each with the sum that it adds, worked out by hand."""

import torch


def drawn(*shape, seed=0):
    return 0.3 * torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def kohya(path, leaves, prefix="lora_unet_"):
    return {f"{prefix}{path.replace('.', '_')}.{leaf}": value for leaf, value in leaves.items()}


def linear_case(out, into):
    """Leaves of a plain LoRA of rank 4 and what they add, by hand."""
    down, up = drawn(4, into, seed=1), drawn(out, 4, seed=2)
    return {"lora_down.weight": down, "lora_up.weight": up, "alpha": torch.tensor(2.0)}, (
        up @ down
    ) * 0.5


def loha_case(out, into):
    parts = [drawn(*shape, seed=n) for n, shape in enumerate([(out, 3), (3, into)] * 2)]
    names = ("hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b")
    leaves = dict(zip(names, parts, strict=True)) | {"alpha": torch.tensor(3.0)}
    return leaves, (parts[0] @ parts[1]) * (parts[2] @ parts[3])


def lokr_case(out, into):
    left, down, up = drawn(4, 4, seed=1), drawn(2, into // 4, seed=2), drawn(out // 4, 2, seed=3)
    leaves = {"lokr_w1": left, "lokr_w2_a": up, "lokr_w2_b": down, "alpha": torch.tensor(1.0)}
    return leaves, torch.kron(left, up @ down) * 0.5


def dora_case(out, into, weight, *, by_input=False):
    leaves, plain = linear_case(out, into)
    whole = weight + plain
    dim, shape = (0, (1, into)) if by_input else (1, (out, 1))
    magnitude = drawn(*shape, seed=5).abs() + 0.5
    return leaves | {"dora_scale": magnitude}, whole / whole.norm(
        dim=dim, keepdim=True
    ) * magnitude - weight


def ia3_case(weight, *, on_input=False):
    by = drawn(weight.shape[int(on_input)], seed=6)
    leaves = {"weight": by, "on_input": torch.tensor(on_input)}
    return leaves, weight * (by[None, :] if on_input else by[:, None])


def oft_case(weight, alpha=0.0, *, rescaled=False):
    """By hand: one matrix with the blocks' rotations on its diagonal turns all outputs."""
    out = weight.shape[0]
    blocks = drawn(4, out // 4, out // 4, seed=7)
    skew = torch.block_diag(*(one - one.T for one in blocks))
    if alpha:
        skew = skew * (alpha * out / skew.norm())
    unit = torch.eye(out)
    turned = ((unit + skew) @ torch.linalg.inv(unit - skew)).T @ weight.flatten(1)
    leaves = {"oft_blocks": blocks, "alpha": torch.tensor(alpha)}
    if rescaled:
        leaves["rescale"] = drawn(out, *[1] * (weight.ndim - 1), seed=8) + 1
        turned = turned * leaves["rescale"].reshape(out, 1)
    return leaves, turned.reshape(weight.shape) - weight


CASES = {
    "kohya": lambda weight: linear_case(*weight.shape),
    "loha": lambda weight: loha_case(*weight.shape),
    "lokr": lambda weight: lokr_case(*weight.shape),
    "dora": lambda weight: dora_case(*weight.shape, weight),
    "dora by input": lambda weight: dora_case(*weight.shape, weight, by_input=True),
    "ia3": ia3_case,
    "ia3 on input": lambda weight: ia3_case(weight, on_input=True),
    "oft": oft_case,
    "oft, bounded": lambda weight: oft_case(weight, 0.001),
    "oft, rescaled": lambda weight: oft_case(weight, rescaled=True),
    "full": lambda weight: ({"diff": drawn(*weight.shape)}, drawn(*weight.shape)),
}


def conv_locon(weight):
    out, into, side, _ = weight.shape
    down, up = drawn(4, into, side, side, seed=1), drawn(out, 4, 1, 1, seed=2)
    leaves = {"lora_down.weight": down, "lora_up.weight": up}
    return leaves, (up.flatten(1) @ down.flatten(1)).reshape(weight.shape)


def each_place(weight, matrix):
    """A convolution's weight of a matrix for each place of its kernel."""
    places = [[matrix(y, x) for x in range(weight.shape[3])] for y in range(weight.shape[2])]
    return torch.stack([torch.stack(row, dim=-1) for row in places], dim=-2)


def conv_tucker(weight):
    out, into, side, _ = weight.shape
    low, mid = drawn(4, into, 1, 1, seed=3), drawn(4, 4, side, side, seed=4)
    up = drawn(out, 4, 1, 1, seed=2)
    leaves = {"lora_down.weight": low, "lora_up.weight": up, "lora_mid.weight": mid}
    return leaves, each_place(weight, lambda y, x: up.flatten(1) @ mid[..., y, x] @ low.flatten(1))


def conv_loha(weight):
    return tuple(
        found if number == 0 else found.reshape(weight.shape)
        for number, found in enumerate(loha_case(weight.shape[0], weight[0].numel()))
    )


def conv_loha_tucker(weight):
    out, into, side, _ = weight.shape
    leaves, halves = {"alpha": torch.tensor(1.5)}, []
    for n in (1, 2):
        core, first, second = drawn(3, 3, side, side, seed=n), drawn(3, out), drawn(3, into, seed=9)
        leaves |= {f"hada_t{n}": core, f"hada_w{n}_a": first, f"hada_w{n}_b": second}
        halves.append((core, first, second))

    def half(number, y, x):
        core, first, second = halves[number]
        return first.T @ core[..., y, x] @ second

    return leaves, 0.5 * each_place(weight, lambda y, x: half(0, y, x) * half(1, y, x))


def conv_lokr(weight, *, core=False):
    out, into, side, _ = weight.shape
    left = drawn(4, 4, seed=1)
    up, down = drawn(out // 4, 2, seed=2), drawn(2, into // 4 * (1 if core else side**2), seed=3)
    if not core:
        leaves = {"lokr_w1": left, "lokr_w2_a": up, "lokr_w2_b": down}
        right = (up @ down).reshape(out // 4, into // 4, side, side)
        return leaves, each_place(weight, lambda y, x: torch.kron(left, right[..., y, x]))
    middle = drawn(2, 2, side, side, seed=4)
    leaves = {"lokr_w1": left, "lokr_w2_a": up.T, "lokr_w2_b": down, "lokr_t2": middle}
    return {name: one.contiguous() for name, one in leaves.items()}, each_place(
        weight, lambda y, x: torch.kron(left, up @ middle[..., y, x] @ down)
    )


def conv_dora(weight):
    leaves, plain = conv_locon(weight)
    magnitude = drawn(len(weight), 1, 1, 1, seed=5).abs() + 0.5
    whole = weight + plain
    norm = whole.flatten(1).norm(dim=1).reshape(-1, 1, 1, 1)
    return leaves | {"dora_scale": magnitude}, whole / norm * magnitude - weight


CONVOLUTIONS = {
    "locon": conv_locon,
    "locon, tucker": conv_tucker,
    "loha": conv_loha,
    "loha, tucker": conv_loha_tucker,
    "lokr": conv_lokr,
    "lokr, tucker": lambda weight: conv_lokr(weight, core=True),
    "dora": conv_dora,
    "oft": oft_case,
}
