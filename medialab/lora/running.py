"""The LoRAs of one run: from the names in its config to files, applied around a stage's work."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medialab.lora.manager import MERGED_FROM, Applied, LoRAManager
from medialab.lora.sets import LoRAUse
from medialab.settings.loras import LoRAConfig

if TYPE_CHECKING:
    from medialab.loading.checkpoint import LoadedCheckpoint


@dataclass(frozen=True)
class RunLoRAs:
    """The LoRAs that a run may apply: the manager, and their files by name."""

    manager: LoRAManager
    paths: Mapping[str, Path]

    def use(self, asked: LoRAConfig) -> LoRAUse:
        """Convert a LoRA's settings to the form that the manager takes."""
        return LoRAUse(
            self.paths[asked.name],
            asked.weight,
            asked.text_encoder,
            asked.block_weights,
            asked.start,
            asked.stop,
        )

    @contextmanager
    def applied(
        self,
        model: "LoadedCheckpoint",
        loras: Sequence[LoRAConfig],
        *,
        calls: int = MERGED_FROM,
        parts: Sequence[str] | None = None,
    ) -> Iterator[Applied]:
        """Apply LoRAs to a checkpoint for the block.

        Args:
            model: The checkpoint; nobody else may compute with it meanwhile.
            loras: The LoRAs' settings; their names are those of `paths`.
            calls: How often the denoiser will be called.
            parts: The parts of the checkpoint to change; None for all.

        Raises:
            ModelRefusedError: one is made for another family; nothing was changed.
        """
        uses = [self.use(one) for one in loras]
        with self.manager.apply_loras(model, uses, calls=calls, parts=parts) as applied:
            # By the requested names: two files in two folders may have the same file name.
            applied.reports = tuple(
                replace(report, name=one.name)
                for report, one in zip(applied.reports, loras, strict=True)
            )
            yield applied


def hashes_in_record(record: Any) -> dict[str, str]:
    """Return the AutoV3 hashes of all LoRAs in a run's record, by name, in order."""
    found: dict[str, str] = {}
    inner = record.values() if isinstance(record, Mapping) else record
    if isinstance(record, Mapping) and "loras_are" in record:
        found |= {one["name"]: one["autov3"] for one in record["loras"] if one.get("autov3")}
    for part in inner:
        if isinstance(part, (Mapping, list, tuple)):
            found |= hashes_in_record(part)
    return found


def loras_as_record(applied: Applied) -> dict[str, Any]:
    """Return what the record says of the LoRAs of a stage; nothing if there are none."""
    if not applied.reports:
        return {}
    return {
        "loras": [report.as_record for report in applied.reports],
        "loras_are": applied.mode,
    }
