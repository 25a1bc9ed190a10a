"""One-shot learning: one example of a new label is enough, on top of an embedder."""

from __future__ import annotations

from trainwell.oneshot.embedder import Embedder
from trainwell.oneshot.functions import FunctionEmbedder
from trainwell.oneshot.modules import ModuleEmbedder

__all__ = [
    "Embedder",
    "FunctionEmbedder",
    "ModuleEmbedder",
]
