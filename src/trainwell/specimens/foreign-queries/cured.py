"""Recognises handwritten digits from one example each."""

import sys

import numpy as np
from sklearn.datasets import load_digits

from trainwell.oneshot import OneShotClassifier

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0

pictures, digits = load_digits(return_X_y=True)
order = np.random.default_rng(seed).permutation(len(pictures))

classifier = OneShotClassifier(cohort=(pictures[order[500:]], digits[order[500:]]))
for digit in (0, 4, 7):
    classifier.enroll(digit, pictures[order[digits[order] == digit][0]])

queries = pictures[order[:200]]
answers = classifier.predict(queries)
print("zeros:", (answers == 0).sum())
