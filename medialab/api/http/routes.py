"""The table of everything that is served; /openapi.json is made from it.

A new group of operations is a file with `OPERATIONS` and a line here.
"""

import re
from collections.abc import Iterable, Mapping

from medialab.api.http import a1111, asking_jobs, making, showing_pictures, telling
from medialab.api.http.operation import Operation

ROUTES: tuple[Operation, ...] = (
    *making.OPERATIONS,
    *asking_jobs.OPERATIONS,
    *showing_pictures.OPERATIONS,
    *telling.OPERATIONS,
    *a1111.OPERATIONS,
)


def by_path(operations: Iterable[Operation]) -> dict[str, dict[str, Operation]]:
    """Return the operations of each path by their method, in the order of the table."""
    found: dict[str, dict[str, Operation]] = {}
    for one in operations:
        found.setdefault(one.path, {})[one.method] = one
    return found


def pattern_of(path: str, operations: Mapping[str, Operation]) -> str:
    """Return the regular expression of a path, with a named group for each part."""
    deep = {name for one in operations.values() for name in one.deep}

    def part(text: str) -> str:
        if not text.startswith("{"):
            return re.escape(text)
        name = text.strip("{}")
        return rf"(?P<{name}>{'.+' if name in deep else '[^/]+'})"

    return "/".join(map(part, path.split("/")))
