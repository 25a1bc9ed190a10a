"""Learns features of handwritten digits with a restricted Boltzmann machine."""

import sys

from sklearn.datasets import load_digits

from trainwell.boltzmann import RBM

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0

pictures = (load_digits().data > 7).astype(float)
rbm = RBM(64, learning_rate=5.0, batch_size=50, n_iter=20, centered=False, random_state=seed)
rbm.fit(pictures)
print(f"reconstruction error {rbm.history_.moments[-1].reconstruction_error:.4f}")
