"""Gates: functions that temporarily must not be called in a certain thread.

Other threads call them as usual. The functions are replaced only while a gate is in use.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

# The module or class that has the function, and its name there.
Place = tuple[Any, str]


class Gates:
    """Gates in front of some functions.

    Args:
        places: Returns where the functions are; it may import modules.
        refuse: Returns the error to raise, given the name of the function that was called.
    """

    def __init__(
        self, places: Callable[[], Iterable[Place]], refuse: Callable[[str], Exception]
    ) -> None:
        self._places, self._refuse = places, refuse
        self._guarded = threading.local()
        self._changing = threading.Lock()
        self._standing: list[tuple[Any, str, Callable[..., Any] | None, Callable[..., Any]]] = []
        self._guards = 0  # threads inside `shut`; the functions are replaced while there is one

    @contextmanager
    def shut(self) -> Iterator[None]:
        """Make the functions raise in this thread for the block, but not in threads it starts."""
        self._enter()
        self._guarded.depth = getattr(self._guarded, "depth", 0) + 1
        try:
            yield
        finally:
            self._guarded.depth -= 1
            self._leave()

    def _enter(self) -> None:
        """Replace the functions, if this is the first thread inside."""
        places = tuple(self._places())
        with self._changing:
            self._guards += 1
            if self._guards > 1:
                return
            for owner, name in places:
                own = vars(owner).get(name)
                gate = self._gate(getattr(owner, name), f"{owner.__name__}.{name}")
                # So that a gate is pickled by name, like the function that it replaces.
                gate.__module__, gate.__qualname__ = owner.__name__, name
                setattr(owner, name, gate)
                self._standing.append((owner, name, own, gate))

    def _leave(self) -> None:
        """Restore the functions, if this is the last thread inside, unless others replaced them."""
        with self._changing:
            self._guards -= 1
            while not self._guards and self._standing:
                owner, name, own, gate = self._standing.pop()
                if vars(owner).get(name) is not gate:
                    continue
                if own is None:  # the class inherits it
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
