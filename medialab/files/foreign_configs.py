"""Checks on the configs of transformers' models of any class.

No table covers every class, so the rules go by the names of settings: a number of heads or groups
must not be zero, a number of layers is limited by the weights in the folder, a picture's side by
what is drawn. A reference to a model elsewhere is refused, since the library would download it.
"""

import importlib.util
import math
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from medialab.errors import ModelRefusedError
from medialab.files.opening import check_file
from medialab.files.part_configs import (
    LARGEST_TOKENIZER,
    Shapes,
    read_json,
    refuse_adapter,
    shapes_of,
)

# Names of settings: numbers of layers, divisors, and sides of pictures.
_LAYERS = re.compile(r"(^|_)(layers|blocks|depths?)$|^num_hidden_layers$|_num_layers$")
_DIVISORS = re.compile(r"(^|_)(heads|groups|patch_size|stride|strides)$")
_SIDES = re.compile(r"(^|_)(image_size|patch_size)$")
LARGEST_SIDE = 8_192  # pixels
LARGEST_NUMBER = 10_000_000  # of any setting; the largest positional scales have a tenth
_ROOM = 1.5  # tolerance, since weights that layers share are saved only once
_DEEPEST = 12  # levels of nested settings
# Settings for preparing pictures; every published config has at least one of these.
_PREPARING = ("size", "do_resize", "do_normalize", "image_mean", "do_rescale")
_PROCESSORS = ("preprocessor_config.json", "processor_config.json")
_WORDS = (("tokenizer.json",), ("vocab.json", "merges.txt"), ("vocab.txt",), ("spiece.model",))


def check_foreign(folder: Path, *, prepares: bool, reads_text: bool) -> None:
    """Check the folder of a transformers model.

    Args:
        folder: The folder, with config.json and weights.
        prepares: Whether the library prepares pictures for it, so that it needs a preprocessor.
        reads_text: Whether it reads text, so that it needs a tokenizer.

    Raises:
        ModelRefusedError: it refers to files elsewhere, lacks a part, or has an impossible setting;
            the message names the file and the setting.
    """
    refuse_adapter(folder)
    shapes = shapes_of(folder)
    for path in sorted(folder.glob("*.json")):
        if path.name.endswith("config.json"):
            _refuse_code_elsewhere(path, read_json(path))
    path = folder / "config.json"
    config = read_json(path)
    for name, within in _parts(path, config):
        _refuse_backbone(path, name, within)
    for name, value in _settings(path, config):
        _check_setting(path, name, value, shapes)
    if prepares:
        _check_processor(folder)
    if reads_text:
        _check_words(folder)


def refuse_larger(folder: Path, make: Callable[[], Any]) -> None:
    """Refuse a config whose network has more parameters than the weights in its folder.

    Otherwise the library would allocate the missing ones before it reports them.

    Args:
        folder: The model's folder.
        make: Builds the network; it is called on torch's meta device, without allocating memory.

    Raises:
        ModelRefusedError: the network has more parameters than the folder's weights.
    """
    import torch

    with torch.device("meta"):
        asked = sum(weight.numel() for weight in make().parameters())
    held = sum(math.prod(shape) for shape in shapes_of(folder).values())
    if asked > held * _ROOM:
        message = f"config.json asks for {asked:,} parameters, its weights have {held:,}"
        raise ModelRefusedError(f"{message}; copy the model again")


def _refuse_code_elsewhere(path: Path, config: Mapping[str, Any]) -> None:
    places = config.get("auto_map")
    if isinstance(places, dict) and any("--" in str(place) for place in places.values()):
        place = next(str(place) for place in places.values() if "--" in str(place))
        message = (
            f"{path.name} says that its code is elsewhere ({place[:80]}), and code of a model is "
            "never run; choose a model of a class that transformers itself has"
        )
        raise ModelRefusedError(message)


def _refuse_backbone(path: Path, name: str, config: Mapping[str, Any]) -> None:
    """Refuse a backbone given only by name: its config would be downloaded, or taken from timm."""
    backbone = config.get("backbone")
    if not backbone or isinstance(config.get("backbone_config"), dict):
        return
    if config.get("model_type") == "timm_backbone":
        return  # this is itself the config of a backbone, which timm builds if it is installed
    of_timm = config.get("use_timm_backbone", True) and "/" not in str(backbone)
    if of_timm and importlib.util.find_spec("timm") is not None:
        return
    message = (
        f"{path.name} names its backbone {str(backbone)[:80]!r}{name} and holds no "
        "backbone_config: it would be downloaded from the hub, or built by the library timm, "
        "which is not installed; choose a model whose config holds its backbone's"
    )
    raise ModelRefusedError(message)


def _parts(
    path: Path, config: Mapping[str, Any], name: str = "", depth: int = 0
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the config and every config nested in it, with its place in words."""
    if depth > _DEEPEST:
        raise ModelRefusedError(f"{path.name} has settings nested too deep")
    yield (f" of {name}" if name else ""), config
    for key, value in config.items():
        if isinstance(value, dict):
            yield from _parts(path, value, key, depth + 1)


def _settings(path: Path, config: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield every setting that is not itself a config; for a list, each of its items."""
    for _, part in _parts(path, config):
        for name, value in part.items():
            if isinstance(value, list):
                for item in value:
                    yield from ((name, one) for one in (item if isinstance(item, list) else [item]))
            elif not isinstance(value, dict):
                yield name, value


def _check_setting(path: Path, name: str, value: Any, shapes: Shapes) -> None:
    counts = bool(_LAYERS.search(name) or _DIVISORS.search(name))
    if value is None or isinstance(value, bool):
        return
    if not isinstance(value, (int, float)):
        if counts and isinstance(value, str):
            raise _refused(path, name, value, "it must be a number")
        return
    if math.isnan(value) or abs(value) > LARGEST_NUMBER:
        raise _refused(path, name, value, f"the most is {LARGEST_NUMBER}")
    if _DIVISORS.search(name) and value < 1:
        raise _refused(path, name, value, "the least is 1")
    if _LAYERS.search(name) and not 0 <= value <= len(shapes):
        raise _refused(path, name, value, f"its weights are {len(shapes)} in all")
    if _SIDES.search(name) and not 1 <= value <= LARGEST_SIDE:
        raise _refused(path, name, value, f"it must be from 1 to {LARGEST_SIDE} pixels")


def _check_processor(folder: Path) -> None:
    """Refuse a folder that does not say how pictures are prepared: defaults would be used."""
    there = [folder / name for name in _PROCESSORS if (folder / name).exists()]
    if not there:
        message = f"{_PROCESSORS[0]} is missing: it says how pictures are prepared"
        raise ModelRefusedError(f"{message}; copy the model again")
    configs = [read_json(path) for path in there]
    configs += [
        one["image_processor"] for one in configs if isinstance(one.get("image_processor"), dict)
    ]
    if not any(name in one for one in configs for name in _PREPARING):
        message = f"{there[0].name} does not say how pictures are prepared: part of it is missing"
        raise ModelRefusedError(f"{message}; copy the model again")


def _check_words(folder: Path) -> None:
    """Refuse a folder without its encoder's vocabulary, or without the tokenizer's settings."""
    if not read_json(folder / "tokenizer_config.json"):
        raise ModelRefusedError("tokenizer_config.json is empty; copy the model again")
    for names in _WORDS:
        files = [folder / name for name in names]
        if all(file.exists() for file in files):
            for file in files:
                check_file(file)
                if file.stat().st_size < 2 or file.stat().st_size > LARGEST_TOKENIZER:
                    raise ModelRefusedError(
                        f"{file.name} is not a vocabulary; copy the model again"
                    )
            return
    message = "tokenizer.json is missing: it holds the model's vocabulary"
    raise ModelRefusedError(f"{message}; copy the model again")


def _refused(path: Path, name: str, value: Any, reason: str) -> ModelRefusedError:
    return ModelRefusedError(f"{path.name} says {name} = {str(value)[:60]}: {reason}")
