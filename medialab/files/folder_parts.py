"""The parts of a checkpoint's folder, and checks that each is present, complete and known.

The listing and the loader use the same checks, so that every model that is offered can be opened.
Only names, configs and headers are read.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from medialab.errors import ModelRefusedError
from medialab.files.opening import check_file
from medialab.files.part_configs import (
    PartConfig,
    SchedulerConfig,
    check_network,
    check_scheduler,
    read_json,
)
from medialab.files.regular import is_regular

INDEX, CONFIG = "model_index.json", "config.json"
_SCHEDULER = "scheduler"
# Parts that are not used here: they are never read.
LEFT_OUT = ("safety_checker", "feature_extractor", "image_encoder")
_LIBRARIES = ("diffusers", "transformers")
# File names of weights in both libraries, in one or more pieces, with or without a variant.
_WEIGHTS = re.compile(
    r"(diffusion_pytorch_model|pytorch_model|model)(\.\w+)?(-\d+-of-\d+)?\.(safetensors|bin)"
)


@dataclass(frozen=True)
class TokenizerPart:
    """The requirements for a tokenizer.

    Attributes:
        encoder: The text encoder that it is for.
        classes: The classes that it may have.
        check: Refuses a damaged one, given its folder and the size of the encoder's vocabulary
            (None if unknown).
        load: Loads it from its folder as one of the classes; None if the class can do so itself.
        needed: Whether every folder with the text encoder has it.
    """

    encoder: str
    classes: tuple[str, ...]
    check: Callable[[Path, int | None], None]
    load: Callable[[Path, str], Any] | None = None
    needed: bool = True


@dataclass(frozen=True)
class FolderParts:
    """The parts that a family's pipelines use, and the requirements for each.

    Attributes:
        networks: Parts with weights: for each, the classes that it may have, and the rules for
            their config.json.
        tokenizers: Parts that are tokenizers.
        required: Parts that every folder has.
        scheduler: The rules for the config of its scheduler.
        needed_by: A part that is needed where the pipeline's class has a word, by the word.
        made_for_others: Words in the class of a pipeline whose denoiser looks like one of the
            family, but which is made for something else, and for what.
    """

    networks: Mapping[str, Mapping[str, type[PartConfig]]]
    tokenizers: Mapping[str, TokenizerPart]
    required: tuple[str, ...]
    scheduler: type[PartConfig] = SchedulerConfig
    needed_by: Mapping[str, str] = field(default_factory=dict)
    made_for_others: Mapping[str, str] = field(default_factory=dict)


def check_parts(folder: Path, parts: FolderParts) -> dict[str, str | None]:
    """Return the parts of a checkpoint's folder with their classes; None for one that is not used.

    Raises:
        ModelRefusedError: a part is missing, damaged, or of another class or size; or the pipeline
            is made for another purpose.
    """
    index = read_json(folder / INDEX)
    pipeline = index.get("_class_name")
    if not isinstance(pipeline, str):
        raise ModelRefusedError(f"{INDEX} names no pipeline")
    if use := next((use for word, use in parts.made_for_others.items() if word in pipeline), None):
        raise ModelRefusedError(f"it is a {pipeline}, made for {use}, which is not supported yet")
    named = {
        name: _class_of(name, entry, parts) for name, entry in index.items() if _is_part(entry)
    }
    for name in (*parts.required, _SCHEDULER):
        if named.get(name) is None:
            raise ModelRefusedError(f"{INDEX} names no {name}")
    for word, name in parts.needed_by.items():
        if word in pipeline and named.get(name) is None:
            message = f"it is a {pipeline}, and {INDEX} names no {name}; get the whole folder"
            raise ModelRefusedError(message)
    for name, tokenizer in parts.tokenizers.items():
        both = (named.get(name) is None) == (named.get(tokenizer.encoder) is None)
        if tokenizer.needed and not both:
            message = f"{INDEX} names one of {tokenizer.encoder} and {name}, not both"
            raise ModelRefusedError(message)
    if not any(named.get(one.encoder) for one in parts.tokenizers.values()):
        raise ModelRefusedError(f"{INDEX} names no text_encoder")
    for name, class_name in named.items():
        if class_name is not None:
            _check(folder / name, name, class_name, parts)
    return named


def is_whole_folder(folder: Path, networks: Iterable[str]) -> bool:
    """Return whether a folder with a model's index contains one of these networks."""
    return any(is_regular(folder / name / CONFIG) for name in networks)


def holds_weights(names: Iterable[str]) -> bool:
    """Return whether one of these file names is that of a network's weights."""
    return any(map(_WEIGHTS.fullmatch, names))


def folders_read(folder: Path) -> set[Path] | None:
    """Return the folders of the parts that are read from a checkpoint; None if it has no index."""
    if not is_regular(folder / INDEX):
        return None
    index = read_json(folder / INDEX)
    named = [name for name, entry in index.items() if _is_part(entry) and entry[1] is not None]
    return {folder / name for name in named if name not in LEFT_OUT}


def _is_part(entry: Any) -> bool:
    return isinstance(entry, list) and len(entry) == 2


def _class_of(name: str, entry: list[Any], parts: FolderParts) -> str | None:
    """Return the class of a part; None if it is not used.

    Raises:
        ModelRefusedError: it is not a class that this part may have.
    """
    library, class_name = entry
    if class_name is None or name in LEFT_OUT:
        return None
    tokenizer = parts.tokenizers.get(name)
    known = parts.networks.get(name) or (tokenizer.classes if tokenizer is not None else ())
    fits = class_name in known or (name == _SCHEDULER and str(class_name).endswith("Scheduler"))
    if library not in _LIBRARIES or not fits:
        choices = f"; those that are opened: {', '.join(known)}" if known else ""
        raise ModelRefusedError(f"{INDEX} makes {name} a {library}.{class_name}{choices}")
    return str(class_name)


def _check(folder: Path, name: str, class_name: str, parts: FolderParts) -> None:
    """Refuse a part that is incomplete or damaged, before it is loaded."""
    if not folder.is_dir():
        raise ModelRefusedError(f"its part {name} is missing; copy the model again")
    if name in parts.networks:
        check_network(folder, parts.networks[name][class_name])
    elif name in parts.tokenizers:
        tokenizer = parts.tokenizers[name]
        encoder = folder.parent / tokenizer.encoder / CONFIG
        check_file(encoder)
        words = _vocabulary(read_json(encoder))
        tokenizer.check(folder, words if isinstance(words, int) else None)
    else:
        check_scheduler(folder, parts.scheduler)


def _vocabulary(config: Mapping[str, Any]) -> Any:
    """Return the size of a text encoder's vocabulary; None if its config lacks it.

    A model that sees, too, has the settings of its language model in `text_config`.
    """
    text = config.get("text_config")
    return config.get("vocab_size") or (text.get("vocab_size") if isinstance(text, dict) else None)
