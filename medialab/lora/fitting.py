"""Fitting a LoRA file to a checkpoint: which of its layers match modules there, and the report."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from medialab.errors import ModelRefusedError
from medialab.families import DENOISER_PARTS
from medialab.families.base import UNKNOWN, Family, LoRANames
from medialab.lora.deltas import delta
from medialab.lora.files import Layer, LoRAFile
from medialab.lora.names import modules_by_name, plain

if TYPE_CHECKING:
    import torch

    from medialab.loading.checkpoint import LoadedCheckpoint


@dataclass(frozen=True)
class Report:
    """How a file fits a checkpoint.

    Attributes:
        name: The LoRA's name.
        format: How its layers are named.
        family: The models that it is made for; "unknown" if its header does not say.
        kinds: The kinds of its layers.
        rank: The greatest rank of its layers; None if none has one.
        matched: Number of layers that match a module.
        unmatched: Names of layers without a match, and of tensors of no known kind.
        autov3: The hash by which A1111 and CivitAI identify it.
    """

    name: str
    format: str
    family: str
    kinds: tuple[str, ...]
    rank: int | None
    matched: int
    unmatched: tuple[str, ...] = ()
    autov3: str = ""

    @property
    def as_record(self) -> dict[str, Any]:
        """The entry for a run's record."""
        entry: dict[str, Any] = {
            "name": self.name,
            "autov3": self.autov3,
            "format": self.format,
            "family": self.family,
            "kinds": list(self.kinds),
            "rank": self.rank,
            "matched": self.matched,
        }
        if self.unmatched:
            entry |= {
                "unmatched": len(self.unmatched),
                "such_as": list(self.unmatched[:3]),
                "note": str(self),
            }
        return entry

    def __str__(self) -> str:
        """Describe it in one sentence for the user."""
        rank = f" of rank {self.rank}" if self.rank else ""
        family = "" if self.family == UNKNOWN else f" for {self.family}"
        found = f"all {self.matched} layers found their place"
        if self.unmatched:
            found = (
                f"{self.matched} layers found their place, {len(self.unmatched)} did not "
                f"(such as {self.unmatched[0]})"
            )
        return f"{self.name}: {' and '.join(self.kinds)}{rank}{family}; {found}"


def refuse_family(name: str, made_for: str, family: str) -> None:
    """Refuse a LoRA that is made for another family than the checkpoint's.

    Args:
        name: The LoRA's name.
        made_for: The family in its header, or "unknown".
        family: The checkpoint's family, or "unknown".

    Raises:
        ModelRefusedError: both are known and differ.
    """
    if UNKNOWN not in {made_for, family} and made_for != family:
        message = (
            f"LoRA {name!r} is made for another model: its layers are those of {made_for}, and the "
            f"checkpoint is of family {family}; choose a LoRA made for {family}"
        )
        raise ModelRefusedError(message)


class Fit:
    """A LoRA file fitted to a checkpoint; `places` are its layers with the modules they change."""

    def __init__(self, file: LoRAFile, model: "LoadedCheckpoint") -> None:
        self.file = file
        self._model = model
        self.denoiser = model.family.denoiser.part
        self.places: list[tuple[str, Any, Layer]] = []
        foreign = names_in(model.family).foreign
        self._unmatched: list[str] = list(file.strange)
        self._for_denoiser = any(one.startswith(foreign) for one in file.strange)
        names = model.cached("layers by name", lambda: _names_of(model))
        for one in file.layers:
            # If the header does not give the family, any family's name of the denoiser is accepted.
            layer = replace(one, part=self.denoiser) if one.part in DENOISER_PARTS else one
            self._for_denoiser = self._for_denoiser or layer.part == self.denoiser
            found = names.get(layer.part, {}).get(plain(layer.path))
            if found is None:
                self._unmatched.append(f"{layer.part}: {layer.path}")
            else:
                self.places.append((*found, layer))

    def block_of(self, path: str) -> str | None:
        """Return the block of one of the denoiser's modules, as its family numbers them."""
        return names_in(self._model.family).block_of(path, self._model.components[self.denoiser])

    def read_block_weights(self, text: str) -> Mapping[str, float]:
        """Parse block weights in the syntax of the checkpoint's family."""
        return names_in(self._model.family).read_block_weights(text)

    @property
    def report(self) -> Report:
        """How the file fits the checkpoint."""
        file = self.file
        return Report(
            file.name,
            file.format,
            file.family,
            file.kinds,
            file.rank,
            len(self.places),
            tuple(self._unmatched),
            file.autov3,
        )

    def refuse_foreign(self) -> None:
        """Refuse a file that is made for another model.

        Raises:
            ModelRefusedError: it is made for another family, none of its layers matches, or a layer
                has another shape; nothing was changed.
        """
        name, family = self.file.name, self._model.family.name
        refuse_family(name, self.file.family, family)
        if not self.places:
            message = (
                f"LoRA {name!r} fits no layer of this {family} checkpoint "
                f"(such as {self._unmatched[0]}); it is made for another model"
            )
            raise ModelRefusedError(message)
        if self._for_denoiser and not any(
            layer.part == self.denoiser for _, _, layer in self.places
        ):
            made_for = "another model" if self.file.family == UNKNOWN else self.file.family
            message = (
                f"LoRA {name!r} is made for {made_for}: none of its layers for the denoiser fits "
                f"this {family} checkpoint (such as {self._unmatched[0]}); choose a LoRA made for "
                f"{family}"
            )
            raise ModelRefusedError(message)
        for path, module, layer in self.places:
            if not _fits(layer, module.weight):
                message = (
                    f"LoRA {name!r} is made for another model: its {layer.part} {path} does not "
                    f"fit a weight of {tuple(module.weight.shape)}"
                )
                raise ModelRefusedError(message)


def names_in(family: Family) -> LoRANames:
    """Return how LoRA files name a family's layers.

    Raises:
        ModelRefusedError: LoRAs of the family are not applied.
    """
    return family.require(family.loras, "applying LoRAs")


def parts_of(model: "LoadedCheckpoint") -> tuple[str, ...]:
    """Return the parts of a checkpoint that LoRAs change: its denoiser and its prompt encoders."""
    return model.family.denoiser.part, *model.family.denoiser.text_encoders


def _names_of(model: "LoadedCheckpoint") -> dict[str, Any]:
    return {
        part: modules_by_name(part, network, names_in(model.family))
        for part in parts_of(model)
        if (network := model.components.get(part)) is not None
    }


def _fits(layer: Layer, weight: "torch.Tensor") -> bool:
    """Return whether the shapes of a layer's tensors fit a weight. Cost: no arithmetic."""
    try:
        return _sides_fit(layer, weight)
    except IndexError:  # fewer dimensions than any weight has
        return False


def _sides_fit(layer: Layer, weight: "torch.Tensor") -> bool:
    leaves = layer.leaves
    sides = {weight.shape[0], weight.shape[1] if weight.ndim > 1 else weight.shape[0]}
    if "magnitude" in leaves and leaves["magnitude"].numel() not in sides:
        return False
    if "down" in leaves:
        return _pair_fits(leaves, weight)
    if "diff" in leaves:
        return leaves["diff"].numel() == weight.numel()
    if "ia3" in leaves:
        return leaves["ia3"].numel() in sides
    if "oft" in leaves:
        return math.prod(leaves["oft"].shape[:2]) == weight.shape[0]
    return layer.kind not in {"loha", "lokr"} or _multiplies_to(layer, weight)


def _pair_fits(leaves: "Mapping[str, torch.Tensor]", weight: "torch.Tensor") -> bool:
    """Return whether a plain LoRA, or one with a core (`mid`), fits a weight."""
    down, up, mid = leaves["down"], leaves.get("up"), leaves.get("mid")
    outputs, inputs = weight.shape[0], math.prod(weight.shape[1:])
    if up is None or up.shape[0] != outputs:
        return False
    if mid is not None:
        return down.shape[1] * math.prod(mid.shape[2:]) == inputs
    return math.prod(down.shape[1:]) == inputs and math.prod(up.shape[1:]) == down.shape[0]


def _multiplies_to(layer: Layer, weight: "torch.Tensor") -> bool:
    """Return whether ΔW can be computed, tried on torch's meta device, without values."""
    import torch

    with torch.device("meta"):
        meta = torch.empty(weight.shape)
        # Scalars have no value there, and do not change the shape of ΔW.
        shapes = {
            name: value.to("meta") for name, value in layer.leaves.items() if name not in _NUMBERS
        }
        try:
            delta(shapes, meta)
        except ValueError:
            return False
    return True


_NUMBERS = {"alpha", "magnitude"}
