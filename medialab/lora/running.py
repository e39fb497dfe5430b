"""The LoRAs of one run: names from its config to files, and applied around a stage's work."""

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
    """What a run may apply: the manager, and the files of its LoRAs by their names."""

    manager: LoRAManager
    paths: Mapping[str, Path]

    def use(self, asked: LoRAConfig) -> LoRAUse:
        """A LoRA as the manager takes it."""
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
        """While it lasts, the checkpoint has these LoRAs.

        Args:
            model: a checkpoint that nobody else computes with meanwhile.
            loras: as asked for, by names of `paths`.
            calls: how often the denoiser will be called.
            parts: the parts of the checkpoint to touch; all without any.

        Raises:
            ModelRefusedError: one is made for another family; nothing was changed.
        """
        uses = [self.use(one) for one in loras]
        with self.manager.apply_loras(model, uses, calls=calls, parts=parts) as applied:
            # As they are asked for: two files in two folders may have one name.
            applied.reports = tuple(
                replace(report, name=one.name)
                for report, one in zip(applied.reports, loras, strict=True)
            )
            yield applied


def hashes_told(record: Any) -> dict[str, str]:
    """The AutoV3 hashes of all LoRAs that a run's record tells of, by name, in their order."""
    found: dict[str, str] = {}
    inner = record.values() if isinstance(record, Mapping) else record
    if isinstance(record, Mapping) and "loras_are" in record:
        found |= {one["name"]: one["autov3"] for one in record["loras"] if one.get("autov3")}
    for part in inner:
        if isinstance(part, (Mapping, list, tuple)):
            found |= hashes_told(part)
    return found


def loras_as_record(applied: Applied) -> dict[str, Any]:
    """Return what the record says of the LoRAs of a stage; nothing if there are none."""
    if not applied.reports:
        return {}
    return {
        "loras": [report.as_record for report in applied.reports],
        "loras_are": applied.mode,
    }
