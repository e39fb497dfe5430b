"""Which of the recognised models can be used here, and why the others cannot.

The listing and the run call the same functions, so that every model that is offered can be used.
Which families and variants run is data of the families themselves.
"""

from collections.abc import Mapping

from medialab.families import RUNNING, Family
from medialab.families.base import INSTRUCT, UNKNOWN, Task
from medialab.families.kinds import BOFT, UNUSABLE_LORAS
from medialab.families.loras import are_alike, may_be_for
from medialab.families.vaes import readable_latents, reads
from medialab.families.variants import NAMES_OF_VARIANTS
from medialab.files.headers import Header
from medialab.files.vae_configs import VAE_CONFIGS
from medialab.listing.info import ModelInfo

# Kinds that are not usable as models -> advice, which follows "holds a …; ".
NOT_YET = "it is not supported yet"
WAYS_OUT = {
    "denoiser": (
        "it lacks its text encoder and VAE: get the whole checkpoint, or the diffusers folder"
    ),
    "image encoder": "it is a part of an IP-Adapter, which is not supported yet",
    **dict.fromkeys(
        ("control-lora", "ip-adapter", "motion module", "photomaker", "t2i-adapter"), NOT_YET
    ),
    "hypernetwork": "it is not supported; look for a LoRA of the same name",
    "face restorer": "it restores faces only: use the face detailer instead",
    "hole filler": "it fills masked holes: use the mode inpaint instead",
}
NO_PLAIN_CONTROLNETS = {
    "lllite": "is a ControlNet-LLLite, which is not supported yet",
    "union": "is a ControlNet of many kinds in one (union), which is not supported yet",
}
_DIFFERENCE = "difference"
# The classes of ControlNets that are supported.
CONTROLNET_CLASSES = tuple(
    dict.fromkeys(
        one.opening.controlnet_class for one in RUNNING.values() if one.follows_controlnets
    )
)
# Stages whose task is not image-to-image.
_TASKS: Mapping[str, Task] = {"txt2img": "text-to-image", "instruct": "instruct"}


def why_not(
    kind: str, family: str, variant: str, *, is_file: bool, written: str = ""
) -> str | None:
    """Return why a model of the right kind cannot be used here, with advice; None if it can.

    Args:
        kind: The kind of model.
        family: Its family, or "unknown".
        variant: Its variant; "" for the usual one.
        is_file: Whether it is a single file, not a folder.
        written: Its format.

    Returns:
        The text after the model's name: "is of family …".
    """
    if kind == "checkpoint":
        return _why_no_checkpoint(family, variant, is_file)
    if kind == "lora":
        return _why_no_lora(family, written)
    if kind == "controlnet":
        return _why_no_controlnet(family, variant, is_file, written)
    if kind == "vae":
        return _why_no_vae(variant, written)
    if kind == "embedding" and family not in RUNNING:
        return f"is made for text encoders of none of the families here: {', '.join(RUNNING)}"
    return None


def why_not_in(stage: str, family: str, variant: str, edition: str = "") -> str | None:
    """Return why a stage cannot use a checkpoint that other stages can use; None if it can.

    Args:
        stage: The stage's name.
        family: The checkpoint's family.
        variant: The checkpoint's variant.
        edition: The checkpoint's edition; "" if it is unknown.

    Returns:
        The text after the checkpoint's name, as from `why_not`.
    """
    own = RUNNING[family]
    does = own.edits(variant) if stage == "instruct" else variant != INSTRUCT
    if not does:
        wanted = NAMES_OF_VARIANTS[INSTRUCT if stage == "instruct" else ""]
        return f"is made for {NAMES_OF_VARIANTS[variant]}, not for {wanted}; choose another one"
    if stage == "instruct" and not own.edits(variant, edition):
        known = " or ".join(own.editing.editions) if own.editing is not None else ""
        is_other = f"is {family} {edition}" if edition else f"may be any edition of {family}"
        return f"{is_other}; editing by instruction takes {known}: say so, or choose another one"
    task = _TASKS.get(stage, "image-to-image")
    if task not in RUNNING[family].tasks:
        if not RUNNING[family].finishes:
            known = ", ".join(RUNNING[family].tasks)
            return f"is of family {family}, whose pipelines here do {known} only, not {task}"
        return (
            f"is of family {family}, and only finishes pictures: set it as handover_checkpoint, or "
            "as the checkpoint of img2img or the refiner"
        )
    return None


def why_not_after(first: ModelInfo, other: ModelInfo) -> str | None:
    """Return why a checkpoint cannot finish what another one began; None if it can.

    Args:
        first: The checkpoint that begins.
        other: The one that takes over.

    Returns:
        The text after the other's name, as from `why_not`.
    """
    own = RUNNING[other.family]
    if first.family not in {other.family, own.finishes}:
        return (
            f"is of family {other.family}, {first.name!r} of {first.family}: "
            "their latents mean other things; choose one of the same family"
        )
    if other.variant not in own.taking_over:
        return (
            f"is made for {NAMES_OF_VARIANTS[other.variant]}, and draws no whole picture to its "
            "end; choose one that is not"
        )
    if first.zero_terminal_snr != other.zero_terminal_snr:
        return (
            f"was trained with another noise than {first.name!r}: one ends in pure noise (zero "
            "terminal SNR), the other does not; choose one trained as the checkpoint"
        )
    return None


def most_edited(info: ModelInfo) -> int:
    """Return how many pictures a checkpoint reads for an edit by instruction; 0 if it edits none.

    Args:
        info: The checkpoint as it is listed.
    """
    own = RUNNING.get(info.family)
    if own is None or own.editing is None or not own.edits(info.variant, info.edition):
        return 0
    return own.editing.fewer.get(info.edition, own.editing.most)


def unread_when_editing(info: ModelInfo) -> dict[str, str]:
    """Return why a checkpoint does not read settings of editing by instruction, by setting.

    Args:
        info: The checkpoint as it is listed.

    Returns:
        Reasons for `references` and `image_guidance_scale`; none for those that it reads.
    """
    own = RUNNING.get(info.family)
    most = most_edited(info)
    if own is None or own.editing is None or not most:
        why = f"{info.name} does not edit by instruction: choose a checkpoint that does."
        return {"references": why, "image_guidance_scale": why}
    found = {}
    if most == 1:
        found["references"] = f"{info.name} reads the start picture alone."
    if not own.editing.reads_scale:
        found["image_guidance_scale"] = f"It is not read by {info.name}."
    return found


def why_not_with(kind: str, made_for: str, variant: str, family: str) -> str | None:
    """Return why a usable model does not fit checkpoints of a family; None if it may.

    Args:
        kind: The kind of model.
        made_for: Its family, or "unknown".
        variant: Its variant; "" for the usual one.
        family: The checkpoint's family, or "unknown".

    Returns:
        The text after the model's name, as from `why_not`.
    """
    own = RUNNING.get(family)
    if own is None or kind not in {"lora", "controlnet", "vae", "embedding"}:
        return None
    if kind == "vae":
        return _why_not_read(own, variant)
    if not may_be_for(made_for, family):
        reason = f"is made for {made_for}; the checkpoint is of family {family}"
        if kind == "lora" and are_alike(made_for, family):
            reason += (
                f", whose LoRAs may have the same layers: one that is made for it says so in its "
                f'metadata, "modelspec.architecture": "{family}"'
            )
        return reason
    if kind == "lora" and own.loras is None:
        return f"is a LoRA, and none is applied to {family} yet"
    if kind == "controlnet" and not own.follows_controlnets:
        return f"is a ControlNet, and {family} follows none yet"
    return None


def _why_not_read(family: Family, variant: str) -> str | None:
    if not family.reads_vae_files:
        return f"lies in models/vae, and checkpoints of {family} draw with the VAE inside alone"
    written, needed = variant or "other channels", family.latents.description
    return None if reads(family, variant) else f"writes latents of {written}, not of {needed}"


def variant_of_controlnet(header: Header) -> str:
    """Return "difference" for a ControlNet to be added to the checkpoint's weights; otherwise "".

    Source: the marker tensor used in lllyasviel's ControlNet repositories and ComfyUI.
    """
    return _DIFFERENCE if _DIFFERENCE in header.shapes else ""


def _why_no_lora(family: str, written: str) -> str | None:
    if written in {*UNUSABLE_LORAS.values(), BOFT}:
        return (
            f"is {written}, which is not supported; supported are LoRA, LoCon, LoHa, LoKr, DoRA, "
            "IA3, OFT and full differences"
        )
    if family in RUNNING and RUNNING[family].loras is None:
        return f"is made for {family}, whose LoRAs are not applied yet"
    if not any(may_be_for(family, one) for one in RUNNING):
        return (
            f"is made for {family}, and no checkpoint of that family runs here; those that do are "
            f"{', '.join(RUNNING)}"
        )
    return None


def _why_no_controlnet(family: str, variant: str, is_file: bool, written: str) -> str | None:
    if reason := NO_PLAIN_CONTROLNETS.get(written):
        return reason
    if variant == _DIFFERENCE:
        return (
            "holds the difference to one checkpoint, not a ControlNet's own weights; get it as a "
            "plain one (its file is about twice as large)"
        )
    if variant.startswith("class "):
        return f"is of {variant}; the supported class is {', '.join(CONTROLNET_CLASSES)}"
    opened = [name for name, one in RUNNING.items() if one.opening.controlnet_files]
    if is_file and family not in opened:
        return (
            f"is a single file of family {family}; of single files, {', '.join(opened)} are "
            "opened; get it as a diffusers folder"
        )
    if family not in RUNNING:
        return f"is of family {family}; those that run here are {', '.join(RUNNING)}"
    return None


def _why_no_vae(variant: str, written: str) -> str | None:
    choose = "choose one made for the checkpoint's family, or leave vae empty"
    if written == "tiny":
        return "is a tiny one in a single file; get it as a diffusers folder, with its config.json"
    if variant.startswith("class "):
        return f"is of {variant}; supported are {', '.join(VAE_CONFIGS)}: {choose}"
    if variant in readable_latents():
        return None
    if "channels" in variant:
        known = " or ".join(one.replace(" channels", "") for one in readable_latents())
        return (
            f"writes latents of {variant} than the picture; checkpoints here read {known}: {choose}"
        )
    return f"is {variant}; {choose}" if variant else None


def _why_no_checkpoint(family: str, variant: str, is_file: bool) -> str | None:
    if family not in RUNNING:
        way = "no rule here knows its layers" if family == UNKNOWN else "use it where it can run"
        return f"is of family {family}; those that run here are {', '.join(RUNNING)}: {way}"
    own = RUNNING[family]
    allowed = own.file_variants if is_file else own.folder_variants
    if is_file and not allowed:
        known = ", ".join(name for name, one in RUNNING.items() if one.file_variants)
        return (
            f"is a single file of family {family}; of single files, {known} are opened; "
            "get it as a diffusers folder"
        )
    if variant not in allowed:
        made_for = NAMES_OF_VARIANTS.get(variant, f"something else (it reads {variant})")
        known = " and ".join(NAMES_OF_VARIANTS[one] for one in allowed)
        form = "single files" if is_file else "folders"
        return f"is made for {made_for}; {form} of {family} that run here are made for {known}"
    return None
