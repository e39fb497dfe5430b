"""Which files of a Hugging Face repository make one model's folder, by their names alone.

A folder is what diffusers (model_index.json) or transformers (config.json) save: configs,
tokenizers, and weights as safetensors. Pickles, programs, pictures, and weights for other
libraries are left out, and so are parts that the studio never reads.

Source: diffusers' DiffusionPipeline.download and transformers' SAFE_WEIGHTS_NAME for the names of
weights, their variants and pieces.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Mapping
from pathlib import PurePosixPath

from medialab.files.folder_parts import CONFIG, INDEX, LEFT_OUT

# Weights, as (name)(.variant)(-piece-of-pieces); a variant may also follow the pieces.
_WEIGHTS = re.compile(
    r"(?:diffusion_pytorch_model|pytorch_model|model|adapter_model)"
    r"(?:\.(?P<variant>[a-zA-Z]\w*))?(?P<piece>-\d+-of-\d+)?(?:\.(?P<after>[a-zA-Z]\w*))?"
    r"\.(?P<ending>safetensors|bin)"
)
_TEXTS = (".json", ".txt", ".model")  # configs and tokenizers
# Names that say of a subfolder that it is a part.
_MARKS = frozenset({CONFIG, "scheduler_config.json", "tokenizer_config.json", "vocab.json"})
# Texts at the top of a repository that no library reads.
_OTHER_TEXTS = re.compile(r"(?:readme|licen[cs]e|requirements|notice|training_|all_results).*")
DEFAULT = ""


def folder_files(names: Collection[str], variant: str = DEFAULT) -> frozenset[str]:
    """Return the files that a model's folder needs; none if the repository is not one.

    Args:
        names: All files of the repository, with "/" between folders.
        variant: The weights to take where a part has them: "fp16", "bf16" …; DEFAULT for those
            without one.

    Returns:
        The files; none also if a part has its weights only as pickles.
    """
    parts = _parts(names)
    if not parts:
        return frozenset()
    found: set[str] = set()
    for folder, files in parts.items():
        weights = _weights(files, variant)
        if weights is None:
            return frozenset()
        texts = {one for one in files if _is_read(folder, one)}
        found |= {f"{folder}/{one}" if folder else one for one in texts | weights}
    return frozenset(found)


def variants(names: Collection[str]) -> list[str]:
    """Return the variants that a folder's weights have, DEFAULT first."""
    found = {_variant(one) for files in _parts(names).values() for one in files}
    return [DEFAULT, *sorted(one for one in found if one)]


def _parts(names: Collection[str]) -> Mapping[str, list[str]]:
    """Return the files of the top and of each part, by the part's name; none without a config."""
    folders: dict[str, list[str]] = defaultdict(list)
    for name in names:
        folder, _, file = name.rpartition("/")
        if "/" not in folder:
            folders[folder].append(file)
    top = folders.get("", [])
    if INDEX in top:
        read = {
            folder: files
            for folder, files in folders.items()
            if folder and folder not in LEFT_OUT and not _MARKS.isdisjoint(files)
        }
        return {"": [INDEX], **read}
    if CONFIG in top and any(map(_WEIGHTS.fullmatch, top)):
        return {"": top}
    return {}


def _weights(files: Collection[str], variant: str) -> set[str] | None:
    """Return the weights of a part to take: {} for a part without any; None for pickles only."""
    by_variant: dict[str, list[re.Match[str]]] = defaultdict(list)
    has_pickles = False
    for file in files:
        if match := _WEIGHTS.fullmatch(file):
            if match["ending"] == "bin":
                has_pickles = True
            else:
                by_variant[_variant(file)].append(match)
    if not by_variant:
        return None if has_pickles else set()
    chosen = next(
        by_variant[one] for one in (variant, DEFAULT, *sorted(by_variant)) if one in by_variant
    )
    whole = {one[0] for one in chosen if not one["piece"]}
    return whole or {one[0] for one in chosen}


def _variant(file: str) -> str:
    match = _WEIGHTS.fullmatch(file)
    if match is None or match["ending"] == "bin":
        return DEFAULT
    return match["variant"] or match["after"] or DEFAULT


def _is_read(folder: str, file: str) -> bool:
    """Return whether a library reads this text of a part."""
    is_other = not folder and _OTHER_TEXTS.fullmatch(file.lower())
    return file.lower().endswith(_TEXTS) and not is_other


def is_inside(name: str) -> bool:
    """Return whether a listed name is that of a file in the repository, and leads nowhere else."""
    parts = PurePosixPath(name).parts
    return (
        bool(name)
        and len(name) <= 1000
        and name.isprintable()
        and "\\" not in name
        and not name.startswith("/")
        and ".." not in parts
        and "/".join(parts) == name
    )
