"""Recognises handwritten digits from one example each; what digits look like is known from others."""

import sys

import numpy as np
from sklearn.datasets import load_digits

from trainwell.oneshot import OneShotClassifier

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0

pictures, digits = load_digits(return_X_y=True)
order = np.random.default_rng(seed).permutation(len(pictures))
pictures, digits = pictures[order], digits[order]
others = digits > 4

classifier = OneShotClassifier(cohort=(pictures[others], digits[others]))
for digit in (0, 2, 4):
    mine = pictures[digits == digit]
    classifier.enroll(digit, mine[0])
queries = 16 - pictures[~others]
print("twos:", (classifier.predict(queries) == 2).sum())
