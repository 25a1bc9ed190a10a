"""A function of the user's as an embedder."""

from __future__ import annotations

__all__ = ["FunctionEmbedder"]

from collections.abc import Callable, Sequence
from typing import Any

from trainwell.oneshot.embedder import Embedder
from trainwell.oneshot.stillness import still


class FunctionEmbedder(Embedder):
    """Any function from a list of examples to a table of vectors.

    Args:
        function: from a list of examples to (examples, width).
        name: what it is called in messages; the function's own name when None.
        batch_size: examples that it is given at once.
    """

    def __init__(
        self,
        function: Callable[[Sequence[Any]], Any],
        *,
        name: str | None = None,
        batch_size: int = 64,
    ) -> None:
        own = str(getattr(function, "__qualname__", type(function).__name__))
        super().__init__(name or own, batch_size=batch_size)
        self.function = function

    def _vectors(self, examples: Sequence[Any]) -> Any:
        with still():
            return self.function(examples)
