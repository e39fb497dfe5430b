"""The type and limits of a setting, with its label in the form."""

from collections.abc import Mapping
from dataclasses import dataclass

from medialab.settings import shapes
from medialab.settings.fields import StageConfig

# Labels of settings whose name in code would not tell a person with a mouse what they do.
_LABELS = {
    "batch_size": "Pictures",
    "colour_match": "Match colours",
    "colour_balance": "Balance colours",
    "control": "ControlNets",
    "denoising_strength": "Strength",
    "detections": "Boxes",
    "dynamic_power": "Less for large parts",
    "end": "Ends at",
    "enabled": "On",
    "file_name": "File name",
    "distilled_guidance_scale": "Distilled guidance",
    "guidance_end": "Guidance ends at",
    "guidance_scale": "Guidance",
    "guidance_start": "Guidance starts at",
    "image": "Picture",
    "image_guidance_scale": "Keep to the picture",
    "match_size": "Fit size to shape",
    "mode": "Use it as",
    "noise_mask_feather": "Fade at the edge",
    "noise_multiplier": "Noise",
    "people_model": "Finds people with",
    "preprocessor_model": "Preprocessor model",
    "start": "Starts at",
    "crop": "Context given as",
    "crop_factor": "Context",
    "diffusion_overlap": "Overlap when repainting",
    "diffusion_tile": "Tile when repainting",
    "fallback": "If none found",
    "grow": "Grow mask",
    "guide_size": "Enlarge to",
    "handover_checkpoint": "Refiner model",
    "inverted": "Invert mask",
    "iou": "Overlap allowed",
    "loras": "LoRAs",
    "mask_refiner": "Model for exact masks",
    "max_ratio": "Largest share",
    "max_size": "Enlarge to at most",
    "merge": "Merge masks",
    "min_ratio": "Smallest share",
    "min_size": "Smallest size",
    "only_masked": "Only the masked area",
    "padding": "Context",
    "references": "Reference pictures",
    "resize_mode": "Fit",
    "switch_at": "Refiner switches at",
    "top_k": "At most",
    "top_k_by": "Keep the best by",
    "vae": "VAE",
    "words": "Look for",
    "x_offset": "Move mask right",
    "y_offset": "Move mask up",
}
# What 0 stands for, where it is no number of things.
_ZERO: Mapping[str, str] = {"top_k": "no limit"}
# Units that belong in a label; others, such as steps, are clear from the name.
_SHOWN_UNITS = ("px", "×")


@dataclass(frozen=True)
class Shape(shapes.Shape):
    """One setting's type and limits, with its label in the form."""

    @property
    def label(self) -> str:
        """The setting's name as a person reads it, with its unit: "Grow mask (px)"."""
        return f"{self.title} ({self.unit})" if self.shown_unit else self.title

    @property
    def title(self) -> str:
        """The setting's name as a person reads it."""
        return _LABELS.get(self.name) or self.name.replace("_", " ").capitalize()

    @property
    def shown_unit(self) -> str:
        """The unit of its numbers, if that is not clear from the name."""
        return self.unit if self.unit in _SHOWN_UNITS else ""

    @property
    def zero(self) -> str:
        """What 0 stands for; "" where it is the number."""
        return _ZERO.get(self.name, "")

    @property
    def is_fixed(self) -> bool:
        """Whether there is only one possible value, as for a file format's version."""
        return len(self.choices) == 1


def shapes_of(model: type[StageConfig]) -> Mapping[str, Shape]:
    """Return the shapes of all settings of a config model, in its order."""
    return {name: Shape.of(name, field) for name, field in model.model_fields.items()}
