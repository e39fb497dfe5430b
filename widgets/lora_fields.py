"""The LoRAs of a list: what is known of each file, and where else it can be used."""

from collections.abc import Mapping, Sequence
from typing import Any

from medialab.listing.info import ModelInfo
from widgets.catalogue import Catalogue
from widgets.form_values import FormValues


def info_of_loras(catalogue: Catalogue, names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return for each LoRA its family, why it cannot be used ("" if it can) and trigger words."""
    known: Mapping[str, ModelInfo] = {
        info.name: info for info in catalogue.infos if info.kind == "lora"
    }
    found = {}
    for name in names:
        info = known.get(name)
        refused = "there is no such LoRA here" if info is None else info.refused or ""
        found[name] = {
            "family": "" if info is None or info.family == "unknown" else info.family,
            "refused": refused,
            "words": list(catalogue.trigger_words.get(name, ())),
        }
    return found


def places_of_loras(
    values: FormValues, titles: Mapping[str, str], stages: Sequence[str], here: str
) -> list[list[str]]:
    """Return the other lists to which a LoRA can be added, each a label and a value's name.

    Args:
        values: the form's state.
        titles: stages' names for a person.
        stages: the stages that may have LoRAs of their own, in order.
        here: the list's own name, such as "face.loras".
    """
    places = [["Whole picture", "loras"]] if here != "loras" else []
    for stage in stages:
        name = f"{stage}.loras"
        is_on = values.value(f"{stage}.enabled") if f"{stage}.enabled" in values else False
        if name != here and (is_on or stage == values.mode):
            places.append([titles[stage], name])
    return places


def with_lora(loras: Sequence[Mapping[str, Any]] | None, lora: Mapping[str, Any]) -> list[Any]:
    """Return a list with a LoRA added, unless it is there."""
    there = list(loras or ())
    return there if any(one["name"] == lora["name"] for one in there) else [*there, dict(lora)]
