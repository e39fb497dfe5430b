"""The family of the small checkpoint that this project trains (models/paperdoll)."""

from medialab.families.base import INPAINT, INSTRUCT, PLAIN, REFINER, Recognition
from medialab.families.defaults import Defaults
from medialab.families.habits import DetailerHabits
from medialab.families.unet_clip import EDITING, UNet, UNetClipOpening, UNetFamily

# Chosen by comparing pictures: at twice its size a paper doll's face becomes two, a crop that shows
# a body becomes a body, and a smudge needs a strength over 0.4 to become a face. The framings are
# the captions of close-ups in its training (models/paperdoll/world.py).
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

PAPERDOLL = UNetFamily(
    name="paperdoll",
    # No published family is narrower than CLIP-L's 768; ours reads 128 or 160.
    recognition=Recognition(text_widths=range(1, 257)),
    opening=UNetClipOpening(),
    denoiser=UNet(text_encoders=("text_encoder",)),
    # What its pictures are judged with. Source: models/paperdoll/README.md.
    defaults=Defaults(steps=20, guidance_scale=5.0, sampler="DPM++ 2M"),
    native_sizes={},
    folder_variants=(PLAIN, INPAINT, INSTRUCT, REFINER),
    editing=EDITING,
    detectors=("paperdoll",),
    upscalers=("paperdoll-2x",),
    habits=_HABITS,
)
