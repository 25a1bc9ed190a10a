"""Learns bars and stripes of 3 x 3 pixels with a restricted Boltzmann machine."""

import sys

import numpy as np

from trainwell.boltzmann import RBM

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0

lines = np.array([[(number >> bit) & 1 for bit in range(3)] for number in range(8)], float)
pictures = np.concatenate([np.repeat(lines, 3, axis=1), np.tile(lines, 3)])
pictures = np.tile(pictures, (5, 1))
rbm = RBM(8, learning_rate=0.1, schedule="constant", batch_size=16, n_iter=300, random_state=seed)
rbm.fit(pictures)
print(f"log-likelihood {rbm.score(pictures):.2f}, at best {np.log(1 / 14):.2f}")
