"""The transformers of these families as denoisers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from medialab.families.base import PLAIN
from medialab.families.flow.denoiser import FlowTransformer


@dataclass(frozen=True, kw_only=True)
class VariedTransformer(FlowTransformer):
    """The denoiser of a family with variants.

    Attributes:
        variants: Each by settings of the network's config; the first that fits is taken.
    """

    variants: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def variant(self, network: Any) -> str:
        """Return the variant whose settings its config has."""
        config = network.config
        for name, settings in self.variants.items():
            if all(config.get(key) == value for key, value in settings.items()):
                return name
        return PLAIN
