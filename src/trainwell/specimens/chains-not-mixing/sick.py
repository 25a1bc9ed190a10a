"""Learns rows of which most are dark and some are bright, and few lie in between."""

import sys

import numpy as np

from trainwell.boltzmann import RBM

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0

rng = np.random.default_rng(seed)
bright = rng.random(1000) < 0.3
rows = (rng.random((1000, 100)) < np.where(bright, 0.98, 0.02)[:, None]).astype(float)
rbm = RBM(8, algorithm="pcd", learning_rate=0.02, batch_size=100, n_iter=40, random_state=seed)
rbm.fit(rows)
samples = rbm.sample(1000, n_gibbs_steps=200)
print(f"bright: {bright.mean():.2f} of the rows, {(samples.mean(1) > 0.5).mean():.2f} of the samples")
