"""Functions that must not be called in a thread for a while: a gate stands before each of them.

Other threads of the process call them as ever. The gates stand only while somebody needs them.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

# What has the function, and its name there: a module, or a class.
Place = tuple[Any, str]


class Gates:
    """Gates before some functions.

    `places` gives where they are, and may import; `refuse` gives the error for the name of one that
    was called in spite of it.
    """

    def __init__(
        self, places: Callable[[], Iterable[Place]], refuse: Callable[[str], Exception]
    ) -> None:
        self._places, self._refuse = places, refuse
        self._guarded = threading.local()
        self._changing = threading.Lock()
        self._standing: list[tuple[Any, str, Callable[..., Any] | None, Callable[..., Any]]] = []
        self._guards = 0  # how many threads are inside; the gates stand while there is one

    @contextmanager
    def shut(self) -> Iterator[None]:
        """Within it, each of the functions raises in this thread. A thread it starts is free."""
        self._enter()
        self._guarded.depth = getattr(self._guarded, "depth", 0) + 1
        try:
            yield
        finally:
            self._guarded.depth -= 1
            self._leave()

    def _enter(self) -> None:
        """The first guard puts the gates up."""
        places = tuple(self._places())
        with self._changing:
            self._guards += 1
            if self._guards > 1:
                return
            for owner, name in places:
                own = vars(owner).get(name)
                gate = self._gate(getattr(owner, name), f"{owner.__name__}.{name}")
                # A gate is pickled by its name, as the function it stands for.
                gate.__module__, gate.__qualname__ = owner.__name__, name
                setattr(owner, name, gate)
                self._standing.append((owner, name, own, gate))

    def _leave(self) -> None:
        """The last guard takes the gates away, unless somebody replaced them in the meantime."""
        with self._changing:
            self._guards -= 1
            while not self._guards and self._standing:
                owner, name, own, gate = self._standing.pop()
                if vars(owner).get(name) is not gate:
                    continue
                if own is None:  # a class has it of another one
                    delattr(owner, name)
                else:
                    setattr(owner, name, own)

    def _gate(self, function: Callable[..., Any], name: str) -> Callable[..., Any]:
        @wraps(function)
        def gate(*arguments: Any, **settings: Any) -> Any:
            if getattr(self._guarded, "depth", 0):
                raise self._refuse(name)
            return function(*arguments, **settings)

        return gate
