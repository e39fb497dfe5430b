"""The operations on saved pictures: found, shown, stored."""

from medialab.api.http.operation import Asked, Content, Operation
from medialab.api.messages import Answer
from medialab.api.requests import (
    FailureAnswer,
    PictureQuery,
    PictureRequest,
    PicturesAnswer,
    PicturesQuery,
    StoredAnswer,
)

_UPLOADS = ("image/png", "image/jpeg", "image/webp", "application/octet-stream")
_SHOWN = ("image/png", "image/webp", "image/jpeg", "application/json")


async def find_pictures(asked: Asked) -> Answer:
    """Search the saved pictures, newest first unless another order is asked for."""
    query = asked.query(PicturesQuery)
    return Answer(200, await asked.in_thread(asked.service.find, query))


async def show_picture(asked: Asked) -> Content:
    """Return a saved picture: its file, another format, a thumbnail or its sidecar."""
    form = asked.query(PictureQuery).form
    content, kind = await asked.in_thread(asked.service.picture, asked.parts["name"], form)
    return Content(content, kind, {"Cache-Control": "private, max-age=60"})


async def store_picture(asked: Asked) -> Answer:
    """Store a picture, such as a mask, for settings to name."""
    if asked.media_type in _UPLOADS:
        content = await asked.in_thread(asked.file.read)
        return Answer(200, await asked.in_thread(asked.service.store, content))
    request = await asked.in_thread(asked.body, PictureRequest)
    return Answer(200, await asked.in_thread(asked.service.store_given, request))


OPERATIONS = (
    Operation(
        "GET",
        "/pictures",
        find_pictures,
        {200: PicturesAnswer, 422: FailureAnswer, 500: FailureAnswer},
        query=PicturesQuery,
    ),
    Operation(
        "GET",
        "/pictures/{name}",
        show_picture,
        {200: _SHOWN, 404: FailureAnswer, 422: FailureAnswer, 500: FailureAnswer},
        query=PictureQuery,
        deep=("name",),
    ),
    Operation(
        "POST",
        "/pictures",
        store_picture,
        {
            200: StoredAnswer,
            **dict.fromkeys((400, 413, 415, 422), FailureAnswer),
        },
        bodies=(PictureRequest,),
        uploads=_UPLOADS,
    ),
)
