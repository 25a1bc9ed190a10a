"""Learns a density of the measurements of wines with Gaussian visible units."""

import sys

from sklearn.datasets import load_wine

from trainwell.boltzmann import RBM

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0

wines = load_wine().data
wines = (wines - wines.mean(0)) / wines.std(0)
rbm = RBM(12, visible="gaussian", learning_rate=2.0, batch_size=20, n_iter=20, random_state=seed)
rbm.fit(wines)
print(f"log-likelihood {rbm.score(wines):.2f}")
