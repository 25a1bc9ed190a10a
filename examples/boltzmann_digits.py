"""Handwritten digits with Boltzmann machines: drawn, completed, classified.

    python examples/boltzmann_digits.py [SEED]

The digits are scikit-learn's (1,797 pictures of 8 x 8). Three parts: a restricted machine draws
digits and fills in lower halves from upper ones; a deep belief network, trained without labels,
classifies with 10, 100 and 1,000 labels, beside logistic regression on the pixels; and beside the
same network that starts from random weights.
"""

import sys

import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from trainwell.boltzmann import RBM, DBNClassifier

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0

digits = load_digits()
order = np.random.default_rng(seed).permutation(len(digits.data))
pictures = (digits.data[order] / 16).astype(np.float32)
labels = digits.target[order]
train, test = slice(0, 1300), slice(1300, None)


def show(rows):
    """Prints pictures side by side."""
    shades = " .:-=+*#%@"
    for line in range(8):
        print("  ".join("".join(shades[int(9 * v)] * 2 for v in row[8 * line : 8 * line + 8]) for row in rows))
    print()


rbm = RBM(128, learning_rate=0.1, batch_size=20, n_iter=100, random_state=seed).fit(pictures[train])
low, high = (rbm.log_likelihood(pictures[test].round(), m, n_temperatures=3000).value for m in ("reverse_ais", "ais"))
print(f"test log-likelihood between {min(low, high):.2f} and {max(low, high):.2f} nats\n")

print("drawn:")
show(rbm.sample(6, n_gibbs_steps=500))

print("lower halves, as they were and completed from the upper ones:")
known = np.arange(64) < 32
show(pictures[test][:6])
show(rbm.conditional_sample(pictures[test][:6], known, n_gibbs_steps=200))
completed = np.mean([rbm.conditional_sample(pictures[test], known, n_gibbs_steps=100, random_state=s) for s in range(5)], 0)
error = np.mean((completed - pictures[test])[:, 32:] ** 2)
mean = np.mean((pictures[train].mean(0) - pictures[test])[:, 32:] ** 2)
print(f"mean squared error of the lower halves {error:.4f}; of the mean picture {mean:.4f}\n")

print("test accuracy   logistic regression   DBN      random weights")
for count in (10, 100, 1000):
    some = np.concatenate([np.flatnonzero(labels[train] == d)[: count // 10] for d in range(10)])
    x, y = pictures[some], labels[some]
    scores = [LogisticRegression(max_iter=2000).fit(x, y).score(pictures[test], labels[test])]
    for pretrain in (True, False):
        network = DBNClassifier(
            (200, 100), pretrain=pretrain, n_iter=50, learning_rate=0.1, batch_size=20, random_state=seed,
            finetune_iter=60, finetune_batch_size=20, finetune_learning_rate=0.003,
        )
        network.fit(x, y, unlabelled=pictures[train])
        scores.append(network.score(pictures[test], labels[test]))
    print(f"{count:5d} labels    " + "            ".join(f"{s:.3f}" for s in scores))
