"""What Qwen-Image's language model is shown and told when it edits by an instruction.

Source: diffusers, QwenImageEditPlusPipeline (Edit-2509 and later) and QwenImageEditPipeline (the
first one, which reads one picture).
"""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from medialab.errors import ConfigError, ModelRefusedError
from medialab.families.flow.editing import ReferenceEditing

if TYPE_CHECKING:
    from PIL import Image

# As many as the makers of Edit-2509 tell; the transformer has places for more.
FIRST_EDIT = "first edit"
# Pixels of the area in which the transformer reads each picture.
_READ_AREA = 1024 * 1024
EDITING = ReferenceEditing(
    most=3,
    fewer={FIRST_EDIT: 1},
    least_area=_READ_AREA,
    most_area=_READ_AREA,
    editions=("edit", FIRST_EDIT, "edit lightning"),
)
OF_ONE_PICTURE = "QwenImageEditPipeline"
# Pixels of the area to which a picture is resized for the language model.
SEEN_AREA, SEEN_AREA_OF_ONE = 384 * 384, 1024 * 1024
_STEP = 32  # pixels that both sides are multiples of
_PLACE = "<|vision_start|><|image_pad|><|vision_end|>"
_SYSTEM = (
    "Describe the key features of the input image (color, shape, size, texture, objects, "
    "background), then explain how the user's text instruction should alter or modify the image. "
    "Generate a new image that meets the user's requirements while maintaining consistency with "
    "the original input where appropriate."
)
SYSTEM_TOKENS = 64  # of the system's message with its marks, which are left out afterwards
_MESSAGE = (
    f"<|im_start|>system\n{_SYSTEM}<|im_end|>\n"
    "<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n"
)


def size_of_area(size: tuple[int, int], area: int) -> tuple[int, int]:
    """Return the width and height, in whole steps, of about that area with the ratio of a size."""
    ratio = size[0] / size[1]
    width = math.sqrt(area * ratio)
    return round(width / _STEP) * _STEP, round(width / ratio / _STEP) * _STEP


def shown(pictures: "Sequence[Image.Image]", area: int) -> "list[Image.Image]":
    """Return the pictures as the language model sees them, resized to an area in pixels."""
    from PIL import Image

    return [one.resize(size_of_area(one.size, area), Image.Resampling.LANCZOS) for one in pictures]


def asked(
    text: str, pictures: "Sequence[Image.Image]", config: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the processor's arguments for an instruction and its pictures.

    Args:
        text: The instruction, without brackets.
        pictures: All that are read, 8-bit RGB.
        config: The config of the checkpoint's pipeline.

    Raises:
        ConfigError: the checkpoint reads one picture, and there are more.
    """
    if config.get("_class_name") != OF_ONE_PICTURE:
        places = (f"Picture {number}: {_PLACE}" for number, _ in enumerate(pictures, 1))
        text = _MESSAGE.format("".join(places) + text)
        return {"text": [text], "images": shown(pictures, SEEN_AREA)}
    if len(pictures) > 1:
        message = (
            f"this checkpoint, the first Qwen-Image-Edit, reads one picture, not {len(pictures)}; "
            "remove the references, or choose Edit-2509 or a later one"
        )
        raise ConfigError(message)
    return {
        "text": [_MESSAGE.format(_PLACE + text)],
        "images": shown(pictures, SEEN_AREA_OF_ONE),
    }


def processor_among(components: Mapping[str, Any]) -> Any:
    """Return the processor that shows pictures to the language model.

    Raises:
        ModelRefusedError: the checkpoint has none.
    """
    if (found := components.get("processor")) is None:
        message = "this checkpoint lacks the processor that shows pictures to its text encoder"
        raise ModelRefusedError(f"{message}; get its diffusers folder, made for editing")
    return found
