"""One-shot learning: one example of a new label is enough, on top of an embedder."""

from __future__ import annotations

from trainwell.oneshot.augmentation import Augmentation
from trainwell.oneshot.embedder import Embedder
from trainwell.oneshot.embedder_files import load_embedder, save_embedder
from trainwell.oneshot.functions import FunctionEmbedder
from trainwell.oneshot.modules import ModuleEmbedder
from trainwell.oneshot.network import NetworkEmbedder
from trainwell.oneshot.preparation import Preparation
from trainwell.oneshot.pretraining import pretrain

__all__ = [
    "Augmentation",
    "Embedder",
    "FunctionEmbedder",
    "ModuleEmbedder",
    "NetworkEmbedder",
    "Preparation",
    "load_embedder",
    "pretrain",
    "save_embedder",
]
