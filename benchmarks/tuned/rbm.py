import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from trainwell.boltzmann import RBM

HIDDEN = 64
RATE = 0.05
DECAY = 0.0001
BATCH = 50
GIBBS = 1
torch.manual_seed(0)
digits = load_digits()
order = np.random.default_rng(0).permutation(len(digits.data))
x, y = digits.data[order] / 16, digits.target[order]
machine = RBM(HIDDEN, learning_rate=RATE, weight_decay=DECAY, batch_size=BATCH, n_gibbs_steps=GIBBS,
              n_iter=8, random_state=0)
features = machine.fit_transform(x[:900])
model = LogisticRegression(max_iter=300).fit(features[:300], y[:300])
chance = model.predict_proba(machine.transform(x[900:]))
loss = -np.log(np.clip(chance[np.arange(len(chance)), y[900:]], 1e-9, 1)).mean()
print("loss:", loss)
