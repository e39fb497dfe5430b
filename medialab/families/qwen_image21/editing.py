"""What Qwen-Image 2.1's language model is shown and told when it edits by an instruction.

Source: diffusers, QwenImage21Pipeline's `__call__` and `_get_qwen_prompt_embeds`.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from medialab.families.flow.editing import ReferenceEditing
from medialab.families.qwen_image.editing import size_of_area

if TYPE_CHECKING:
    from PIL import Image

# Source: the makers' "up to ten pictures".
SEEN_AREA = 1024 * 1024  # pixels of the area to which a picture is resized
EDITING = ReferenceEditing(most=10, least_area=SEEN_AREA, most_area=SEEN_AREA)
_PLACE = "<image{}><|vision_start|><|image_pad|><|vision_end|>"


def places(pictures: "Sequence[Image.Image]") -> str:
    """Return the marks of the pictures' places, which stand before the instruction."""
    return " ".join(_PLACE.format(number) for number, _ in enumerate(pictures, 1))


def shown(picture: "Image.Image") -> "Image.Image":
    """Return a picture, 8-bit RGB, as the language model sees it: resized to the area.

    The pipeline resizes it with its alpha and lays it over white, so that edges are rounded alike.
    """
    from PIL import Image

    size = size_of_area(picture.size, SEEN_AREA)
    clear = picture.convert("RGBA").resize(size, Image.Resampling.LANCZOS)
    white = Image.new("RGB", size, "white")
    white.paste(clear, mask=clear.getchannel("A"))
    return white
