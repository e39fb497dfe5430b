"""The pages of a search, followed by their cursors until there is enough."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from medialab.errors import RemoteError
from medialab.remote.listings import RemoteModel, Results

MODELS_A_PAGE = 100
MOST_EMPTY_PAGES = 5  # in a row; a page may hold fewer than asked for


class Page(NamedTuple):
    """One page: its models by their keys, why entries are left out, the next page's cursor."""

    models: Mapping[str, RemoteModel]
    left_out: Sequence[str]
    cursor: str


def followed(
    title: str, limit: int, cursor: str, read: Callable[[list[tuple[str, str]]], Page]
) -> Results:
    """Return the models of as many pages as give `limit` of them, or of all.

    Args:
        title: The source's name for people.
        limit: The most models.
        cursor: Where to begin; "" for the first page.
        read: Reads a page, given the parameters of the request that say which one.

    Raises:
        RemoteError: a page cannot be read, or the pages lead in a circle.
    """
    found: dict[str, RemoteModel] = {}
    left_out: list[str] = []
    seen, empty = {cursor}, 0
    while True:
        size = ("limit", str(min(limit - len(found), MODELS_A_PAGE)))
        page = read([size, ("cursor", cursor)] if cursor else [size])
        empty = 0 if page.models.keys() - found.keys() else empty + 1
        found.update(page.models)
        left_out += page.left_out
        cursor = page.cursor
        if not cursor or len(found) >= limit:
            return Results(list(found.values())[:limit], cursor, left_out)
        if cursor in seen or empty >= MOST_EMPTY_PAGES:
            message = (
                f"{title}'s pages lead in a circle after {len(found)} models; ask for fewer, "
                "or narrow the search"
            )
            raise RemoteError(message)
        seen.add(cursor)
