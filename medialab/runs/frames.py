"""Frames as bytes and back, exactly: safetensors, with other values as JSON in the header.

Reading a frame needs no torch until its embeddings are used.
"""

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from medialab.pixels.geometry import Box, Placement
from medialab.runs.entries import broken_as
from medialab.settings.control_units import ControlUnit
from medialab.stage import EncodedPrompts, Frame
from medialab.vision.detections import packed, unpacked

if TYPE_CHECKING:
    import torch

_IMAGE, _BASE = "image", "base"
_EMBEDDING, _MASK, _CONTROL = "embedding/", "mask/", "control/"
_NUMBERS = frozenset({"F16", "BF16", "F32"})  # dtypes of embeddings

_PROMPTS = TypeAdapter(EncodedPrompts)


class BrokenFrameError(ValueError):
    """The bytes are not a valid encoded frame."""


def encode_frame(frame: Frame) -> bytes:
    """Return the frame as one safetensors file. Cost: 1 ms a megapixel."""
    import numpy as np
    import torch
    from safetensors.torch import save

    # Cloned, since safetensors refuses tensors that share memory, as those of equal texts do.
    tensors = {
        f"{_EMBEDDING}{name}": value.detach().cpu().contiguous().clone()
        for name, value in frame.embeddings.items()
    }
    if frame.image is not None:
        tensors[_IMAGE] = torch.from_numpy(np.array(frame.image))
    if frame.base is not None:
        tensors[_BASE] = torch.from_numpy(np.array(frame.base))
    for number, shown in enumerate(frame.controls):
        tensors[f"{_CONTROL}{number}"] = torch.from_numpy(np.array(shown))
    rows: dict[str, list[dict[str, Any]]] = {}
    for stage, detections in frame.detections.items():
        rows[stage] = []
        for number, (row, white) in enumerate(packed(detections)):
            tensors[f"{_MASK}{stage}/{number}"] = torch.from_numpy(white)
            rows[stage].append(row)
    facts = {
        "prompts": _PROMPTS.dump_python(frame.prompts, mode="json"),
        "stretch": frame.stretch,
        "journey": [[one.of, one.to, one.inside.edges, one.repeats] for one in frame.journey],
        "units": [unit.model_dump(mode="json") for unit in frame.units],
        "detections": rows,
        "applied": frame.applied,
        "results": dict(frame.results),
    }
    return save(tensors, {"frame": json.dumps(facts)})


def decode_frame(content: bytes, device: str) -> Frame:
    """Return the frame that was encoded; its embeddings are on `device`.

    Raises:
        BrokenFrameError: the bytes are not a valid frame.
    """
    with broken_as(BrokenFrameError, "frame"):
        return _decoded(content, device)


def _decoded(content: bytes, device: str) -> Frame:
    import numpy as np
    from PIL import Image
    from safetensors import deserialize

    tensors = dict(deserialize(content))
    for name, tensor in tensors.items():
        if name.startswith(_EMBEDDING) and tensor["dtype"] not in _NUMBERS:
            raise ValueError(name)
    length = int.from_bytes(content[:8], "little")
    facts = json.loads(json.loads(content[8 : 8 + length])["__metadata__"]["frame"])

    def picture(name: str) -> Image.Image:
        if tensors[name]["dtype"] != "U8":
            raise ValueError(name)
        values = np.frombuffer(tensors[name]["data"], np.uint8)
        return Image.fromarray(values.reshape(tensors[name]["shape"]))

    detections = {
        stage: tuple(unpacked(row, picture(f"{_MASK}{stage}/{n}")) for n, row in enumerate(rows))
        for stage, rows in facts["detections"].items()
    }
    return Frame(
        prompts=_PROMPTS.validate_python(facts["prompts"]),
        embeddings=_Embeddings(
            content, [name for name in tensors if name.startswith(_EMBEDDING)], device
        ),
        image=picture(_IMAGE) if _IMAGE in tensors else None,
        base=picture(_BASE) if _BASE in tensors else None,
        stretch=tuple(facts["stretch"]) if facts.get("stretch") else None,
        journey=tuple(
            Placement(tuple(of), tuple(to), Box(*inside), repeats)
            for of, to, inside, repeats in facts.get("journey", ())
        ),
        units=tuple(ControlUnit.model_validate(unit) for unit in facts["units"]),
        controls=tuple(
            picture(f"{_CONTROL}{number}")
            for number in range(sum(name.startswith(_CONTROL) for name in tensors))
        ),
        detections=detections,
        applied=facts["applied"],
        results={str(stage): str(sha256) for stage, sha256 in facts.get("results", {}).items()},
    )


class _Embeddings(Mapping[str, "torch.Tensor"]):
    """The embeddings of an encoded frame, read when one is first used."""

    def __init__(self, content: bytes, names: list[str], device: str) -> None:
        self._content, self._device = content, device
        self._names = [name.removeprefix(_EMBEDDING) for name in names]
        self._read: dict[str, torch.Tensor] = {}

    def __getitem__(self, name: str) -> "torch.Tensor":
        if name not in self._names:
            raise KeyError(name)
        if not self._read:
            from safetensors.torch import load

            tensors = load(self._content)
            self._read = {one: tensors[_EMBEDDING + one].to(self._device) for one in self._names}
        return self._read[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)
