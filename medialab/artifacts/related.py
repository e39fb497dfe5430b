"""What a picture has in common with others: its tags, its models and its seed."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal, NamedTuple

from medialab.artifacts.library import PictureLibrary
from medialab.artifacts.query import Query
from medialab.artifacts.search import CHECKPOINT, TAG, names_of
from medialab.artifacts.sidecar import Sidecar
from medialab.artifacts.tag_names import tag_key
from medialab.config.resolved import LORA


class Related(NamedTuple):
    """One thing that a picture has in common with others.

    Attributes:
        kind: What it is.
        name: The tag, the model's name, or the seed.
        others: How many other pictures have it.
        query: Finds all pictures that have it.
    """

    kind: Literal["tag", "model", "lora", "seed"]
    name: str
    others: int
    query: Query


def related_to(path: Path | str, artifacts: PictureLibrary) -> list[Related]:
    """Return what a saved picture has in common with others; tags first, then LoRAs.

    What no other picture has is left out.

    Raises:
        ArtifactError: there is no such picture here, or its sidecar cannot be read.
    """
    sidecar = Sidecar.read(artifacts.picture_at(path).with_suffix(".json"))
    choices = artifacts.choices()
    seed = sidecar.config.seed
    found: list[Related] = []
    for kind, prefix, counts in (
        ("tag", TAG, choices.tags),
        ("lora", LORA, choices.loras),
        ("model", CHECKPOINT, choices.checkpoints),
    ):
        folded = {tag_key(name): count for name, count in counts.items()}
        for name in _with(prefix, sidecar):
            query = {
                "tag": Query(tags=(name,)),
                "lora": Query(lora=name),
                "model": Query(checkpoint=name),
            }[kind]
            found.append(Related(kind, name, folded.get(tag_key(name), 1) - 1, query))  # type: ignore[arg-type] # one of the kinds
    same_seed = Query(seed=seed)
    found.append(Related("seed", str(seed), artifacts.count(same_seed) - 1, same_seed))
    return [one for one in found if one.others > 0]


def _with(prefix: str, sidecar: Sidecar) -> Iterator[str]:
    names: Mapping[str, None] = dict.fromkeys(names_of(sidecar))
    yield from (name.removeprefix(prefix) for name in names if name.startswith(prefix))
