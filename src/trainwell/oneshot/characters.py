"""The embedder of hand-drawn characters that comes with trainwell."""

from __future__ import annotations

__all__ = ["ASSET", "Characters", "characters"]

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self, cast

import torch

from trainwell.oneshot.embedder_files import load_embedder
from trainwell.oneshot.network import NetworkEmbedder

ASSET = Path(__file__).parent / "assets" / "characters"
"""How it was made: assets/README.md."""


def characters(*, turns: int = 1) -> NetworkEmbedder:
    """An embedder of hand-drawn characters, symbols and the like: one drawing on a plain ground.

        OneShotClassifier("characters").enroll("alpha", "alpha.png")

    Dark ink on light ground or the other way round, at any place and size of the picture. It was
    learned from 242 characters of eight alphabets of Omniglot (Lake, Salakhutdinov and Tenenbaum
    2015); docs/oneshot-examples.md says how well it tells characters of other alphabets.

    Args:
        turns: 8 for fewer errors in 8 times the time: see `NetworkEmbedder`.
    """
    embedder = cast("NetworkEmbedder", load_embedder(ASSET))
    return embedder if turns == 1 else embedder.turning()


class Characters(NetworkEmbedder):
    """Makes `characters()` known by its name; a classifier's file keeps the network itself."""

    @classmethod
    def from_saved(cls, settings: Mapping[str, Any], weights: Mapping[str, torch.Tensor]) -> Self:
        """What `characters` gives."""
        del settings, weights
        return cast("Self", characters())
