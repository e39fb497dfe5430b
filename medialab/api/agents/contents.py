"""What a tool gives back: words, small pictures, and links to the files themselves."""

import base64
import json
from collections.abc import Mapping
from io import BytesIO
from typing import Any
from urllib.parse import quote

from mcp import types
from PIL import Image

PICTURES, SIDECARS = "medialab://pictures/", "medialab://sidecars/"
_QUALITY = 90  # of a JPEG; an agent looks at it, and the file stays as it is


def as_text(facts: Mapping[str, Any]) -> types.TextContent:
    """Return facts as JSON, which agents read."""
    return types.TextContent(type="text", text=json.dumps(facts, ensure_ascii=False, indent=1))


def shown(picture: Image.Image, side: int) -> types.ImageContent:
    """Return a picture to look at, on white where it is transparent.

    Args:
        picture: The picture.
        side: Pixels of the longer side, at most; a smaller picture keeps its size.
    """
    picture = picture.convert("RGBA")
    picture.thumbnail((side, side), Image.Resampling.LANCZOS)
    paper = Image.new("RGBA", picture.size, "white")
    paper.alpha_composite(picture)
    buffer = BytesIO()
    paper.convert("RGB").save(buffer, "JPEG", quality=_QUALITY)
    data = base64.b64encode(buffer.getvalue()).decode()
    return types.ImageContent(type="image", data=data, mime_type="image/jpeg")


def link(name: str, description: str) -> types.ResourceLink:
    """Return the link by which a client reads a picture's file."""
    return types.ResourceLink(
        type="resource_link",
        uri=PICTURES + quote(name),
        name=name,
        description=description,
        mime_type="image/png",
    )
