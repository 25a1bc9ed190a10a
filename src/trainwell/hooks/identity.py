"""A map whose keys are objects themselves, not what their `__eq__` and `__hash__` say.

The script's classes define these as they like: a module of `torchmetrics` hashes its state, which
does not exist yet while its own `__init__` runs.
"""

from __future__ import annotations

__all__ = ["IdentityMap"]

import weakref
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class IdentityMap(Generic[K, V]):
    """Maps living objects to values; an object that dies takes its entry with it.

    Neither the keys' `__hash__` nor their `__eq__` is called. A new object at the address of a dead
    one is another key. Keys that cannot be referenced weakly are refused by `set`.
    """

    def __init__(self) -> None:
        self._entries: dict[int, tuple[weakref.ref[K], V]] = {}

    def __len__(self) -> int:
        """The number of living keys, give or take those that are dying now."""
        return len(self._entries)

    def __contains__(self, key: object) -> bool:
        """Whether this very object is a key."""
        found = self._entries.get(id(key))
        return found is not None and found[0]() is key

    def get(self, key: K) -> V | None:
        """The value of an object, or None."""
        found = self._entries.get(id(key))
        return found[1] if found is not None and found[0]() is key else None

    def set(self, key: K, value: V) -> None:
        """Give an object a value.

        Raises:
            TypeError: if the object cannot be referenced weakly.
        """
        number = id(key)
        entries = self._entries

        def forget(reference: weakref.ref[K]) -> None:
            # Another object may have this address by now.
            found = entries.get(number)
            if found is not None and found[0] is reference:
                del entries[number]

        entries[number] = (weakref.ref(key, forget), value)

    def setdefault(self, key: K, make: Callable[[], V]) -> V:
        """The value of an object; a new one where it has none.

        Raises:
            TypeError: if the object cannot be referenced weakly.
        """
        found = self.get(key)
        if found is None:
            found = make()
            self.set(key, found)
        return found

    def items(self) -> Iterator[tuple[K, V]]:
        """The living objects with their values, in the order in which they came."""
        for reference, value in list(self._entries.values()):
            key = reference()
            if key is not None:
                yield key, value

    def values(self) -> list[V]:
        """The values, those of objects that are dying now included."""
        return [value for _, value in list(self._entries.values())]

    def clear(self) -> None:
        """Forget all."""
        self._entries.clear()
