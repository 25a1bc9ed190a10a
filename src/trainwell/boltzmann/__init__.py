"""Boltzmann machines as scikit-learn estimators: the general one, the restricted one, deep nets."""

from __future__ import annotations

from trainwell.boltzmann.machine import BoltzmannMachine
from trainwell.boltzmann.rbm import RBM

__all__ = ["RBM", "BoltzmannMachine"]
