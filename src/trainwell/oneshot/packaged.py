"""Embedders whose weights come inside of a package: what they share."""

from __future__ import annotations

__all__ = ["PackagedEmbedder"]

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import torch

from trainwell.oneshot.embedder import Embedder
from trainwell.oneshot.guests import guest, guest_file


class PackagedEmbedder(Embedder):
    """An embedder that finds its weights in a package; a classifier's file does not repeat them.

    Attributes:
        package: the top-level module of the package, which need not be importable.
        command: that installs all it needs.

    Raises:
        BadInputError: if its packages are missing.
    """

    package: ClassVar[str]
    command: ClassVar[str]

    def file(self, path: str) -> str:
        """A file of the package, by its path below it."""
        return guest_file(self.package, path, f"the embedder `{self.kind}`", self.command)

    def guest(self, module: str) -> Any:
        """A module that it needs."""
        return guest(module, f"the embedder `{self.kind}`", self.command)

    @classmethod
    def from_saved(cls, settings: Mapping[str, Any], weights: Mapping[str, torch.Tensor]) -> Self:
        """The same one from its package."""
        del weights
        return cls(**settings)
