"""Learns features of handwritten digits with a restricted Boltzmann machine."""

import sys

from sklearn.datasets import load_digits

from trainwell.boltzmann import RBM

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0

digits = load_digits()
pictures = digits.data / 16
rbm = RBM(32, n_iter=5, random_state=seed)
rbm.fit(pictures)
print(f"pseudo-likelihood {rbm.history_.moments[-1].pseudo_likelihood:.2f}")
