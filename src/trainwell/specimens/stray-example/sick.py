"""Recognises handwritten digits from four examples each."""

import sys

import numpy as np
from sklearn.datasets import load_digits

from trainwell.oneshot import OneShotClassifier

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0

pictures, digits = load_digits(return_X_y=True)
order = np.random.default_rng(seed).permutation(len(pictures))

classifier = OneShotClassifier(cohort=(pictures[order[900:]], digits[order[900:]]))
for digit in (0, 4, 6):
    mine = order[:900][digits[order[:900]] == digit]
    classifier.enroll(digit, list(pictures[mine[:4]]))
wrong = order[:900][digits[order[:900]] == 4][5]
classifier.enroll(0, pictures[wrong])
print("accuracy", classifier.score(pictures[order[:9]], digits[order[:9]]))
