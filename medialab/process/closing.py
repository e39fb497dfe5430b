"""Closing: what is used in a `with` block and closed at its end."""

from abc import ABC, abstractmethod
from typing import Self


class Closing(ABC):
    """Something that a `with` block closes, whatever happens within it."""

    @abstractmethod
    def close(self) -> None:
        """Free what it holds; called at the end of the block."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()
