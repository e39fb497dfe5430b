"""Where each setting stands in the panel: its group, its order, an example, a stage's main slider.

A setting that is missing here has no place in the panel; a test finds it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Group:
    """Settings that belong together, in the order in which they are shown."""

    name: str
    title: str
    settings: tuple[str, ...]


@dataclass(frozen=True)
class Arrangement:
    """The settings of a stage: its groups, and the one whose slider stands in the stage's row."""

    groups: tuple[Group, ...]
    main: str = ""

    def names(self) -> Iterator[str]:
        """Yield the names of all settings that have a place."""
        if self.main:
            yield self.main
        for group in self.groups:
            yield from (name for name in group.settings if name != self.main)


_SAMPLING = (
    *("steps", "guidance_scale", "distilled_guidance_scale", "sampler", "schedule", "seed"),
    *("guidance_start", "guidance_end"),
)
_PROMPTS = ("prompt", "negative_prompt")
_MODEL = Group(
    "model",
    "Model",
    (
        *("checkpoint", "text_encoder", "vae", "loras", "control", "prediction_type"),
        *("clip_skip", "emphasis"),
    ),
)


def _draw(*first: str, last: tuple[str, ...] = ()) -> Group:
    """Return the group of a stage that draws: its own settings around those of every drawing."""
    return Group("draw", "Draw", (*first, *_PROMPTS, *_SAMPLING, *last))


_DETAILER = Arrangement(
    (
        Group(
            "find",
            "Find",
            (
                "detector",
                "words",
                "confidence",
                "top_k",
                "top_k_by",
                "order",
                "fallback",
                "iou",
                "min_size",
                "min_ratio",
                "max_ratio",
                "mask_refiner",
                "detections",
                "mask",
            ),
        ),
        Group(
            "area",
            "Area",
            (
                "grow",
                "mask_blur",
                "x_offset",
                "y_offset",
                "merge",
                "only_masked",
                "crop",
                "crop_factor",
                "padding",
                "noise_mask_feather",
            ),
        ),
        _draw(
            "denoising_strength",
            last=(
                "guide_size",
                "max_size",
                "match_size",
                "width",
                "height",
                "cycles",
                "same_seed",
                "dynamic_power",
                "noise_multiplier",
            ),
        ),
        _MODEL,
    ),
    main="denoising_strength",
)

# By stage; a stage without a switch whose settings are those of the whole picture has its place
# here, too.
STAGES: Mapping[str, Arrangement] = MappingProxyType(
    {
        "control": Arrangement((Group("control", "ControlNets", ("control",)),)),
        "img2img": Arrangement((_draw("denoising_strength"), _MODEL), main="denoising_strength"),
        "inpaint": Arrangement(
            (
                Group(
                    "area",
                    "Area",
                    (
                        "mask",
                        "inverted",
                        "mask_blur",
                        "soft",
                        "only_masked",
                        "padding",
                        "masked_content",
                    ),
                ),
                _draw("denoising_strength"),
                _MODEL,
            ),
            main="denoising_strength",
        ),
        "outpaint": Arrangement(
            (
                Group(
                    "area",
                    "Border",
                    ("left", "right", "top", "bottom", "mask_blur", "masked_content"),
                ),
                _draw("denoising_strength"),
                _MODEL,
            ),
            main="denoising_strength",
        ),
        "instruct": Arrangement(
            (_draw("references", "image_guidance_scale"), _MODEL), main="image_guidance_scale"
        ),
        "refiner": Arrangement(
            (
                Group("size", "Size", ("scale", "upscaler", "width", "height")),
                _draw("denoising_strength"),
                _MODEL,
            ),
            main="denoising_strength",
        ),
        "body": _DETAILER,
        "face": _DETAILER,
        "hand": _DETAILER,
        "upscaler": Arrangement(
            (
                Group("size", "Size", ("scale", "upscaler", "tile", "overlap")),
                _draw("denoising_strength", last=("diffusion_tile", "diffusion_overlap")),
                _MODEL,
            ),
            main="scale",
        ),
        "finish": Arrangement(
            (
                Group("look", "Look", ("sharpen", "colour_match", "colour_balance")),
                Group("file", "File", ("format", "quality", "lossless", "file_name")),
            ),
            main="sharpen",
        ),
    }
)


def arrangement_of(stage: str, settings: Iterable[str]) -> Arrangement:
    """Return a stage's arrangement; a stage that the table lacks has one group of all settings.

    Args:
        stage: the stage's name.
        settings: the names of its settings.
    """
    own = tuple(name for name in settings if name != "enabled")
    return STAGES.get(stage) or Arrangement((Group("settings", "Settings", own),))


# Of the whole picture: the start picture, and what is always in sight.
START = ("image", "mode", "fit", "width", "height", "resize_mode")
TEXTS = ("prompt", "negative_prompt")
SIGHT = ("checkpoint", "width", "height", "steps", "guidance_scale", "sampler", "seed", "loras")
_MORE_DRAW = (
    *("distilled_guidance_scale", "guidance_start", "guidance_end"),
    *("schedule", "batch_size", "draw_together"),
)
# The rest of the whole picture's settings, in a sheet of their own.
MORE = Arrangement(
    (
        Group("more-prompt", "Prompt", ("styles", "emphasis", "clip_skip")),
        Group("more-draw", "Draw", _MORE_DRAW),
        Group("variation", "Variation", ("variation_strength", "variation_seed")),
        Group(
            "more-model",
            "Model",
            (
                *("text_encoder", "vae", "prediction_type", "precision", "weight_dtype"),
                *("step_cache", "offload"),
                *("handover_checkpoint", "switch_at"),
            ),
        ),
    )
)
# Settings that no person sets: which picture a mask belongs to, and the version of the format.
WITHOUT_PLACE = ("made_for", "schema_version")

EXAMPLES: Mapping[str, str] = MappingProxyType(
    {
        "prompt": "a smiling person with red hair, blue shirt",
        "negative_prompt": "what should not be in the picture",
        "words": "face, human face",
        "file_name": "[seed]-[prompt_words]",
        "styles": "ink",
        "block_weights": "1,0,0,1",
    }
)
