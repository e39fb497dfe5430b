"""Networks of ncnn (a .param and a .bin file) as safetensors with the names that spandrel knows.

The weights stay in half precision, as ncnn has them: no number is changed.

Source: ncnn's modelbin.cpp and its wiki page "param and model file structure"; the names are those
of Real-ESRGAN's RRDBNet and SRVGGNetCompact. ncnn keeps the convolutions in the order in which the
networks were written down.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from medialab.errors import ModelRefusedError

if TYPE_CHECKING:
    import numpy as np

_MAGIC = "7767517"
_HALF = (0x01306B47).to_bytes(4, "little")  # the mark of weights in half precision
_WORD = 4  # bytes to which half-precision weights are filled up
# Ids of a layer's numbers in a .param file.
_OUTPUTS, _KERNEL, _WEIGHTS = 0, 1, 6
_IN_BLOCK = 3 * 5  # convolutions of a residual-in-residual dense block
# RRDBNet's convolutions before and after its blocks.
_FIRST, _LAST = ("conv_first",), ("conv_body", "conv_up1", "conv_up2", "conv_hr", "conv_last")


class Layer(NamedTuple):
    """A layer with weights.

    Attributes:
        weight: (out, in, k, k) of a convolution, (channels,) of a PReLU.
        bias: (out,) of a convolution; None for a PReLU.
    """

    weight: "np.ndarray"
    bias: "np.ndarray | None"


def as_safetensors(param: bytes, weights: bytes, network: str) -> bytes:
    """Return the content of a safetensors file with a network's weights.

    Args:
        param: The content of the .param file.
        weights: The content of the .bin file.
        network: The network that it is, by the names of `NETWORKS`.

    Raises:
        ModelRefusedError: the files are not those of such a network.
    """
    from safetensors.numpy import save

    try:
        named = NETWORKS[network](list(_read(param.decode(), weights)))
    except (ValueError, KeyError, IndexError) as error:
        message = f"these are not the files of a {network} network in ncnn's format: {error}"
        raise ModelRefusedError(message) from error
    return save(dict(named))


def _read(param: str, content: bytes) -> Iterator[Layer]:
    """Yield the layers that have weights, in their order.

    Raises:
        ValueError: the two files do not belong together.
    """
    import numpy as np

    lines = param.splitlines()
    if not lines or lines[0].strip() != _MAGIC:
        raise ValueError("the .param file does not begin as such files do")
    at = 0

    def taken(count: int, kind: type) -> "np.ndarray":
        nonlocal at
        found: np.ndarray = np.frombuffer(content, kind, count, at)
        at += found.nbytes
        return found

    for line in lines[2:]:
        kind, numbers = _layer(line)
        outputs = numbers.get(_OUTPUTS, 0)
        if kind == "PReLU":
            yield Layer(taken(outputs, np.float32), None)
        elif kind == "Convolution":
            if content[at : at + len(_HALF)] != _HALF:
                raise ValueError("its weights are not in half precision")
            at += len(_HALF)
            count, side = numbers[_WEIGHTS], numbers[_KERNEL]
            weight = taken(count, np.float16).reshape(outputs, -1, side, side)
            at += -weight.nbytes % _WORD
            yield Layer(weight, taken(outputs, np.float32))
    if at != len(content):
        raise ValueError(f"the .bin file has {len(content)} bytes, its layers {at}")


def _layer(line: str) -> tuple[str, dict[int, int]]:
    """Return the kind of the layer of a line, and its whole numbers by their ids."""
    kind, _name, inputs, outputs, *rest = line.split()
    settings = (one.split("=", 1) for one in rest[int(inputs) + int(outputs) :])
    return kind, {int(name): int(value) for name, value in settings if value.isdecimal()}


def _rrdb(layers: Sequence[Layer]) -> "Iterator[tuple[str, np.ndarray]]":
    blocks, over = divmod(len(layers) - len(_FIRST) - len(_LAST), _IN_BLOCK)
    if blocks < 1 or over:
        raise ValueError(f"{len(layers)} convolutions are those of no such network")
    inner = (
        f"body.{block}.rdb{dense}.conv{at}"
        for block in range(blocks)
        for dense in range(1, 4)
        for at in range(1, 6)
    )
    return _named(zip((*_FIRST, *inner, *_LAST), layers, strict=True))


def _compact(layers: Sequence[Layer]) -> "Iterator[tuple[str, np.ndarray]]":
    return _named((f"body.{at}", layer) for at, layer in enumerate(layers))


def _named(layers: "Iterator[tuple[str, Layer]]") -> "Iterator[tuple[str, np.ndarray]]":
    for name, layer in layers:
        yield f"{name}.weight", layer.weight
        if layer.bias is not None:
            yield f"{name}.bias", layer.bias


NETWORKS: "Mapping[str, Callable[[Sequence[Layer]], Iterator[tuple[str, np.ndarray]]]]" = {
    "rrdb": _rrdb,
    "compact": _compact,
}
