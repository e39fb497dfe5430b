"""Addresses and identifiers of CivitAI's models, as people copy them."""

import re
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

# Domains of the same service: for everyone, and for adults.
HOSTS = frozenset({"civitai.com", "www.civitai.com", "civitai.green", "civitai.red"})

# urn:air:{ecosystem}:{type}:civitai:{model}[@{version}][+{file}][.{format}], where the first four
# may be missing. Source: CivitAI's developer documentation, "AIR identifiers".
_AIR = re.compile(
    r"(?:urn:)?(?:air:)?(?:[\w.-]+:){0,2}civitai:(\d{1,15})"
    r"(?:@(\d{1,15}))?(?:\+(\d{1,15}))?(?:\.\w+)?",
    re.ASCII,
)
_PAGE = re.compile(r"/models/(\d{1,15})(?:/.*)?", re.ASCII)
_VERSION = re.compile(
    r"/(?:api/download/models|api/v1/model-versions|model-versions)/(\d{1,15})/?", re.ASCII
)
_NUMBER = re.compile(r"\d{1,15}", re.ASCII)


class Reference(NamedTuple):
    """The numbers in an address or an identifier.

    Attributes:
        host: The host of an address; "" for an identifier.
        model: The model's number; "" if only the version's is there.
        version: The version's number; "" for the newest.
        file: The file's number; "" for the primary file.
    """

    host: str
    model: str
    version: str
    file: str = ""


def read_reference(text: str, own_site: str) -> Reference | None:
    """Return what a text refers to; None if it is not of CivitAI.

    Args:
        text: The address of a model's page or download, or an AIR.
        own_site: The address of a further site that counts as CivitAI.
    """
    if match := _AIR.fullmatch(text.strip()):
        return Reference("", *(one or "" for one in match.groups()))
    bare = text.strip()
    if bare.partition("/")[0] in HOSTS:  # as browsers show an address
        bare = f"https://{bare}"
    try:
        parts = urlsplit(bare)
        host = parts.hostname or ""
    except ValueError:
        return None
    is_own = f"{parts.scheme}://{parts.netloc}" == own_site
    if not is_own and (parts.scheme not in {"http", "https"} or host not in HOSTS):
        return None
    if match := _VERSION.fullmatch(parts.path):
        return Reference(host, "", match[1])
    if match := _PAGE.fullmatch(parts.path):
        chosen = parse_qs(parts.query).get("modelVersionId", [""])[0]
        return Reference(host, match[1], chosen if _NUMBER.fullmatch(chosen) else "")
    return None
