"""Boltzmann machines as scikit-learn estimators: the general one, the restricted one, deep nets."""

from __future__ import annotations

from trainwell.boltzmann.classification import ClassificationRBM
from trainwell.boltzmann.dbn import DBN
from trainwell.boltzmann.machine import BoltzmannMachine
from trainwell.boltzmann.rbm import RBM
from trainwell.boltzmann.saving import load, save
from trainwell.boltzmann.supervised import DBNClassifier, DBNRegressor

__all__ = [
    "DBN",
    "RBM",
    "BoltzmannMachine",
    "ClassificationRBM",
    "DBNClassifier",
    "DBNRegressor",
    "load",
    "save",
]
