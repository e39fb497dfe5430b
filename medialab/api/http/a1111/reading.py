"""png-info: the settings in a picture's file."""

from typing import Any

from pydantic import BaseModel

from medialab.api.http.a1111.requests import PngInfoRequest
from medialab.api.http.operation import Asked, Operation
from medialab.api.messages import Answer, decoded
from medialab.api.requests import FailureAnswer
from medialab.artifacts.embedded import text_in
from medialab.infotext.reader import split_text


class PngInfoAnswer(BaseModel):
    """What a picture's file tells."""

    info: str
    items: dict[str, Any]
    parameters: dict[str, Any]


async def png_info(asked: Asked) -> Answer:
    """Return the text with the settings in a picture's file, and its items; empty without one."""
    content = decoded(asked.body(PngInfoRequest).image)
    return Answer(200, await asked.in_thread(_read, content))


def _read(content: bytes) -> dict[str, Any]:
    text = text_in(content, "the picture")
    if not text:
        return {"info": "", "items": {}, "parameters": {}}
    raw = split_text(text)
    prompts = {"Prompt": raw.prompt, "Negative prompt": raw.negative_prompt}
    return {"info": text, "items": {"parameters": text}, "parameters": prompts | raw.items}


OPERATIONS = (
    Operation(
        "POST",
        "/sdapi/v1/png-info",
        png_info,
        {200: PngInfoAnswer, **dict.fromkeys((400, 413, 415, 422), FailureAnswer)},
        bodies=(PngInfoRequest,),
    ),
)
