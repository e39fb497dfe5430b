"""Names that strangers gave to files, made safe for every system.

A safe name is one name, no path; it is no device of Windows, is not hidden, holds nothing that
turns or hides text, and leaves room for the endings of the notes beside a model.
"""

import re
import unicodedata
from email.message import Message
from email.utils import collapse_rfc2231_value
from pathlib import PurePosixPath

# A name has at most 255 bytes on most systems; the rest is for ".civitai.info.part.json" and "-2".
LONGEST = 200  # bytes in UTF-8
NAMELESS = "model"
_SEPARATORS = re.compile(r"[/\\]")
_RESERVED_SIGNS = re.compile(r'[<>:"|?*]')
_DEVICES = re.compile(
    r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])(?:\..*)?", re.IGNORECASE
)
_SPACES, _DOTS = re.compile(r"\s+"), re.compile(r"\.{2,}")


def safe_name(listed: str) -> str:
    """Return a safe name for a file from one that a stranger gave it; NAMELESS if nothing is left.

    The last part of a path is taken. The extension is kept.
    """
    last = next((one for one in reversed(_SEPARATORS.split(listed)) if one.strip(" .")), "")
    text = unicodedata.normalize("NFC", _SPACES.sub(" ", last))
    text = "".join(one for one in text if unicodedata.category(one)[0] != "C")
    text = _DOTS.sub(".", _RESERVED_SIGNS.sub("_", text)).rstrip(" .")
    suffix = suffix_of(f"_{text}")
    stem = text.removesuffix(suffix).strip(" .") or NAMELESS
    if _DEVICES.fullmatch(stem):
        stem = f"_{stem}"
    return _cut(stem, LONGEST - len(suffix.encode())) + suffix


def safe_path(listed: str) -> PurePosixPath:
    """Return the path of a file within a folder, each part made safe.

    Args:
        listed: A path with "/" between its parts; parts that lead elsewhere are left out.
    """
    parts = [one for one in listed.split("/") if one.strip(" .")]
    return PurePosixPath(*map(safe_name, parts or [NAMELESS]))


def suffix_of(name: str) -> str:
    """Return a name's extension, such as ".safetensors"; "" for none or an overlong one."""
    suffix = PurePosixPath(name).suffix
    return suffix if 1 < len(suffix) <= 20 else ""


def name_in(disposition: str) -> str:
    """Return the name in a Content-Disposition header, which is not safe; "" if there is none."""
    message = Message()
    try:
        message["Content-Disposition"] = disposition
        named = message.get_params([], "content-disposition")
    except (ValueError, LookupError, TypeError):
        return ""
    names = [value for key, value in named if key.lower() == "filename"]
    # `filename*=UTF-8''…` comes as a tuple, and counts before a plain `filename=`.
    best = next((one for one in names if isinstance(one, tuple)), next(iter(names), ""))
    return collapse_rfc2231_value(best)


def numbered(name: str, number: int) -> str:
    """Return the name to try when others are taken: "ink-2.safetensors" with 2; the name with 1."""
    if number == 1:
        return name
    suffix = suffix_of(name)
    return f"{name.removesuffix(suffix)}-{number}{suffix}"


def _cut(text: str, most: int) -> str:
    return text.encode()[:most].decode(errors="ignore").strip(" .")
