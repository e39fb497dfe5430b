"""What somebody has set in torch that decides bits of results: it is part of cache keys."""

import sys
from collections.abc import Iterator
from operator import attrgetter
from types import ModuleType

# By the names below `torch.backends`: how float32 is multiplied, and how it is unless somebody sets
# it. Since torch 2.9; "ieee" there is "none", and the settings of before show in these, too.
_PRECISIONS = {
    "cuda.matmul": "none",
    "cudnn.conv": "tf32",
    "cudnn.rnn": "tf32",
    "mkldnn.matmul": "none",
    "mkldnn.conv": "none",
    "mkldnn.rnn": "none",
}


def chosen_in_torch() -> str:
    """Return what somebody has set in torch that decides bits of results; "" if nobody has.

    Such as `torch.set_float32_matmul_precision("high")` in a cell of a notebook. It is "" before
    torch is imported, too.
    """
    torch = sys.modules.get("torch")
    if torch is None or getattr(torch.__spec__, "_initializing", False):
        return ""
    cudnn, cuda = torch.backends.cudnn, torch.backends.cuda
    found = {
        "deterministic": (torch.are_deterministic_algorithms_enabled(), False),
        "onednn": (torch.backends.mkldnn.enabled, True),
        "cudnn": (cudnn.enabled, True),
        "cudnn benchmark": (cudnn.benchmark, False),
        "cudnn deterministic": (cudnn.deterministic, False),
        "flash attention": (cuda.flash_sdp_enabled(), True),
        "efficient attention": (cuda.mem_efficient_sdp_enabled(), True),
        "cudnn attention": (cuda.cudnn_sdp_enabled(), True),
    }
    chosen = [f"{name}: {value}" for name, (value, usual) in found.items() if value != usual]
    return ", ".join([*_float32(torch), *chosen])


def _float32(torch: ModuleType) -> Iterator[str]:
    """Yield how float32 is multiplied where somebody has set it.

    torch refuses to tell it in the names of before once it was set in the new ones.
    """
    if not hasattr(torch.backends, "fp32_precision"):
        if (matmul := torch.get_float32_matmul_precision()) != "highest":
            yield f"float32 matmul: {matmul}"
        if not torch.backends.cudnn.allow_tf32:
            yield "cudnn tf32: False"
        return
    for name, usual in _PRECISIONS.items():
        value = attrgetter(f"{name}.fp32_precision")(torch.backends)
        if ("none" if value == "ieee" else value) != usual:
            yield f"float32 {name}: {value}"
