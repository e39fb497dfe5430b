"""Fitting a LoRA file to a checkpoint: which of its layers match modules there, and the report."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from medialab.errors import ModelRefusedError
from medialab.families import DENOISER_PARTS
from medialab.families.base import UNKNOWN, Family, LoRANames
from medialab.families.loras import are_alike, may_be_for
from medialab.lora.deltas import of_rows, why_whole
from medialab.lora.files import Layer, LoRAFile
from medialab.lora.names import Target, modules_by_name, plain
from medialab.lora.patches import can_attach
from medialab.lora.shapes import fits, is_packed, shape_of

if TYPE_CHECKING:
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
        matched: Number of layers in the file that match one module or several.
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
    if not may_be_for(made_for, family):
        message = (
            f"LoRA {name!r} is made for another model: its layers are those of {made_for}, and the "
            f"checkpoint is of family {family}; choose a LoRA made for {family}"
        )
        if are_alike(made_for, family):
            message += (
                f". Those of {family} can have the same layers: one that was trained on it says so "
                f'in its metadata, "modelspec.architecture": "{family}"'
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
        self._matched = 0
        self._unfit = ""
        names = model.cached("layers by name", lambda: _names_of(model))
        # If the header does not give the family, any family's name of the denoiser is accepted.
        layers = [
            replace(one, part=self.denoiser) if one.part in DENOISER_PARTS else one
            for one in file.layers
        ]
        found = [names.get(one.part, {}).get(plain(one.path), []) for one in layers]
        taken = _by_own_name(layers, found)
        for layer, targets in zip(layers, found, strict=True):
            self._for_denoiser = self._for_denoiser or layer.part == self.denoiser
            # Some files have a layer twice, as one of several joined or by its original name.
            mine = [
                one for one in targets if taken.setdefault((layer.part, one.path), layer) is layer
            ]
            if mine:
                self._matched += 1
                self.places += [(one.path, one.module, self._of_module(layer, one)) for one in mine]
            else:
                again = " (given a second time by another name)" if targets else ""
                self._unmatched.append(f"{layer.part}: {layer.path}{again}")

    def _of_module(self, layer: Layer, target: Target) -> Layer:
        """Return the share of a file's layer that is a module's."""
        if target.rows is None:
            return layer
        if (why := why_whole(layer.leaves, target.rows)) is not None:
            self._unfit = f"its {layer.part} {layer.path} is several layers here, and {why}"
            return layer
        try:
            leaves, rows = of_rows(layer.leaves, target.rows)
        except ValueError:  # of another size: `refuse_foreign` tells it
            return layer
        return replace(layer, leaves=leaves, rows=rows)

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
            self._matched,
            tuple(self._unmatched),
            file.autov3,
        )

    def refuse_foreign(self) -> None:
        """Refuse a file that is made for another model.

        Raises:
            ModelRefusedError: it is made for another family, none of its layers matches, or a layer
                has another shape or cannot be split; nothing was changed.
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
        if self._unfit:
            message = f"LoRA {name!r} cannot be used with a {family} checkpoint: {self._unfit}"
            raise ModelRefusedError(message)
        for path, module, layer in self.places:
            if not fits(layer, shape_of(module)):
                message = (
                    f"LoRA {name!r} is made for another model: its {layer.part} {path} does not "
                    f"fit a weight of {shape_of(module)}"
                )
                raise ModelRefusedError(message)
            if is_packed(module) and not can_attach(module, layer):
                stored = str(module.weight.dtype).removeprefix("torch.")
                message = (
                    f"LoRA {name!r} is {layer.kind}, which changes weights themselves, and those "
                    f"of {path} are packed ({stored}); choose a plain LoRA, or the checkpoint in "
                    "16 bits"
                )
                raise ModelRefusedError(message)


def _by_own_name(
    layers: Sequence[Layer], found: Sequence[Sequence[Target]]
) -> dict[tuple[str, str], Layer]:
    """Return, by part and path, the layers that a file has under their modules' own names."""
    own: dict[tuple[str, str], Layer] = {}
    for layer, targets in zip(layers, found, strict=True):
        for one in targets:
            if plain(one.path) == plain(layer.path):
                own.setdefault((layer.part, one.path), layer)
    return own


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
