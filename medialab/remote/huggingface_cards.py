"""What a Hugging Face repository says of itself: its kind, licence, base model and trained words.

Its card is what people wrote, its tags are made of that and of its files.
"""

from collections.abc import Mapping
from typing import Any

from medialab.families.kinds import kind_of_class
from medialab.files.folder_parts import INDEX
from medialab.listing.info import FOLDER_OF_KIND
from medialab.remote.answers import an_object, line, objects, texts

# What a repository's tags say of its kind; the first that fits counts.
_KIND_OF_TAG = (
    ("lora", "lora"),
    ("textual_inversion", "embedding"),
    ("controlnet", "controlnet"),
)
_ADAPTER = "base_model:adapter:"
_DETECTING = frozenset(
    {
        *("object-detection", "zero-shot-object-detection", "image-segmentation"),
        *("mask-generation", "depth-estimation", "keypoint-detection"),
    }
)


def kind_said(facts: Mapping[str, Any]) -> str:
    """Return the kind of model that a repository says it is; "" if it says none of ours."""
    config = an_object(facts.get("config"))
    class_name = line(an_object(config.get("diffusers")).get("_class_name"))
    if class_name.endswith("Pipeline"):
        return "checkpoint"
    if (kind := kind_of_class(class_name) or "") in FOLDER_OF_KIND:
        return kind
    tags = texts(facts.get("tags"))
    by_tag = next((kind for tag, kind in _KIND_OF_TAG if tag in tags), "")
    if by_tag or any(one.startswith(_ADAPTER) for one in tags):
        return by_tag or "lora"
    if line(facts.get("pipeline_tag")) in _DETECTING:
        return "detector"
    is_drawing = line(facts.get("pipeline_tag")) in {"text-to-image", "image-to-image"}
    names = [line(one.get("rfilename")) for one in objects(facts.get("siblings"))]
    return "checkpoint" if is_drawing or INDEX in names else ""


def base_model(card: Mapping[str, Any], tags: tuple[str, ...]) -> str:
    """Return the repository that a model was made from; "" if it does not say."""
    said = card.get("base_model")
    named = line(said) if isinstance(said, str) else next(iter(texts(said)), "")
    return named or next(
        (one.rpartition(":")[2] for one in tags if one.startswith("base_model:")), ""
    )


def licence(card: Mapping[str, Any], tags: tuple[str, ...]) -> str:
    """Return the licence's identifier, or its own name for another one; "" if none is said."""
    said = card.get("license")
    named = line(said) if isinstance(said, str) else next(iter(texts(said)), "")
    if named == "other":
        named = line(card.get("license_name")) or named
    return named or next(
        (one.removeprefix("license:") for one in tags if one.startswith("license:")), ""
    )


def trained_words(card: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the words in a LoRA's card: its instance prompt, as trainers write it."""
    said = line(card.get("instance_prompt"))
    return tuple(one.strip() for one in said.split(",") if one.strip())
