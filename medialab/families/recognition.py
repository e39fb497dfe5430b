"""Recognition of the family of a header or a config.json, by the families' own rules.

If the rules of two families match, the result is "unknown" rather than a guess.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from medialab.families import FAMILIES
from medialab.families.base import UNKNOWN
from medialab.families.layers import Layers
from medialab.families.unet_clip import recognition as unets
from medialab.files.headers import Header

MOST_WORDS = 200  # characters of metadata that are read; a family's name has some thirty
_WRITTEN_IN = ("ss_base_model_version", "modelspec.architecture", "general.architecture")
_DENOISER = "model.diffusion_model."


def family_of_layers(names: str, header: Header) -> str:
    """Return the family whose denoiser has these layers.

    The trainer's metadata decides if the layers do not.

    Args:
        names: All tensors' names, one a line, with a line end before the first and after the last.
        header: The same names with shapes, and the metadata.
    """
    written = _written_family(header)
    if unets.is_unet(names):
        return unets.family_of_layers(names, header, FAMILIES.values()) or written
    families = _matching(_denoiser_in(header))
    if len(families) > 1:
        return UNKNOWN  # its layers contradict each other
    told = next(iter(families), written)
    return written if told in FAMILIES and _are_alike(told, written) else told


def family_of_denoiser(config: Mapping[str, Any]) -> str:
    """Return the family of a diffusers UNet or transformer, from its config.json."""
    name = str(config.get("_class_name"))
    fitting = [
        one
        for one in FAMILIES.values()
        if name in one.recognition.classes
        and all(config.get(key) == value for key, value in one.recognition.config.items())
    ]
    if fitting:  # the most specific one
        return max(fitting, key=lambda one: len(one.recognition.config)).name
    return unets.family_of_config(name, config, FAMILIES.values()) or UNKNOWN


def variant_of_denoiser(config: Mapping[str, Any]) -> str:
    """Return the variant of a diffusers denoiser, from its config.json; "" is the usual one."""
    known = FAMILIES.get(family_of_denoiser(config))
    for name, settings in (known.config_variants if known is not None else {}).items():
        if all(config.get(key) == value for key, value in settings.items()):
            return name
    return unets.variant_of_config(known, config)


def variant_of_header(family: str, header: Header) -> str:
    """Return the variant of a denoiser in a single file; "" is the usual one."""
    known = FAMILIES.get(family)
    if known is not None and known.variants:
        layers = Layers(_denoiser_in(header))
        return next((name for name, one in known.variants.items() if layers.show(one)), "")
    return unets.variant_of_header(known, header)


def editions_of(family: str, variant: str, *, is_file: bool = False) -> tuple[str, ...]:
    """Return the editions of a family that its layers do not tell; none for another variant."""
    known = FAMILIES.get(family)
    if known is None or variant:
        return ()
    left_out = known.folder_editions if is_file else ()
    return tuple(one for one in known.editions if one not in left_out)


def edition_of_header(family: str, editions: Iterable[str], header: Header) -> str:
    """Return the edition that a file's metadata or layers tell; "" if they do not.

    Args:
        family: Its family.
        editions: The editions that it may be of.
        header: Its header.
    """
    written = _written(header)
    named = [one for one in editions if re.search(rf"(?<![a-z]){re.escape(one)}(?![a-z])", written)]
    if len(named) == 1:
        return named[0]
    known, layers = FAMILIES.get(family), Layers(_denoiser_in(header))
    marks = known.edition_marks.items() if known is not None else ()
    return next((one for one, mark in marks if one in editions and layers.show(mark)), "")


def edition_in_index(family: str, index: Mapping[str, Any]) -> str:
    """Return the edition that a folder's model_index.json tells; "" if it does not."""
    known = FAMILIES.get(family)
    for name, settings in (known.editions if known is not None else {}).items():
        if settings and all(index.get(key) in values for key, values in settings.items()):
            return name
    return ""


def prediction_of(family: str) -> str:
    """Return what a family's denoisers usually predict; "" if that is unknown."""
    known = FAMILIES.get(family)
    return known.prediction_type if known is not None else ""


def family_of_vae(header: Header) -> str:
    """Return the family of a VAE, or "unknown": most families' VAEs have the same shapes."""
    layers = Layers(header.shapes)
    told = [one.name for one in FAMILIES.values() if any(map(layers.show, one.recognition.vaes))]
    return told[0] if len(told) == 1 else UNKNOWN


def family_of_vectors(widths: tuple[int, ...]) -> str:
    """Return the family of a textual inversion by its vectors' width for each encoder."""
    if len(widths) > 1:
        fitting = (one for one in FAMILIES.values() if one.recognition.embedding_widths == widths)
        return next((one.name for one in fitting), UNKNOWN)
    return unets.family_of_width(widths[0], FAMILIES.values()) or UNKNOWN


def _matching(shapes: Mapping[str, tuple[int, ...]]) -> set[str]:
    """Return the families whose signatures match these tensors. Cost: some milliseconds."""
    layers = Layers(shapes)
    told = {
        one.name for one in FAMILIES.values() if any(map(layers.show, one.recognition.signatures))
    }
    # A model size, such as flux2-dev, is more specific than its family, flux2.
    return {one for one in told if not any(other.startswith(f"{one}-") for other in told - {one})}


def _are_alike(told: str, written: str) -> bool:
    return written in FAMILIES[told].recognition.lookalikes


def _denoiser_in(header: Header) -> Mapping[str, tuple[int, ...]]:
    """Return the layers of the denoiser in a whole checkpoint, else all."""
    inside = {name: shape for name, shape in header.shapes.items() if name.startswith(_DENOISER)}
    return inside or header.shapes


def _written(header: Header) -> str:
    return " ".join(header.metadata.get(key, "")[:MOST_WORDS] for key in _WRITTEN_IN).casefold()


def _written_family(header: Header) -> str:
    written = _written(header)
    if not written.strip():
        return UNKNOWN
    # If several families match, the first in the table is taken.
    fitting = (
        name
        for name, words, other_words in _words()
        if words.search(written) and not (other_words and other_words.search(written))
    )
    return next(fitting, UNKNOWN)


@cache
def _words() -> tuple[tuple[str, re.Pattern[str], re.Pattern[str] | None], ...]:
    return tuple(
        (
            one.name,
            re.compile(one.recognition.written),
            re.compile(one.recognition.not_written) if one.recognition.not_written else None,
        )
        for one in FAMILIES.values()
        if one.recognition.written
    )
