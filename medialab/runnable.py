"""What of all that is recognised runs here, and why the rest does not.

One function answers for the listing and for the run, so that what is offered can be used. The
tables are the one place to write down that another family or variant runs.
"""

from medialab.families import FINISHED_BY, REFINER, UNKNOWN

# Families whose prompts and latents the stages know.
FAMILIES = ("paperdoll", "sd15", "sd2", "sdxl", *FINISHED_BY.values())
# What a checkpoint may be made for, by the way it lies on the disk: a diffusers folder, one file.
# "" is the usual, text to image.
VARIANTS_OF_FOLDERS = ("", "instruct", REFINER)
VARIANTS_OF_FILES = {
    "sd15": ("", "instruct"),
    "sd2": ("",),
    "sdxl": ("", "instruct"),
    "sdxl-refiner": (REFINER,),
}
# How a variant is called in a sentence.
NAMES_OF_VARIANTS = {
    "": "making pictures",
    "instruct": "editing by instruction",
    "inpaint": "inpainting",
    "depth": "following a depth picture",
    "upscale": "enlarging by words",
    REFINER: "finishing pictures of SDXL",
}


def why_not(kind: str, family: str, variant: str, *, is_file: bool) -> str | None:
    """Why a model of the right kind cannot be used here, and the way out; None where it can.

    The text goes on after the model's name: "is of family flux; …".
    """
    if kind == "checkpoint":
        return _why_no_checkpoint(family, variant, is_file)
    return None


def _why_no_checkpoint(family: str, variant: str, is_file: bool) -> str | None:
    if family not in FAMILIES:
        way = "no rule here knows its layers" if family == UNKNOWN else "use it where it can run"
        return f"is of family {family}; those that run here are {', '.join(FAMILIES)}: {way}"
    if is_file and family not in VARIANTS_OF_FILES:
        known = ", ".join(VARIANTS_OF_FILES)
        return (
            f"is a single file of family {family}; of single files, {known} are opened; "
            "get it as a diffusers folder"
        )
    allowed = VARIANTS_OF_FILES[family] if is_file else VARIANTS_OF_FOLDERS
    if variant not in allowed:
        made_for = NAMES_OF_VARIANTS.get(variant, f"something else (it reads {variant})")
        known = " and ".join(NAMES_OF_VARIANTS[one] for one in allowed)
        form = "single files" if is_file else "folders"
        return f"is made for {made_for}; {form} of {family} that run here are made for {known}"
    return None
