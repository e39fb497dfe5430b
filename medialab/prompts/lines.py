"""Prompts from a list: one prompt per line, or flags that set several values for a line.

    a cat
    --prompt "a dog, <lora:ink:0.8>" --steps 30 --cfg_scale 6 --seed 7

Source: behaviour of AUTOMATIC1111 scripts/prompts_from_file.py, cmdargs.
"""

import shlex
from typing import Any

from medialab.errors import ConfigError, shown

# A1111's flag -> the setting, and the type of its value.
_FLAGS: dict[str, tuple[str, type]] = {
    "prompt": ("prompt", str),
    "negative_prompt": ("negative_prompt", str),
    "sampler_name": ("sampler", str),
    "steps": ("steps", int),
    "cfg_scale": ("guidance_scale", float),
    "seed": ("seed", int),
    "width": ("width", int),
    "height": ("height", int),
    "batch_size": ("batch_size", int),
}


def read_lines(text: str) -> list[dict[str, Any]]:
    """Return the settings of each line that is neither empty nor a comment (`#`).

    Args:
        text: One prompt per line; a line that begins with `--` holds flags instead.

    Raises:
        ConfigError: an unknown flag, one without a value or given twice, or a value of the wrong
            type; the message names the line.
    """
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        plain = line.strip()
        if plain and not plain.startswith("#"):
            found.append(_flags(plain, number) if plain.startswith("--") else {"prompt": plain})
    return found


def _flags(line: str, number: int) -> dict[str, Any]:
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise ConfigError(f"line {number}: {error}; close the quotes") from error
    settings: dict[str, Any] = {}
    at = 0
    while at < len(words):
        flag = words[at].removeprefix("--")
        if flag not in _FLAGS or not words[at].startswith("--"):
            known = ", ".join(f"--{name}" for name in _FLAGS)
            raise ConfigError(f"line {number}: no flag {shown(words[at])}; known: {known}")
        # As in A1111, a value needs no quotes: it runs to the next flag.
        end = next((k for k in range(at + 1, len(words)) if words[k].startswith("--")), len(words))
        value = " ".join(words[at + 1 : end])
        name, kind = _FLAGS[flag]
        if end == at + 1:
            raise ConfigError(f"line {number}: --{flag} has no value; write it after the flag")
        if name in settings:
            raise ConfigError(f"line {number}: --{flag} is given twice; remove one")
        try:
            settings[name] = kind(value)
        except ValueError as error:
            raise ConfigError(
                f"line {number}: --{flag} {shown(value)} is not {kind.__name__}"
            ) from error
        at = end
    return settings
