"""One-shot learning: one example of a new label is enough, on top of an embedder."""

from __future__ import annotations

from trainwell.oneshot.answers import Answers, Explanation, Neighbour
from trainwell.oneshot.augmentation import Augmentation
from trainwell.oneshot.calibration import Calibration
from trainwell.oneshot.characters import characters
from trainwell.oneshot.classifier import OneShotClassifier
from trainwell.oneshot.cohort import Cohort
from trainwell.oneshot.embedder import Embedder
from trainwell.oneshot.embedder_files import load_embedder, save_embedder
from trainwell.oneshot.episodes import Evaluation, evaluate_episodes
from trainwell.oneshot.examples import Sound
from trainwell.oneshot.functions import FunctionEmbedder
from trainwell.oneshot.head import Head, cut_head
from trainwell.oneshot.modules import ModuleEmbedder
from trainwell.oneshot.network import NetworkEmbedder
from trainwell.oneshot.plots import plot_confusion, plot_map, plot_reliability
from trainwell.oneshot.preparation import Preparation
from trainwell.oneshot.pretraining import pretrain
from trainwell.oneshot.saving import load, save
from trainwell.oneshot.vectors import VectorEmbedder

__all__ = [
    "Answers",
    "Augmentation",
    "Calibration",
    "Cohort",
    "Embedder",
    "Evaluation",
    "Explanation",
    "FunctionEmbedder",
    "Head",
    "ModuleEmbedder",
    "Neighbour",
    "NetworkEmbedder",
    "OneShotClassifier",
    "Preparation",
    "Sound",
    "VectorEmbedder",
    "characters",
    "cut_head",
    "evaluate_episodes",
    "load",
    "load_embedder",
    "plot_confusion",
    "plot_map",
    "plot_reliability",
    "pretrain",
    "save",
    "save_embedder",
]
