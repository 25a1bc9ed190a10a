"""Recognises handwritten digits from one example each."""

import sys

import numpy as np
from sklearn.datasets import load_digits

from trainwell.oneshot import OneShotClassifier

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0

pictures, digits = load_digits(return_X_y=True)
order = np.random.default_rng(seed).permutation(len(pictures))
first = {digit: order[digits[order] == digit][0] for digit in range(10)}

classifier = OneShotClassifier(cohort=(pictures[order[500:]], digits[order[500:]]))
classifier.enroll("seven", pictures[first[7]])
classifier.enroll("zero", pictures[first[0]])
print("right:", classifier.predict(pictures[first[0]][None])[0] == "zero")
