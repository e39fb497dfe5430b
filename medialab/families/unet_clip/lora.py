"""LoRAs for a UNet and CLIP: layer names in files, and block weights."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from medialab.families.base import LoRAKeys
from medialab.families.lora_rows import Rows
from medialab.families.unet_clip import lora_blocks, lora_names

_KEYS = LoRAKeys(lora_names.UNET, lora_names.PREFIXES, lora_names.BARE)


@dataclass(frozen=True)
class UNetClipLoRAs:
    """The names of a UNet's and its text encoders' layers in LoRA files."""

    keys: LoRAKeys = _KEYS
    # Prefixes of a transformer's layers, of which no component of such a checkpoint is.
    foreign: tuple[str, ...] = ("transformer.", "lora_transformer_", "lycoris_")

    def other_names(self, part: str, path: str, network: Any) -> Iterator[str]:
        """Yield the other names that files may give to a module at `path` of a part."""
        return lora_names.other_names(part, path, network)

    def in_joined(self, part: str, path: str, network: Any) -> tuple[tuple[str, Rows], ...]:  # noqa: ARG002
        """Return nothing: no layer of the original code is several in diffusers."""
        return ()

    def read_block_weights(self, text: str) -> Mapping[str, float]:
        """Return weights by block, of a preset's name or of numbers with commas between."""
        return lora_blocks.read_block_weights(text)

    def block_of(self, path: str, network: Any) -> str | None:
        """Return the block of a module of the denoiser; None for what is in none."""
        layers = getattr(network.config, "layers_per_block", 2)
        return lora_blocks.block_of(path, layers)
