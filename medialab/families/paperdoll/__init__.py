"""The family of the small checkpoint that this project trains (models/paperdoll)."""

from medialab.families.base import (
    AUTOMATIC,
    INPAINT,
    INSTRUCT,
    PLAIN,
    REFINER,
    Family,
    Recognition,
)
from medialab.families.habits import DetailerHabits
from medialab.families.unet_clip import EDITS, FOUR_CHANNELS, LORAS, UNet, UNetClipOpening
from medialab.families.unet_clip.counting import count_tokens
from medialab.families.unet_clip.encoder import ClipEncoder
from medialab.families.unet_clip.guidance import UNetGuide

# Chosen by looking at pictures: at twice its size a paper doll's face becomes two, a crop with a
# body in it becomes a body, and a smudge needs more than 0.4 to become a face. It knows close-ups
# by the words that it was trained with (models/paperdoll/world.py).
_HABITS = DetailerHabits(
    crop_factor=1.4,
    strength=0.6,
    most=0,
    frames=(
        r"^\s*(full body|portrait)\b,?\s*|^\s*a (full body picture|portrait) of\s*"
        r"|^\s*a drawing of the whole body of\s*"
    ),
    framings={"face": "a close-up of the face of", "hand": "a close-up of an open hand."},
)

PAPERDOLL = Family(
    name="paperdoll",
    # No published family is narrower than CLIP-L's 768; ours reads 128 or 160.
    recognition=Recognition(text_widths=range(1, 257)),
    opening=UNetClipOpening(),
    denoiser=UNet(text_encoders=("text_encoder",)),
    latents=FOUR_CHANNELS,
    loras=LORAS,
    encoder=ClipEncoder,
    count_tokens=count_tokens,
    guide=UNetGuide,
    native_sizes={},
    folder_variants=(PLAIN, INPAINT, INSTRUCT, REFINER),
    tasks={**AUTOMATIC, "instruct": EDITS},
    habits=_HABITS,
)
