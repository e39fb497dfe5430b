"""LoRAs: read from any format met in the wild, applied for a stage's length, never left behind.

`LoRAManager` reads and keeps files; its `apply_loras` puts them into a checkpoint's parts and takes
them out again bit for bit. What a file adds to a weight is computed here (`deltas`), since
diffusers 0.42 drops DoRA's scale with a warning and refuses LoHa and LoKr (measured).
"""

from medialab.lora.files import LoRAFile, read_lora, trigger_words
from medialab.lora.fitting import Report, refuse_family
from medialab.lora.manager import MERGED_FROM, Applied, LoRAManager
from medialab.lora.running import RunLoRAs, hashes_told, loras_as_record
from medialab.lora.sets import LoRAUse

__all__ = [
    "MERGED_FROM",
    "Applied",
    "LoRAFile",
    "LoRAManager",
    "LoRAUse",
    "Report",
    "RunLoRAs",
    "hashes_told",
    "loras_as_record",
    "read_lora",
    "refuse_family",
    "trigger_words",
]
