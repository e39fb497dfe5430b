"""LoRAs: read from any common format, applied for the length of a stage, removed without a trace.

`LoRAManager` reads and caches files; its `apply_loras` applies them to a checkpoint's parts and
removes them again, bit for bit. Weight changes are computed here (`deltas`), since diffusers 0.42
drops DoRA's scale with a warning and refuses LoHa and LoKr (measured).
"""

from medialab.lora.files import LoRAFile, read_lora
from medialab.lora.fitting import Report, names_in, refuse_family
from medialab.lora.manager import MERGED_FROM, Applied, LoRAManager
from medialab.lora.running import RunLoRAs, hashes_in_record, loras_as_record
from medialab.lora.sets import LoRAUse

__all__ = [
    "MERGED_FROM",
    "Applied",
    "LoRAFile",
    "LoRAManager",
    "LoRAUse",
    "Report",
    "RunLoRAs",
    "hashes_in_record",
    "loras_as_record",
    "names_in",
    "read_lora",
    "refuse_family",
]
