"""Names the grower of a wine, with mixup and soft targets."""

import sys

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)
np.random.seed(seed)

x, y = load_wine(return_X_y=True)
x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.3, random_state=seed, stratify=y)
mean, std = x_train.mean(0), x_train.std(0)
x_train, x_test = torch.FloatTensor((x_train - mean) / std), torch.FloatTensor((x_test - mean) / std)
y_train, y_test = torch.LongTensor(y_train), torch.LongTensor(y_test)

model = nn.Sequential(nn.Linear(13, 24), nn.BatchNorm1d(24), nn.ReLU(), nn.Linear(24, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, nesterov=True, weight_decay=1e-3)
for epoch in range(25):
    model.train()
    for idx in torch.randperm(len(x_train)).split(31):
        mix = float(np.random.beta(0.4, 0.4))
        other = idx[torch.randperm(len(idx))]
        soft = mix * F.one_hot(y_train[idx], 3) + (1 - mix) * F.one_hot(y_train[other], 3)
        loss = F.cross_entropy(model(mix * x_train[idx] + (1 - mix) * x_train[other]), soft)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        scores = model(x_test)
        test = F.cross_entropy(scores, y_test).item()
    if epoch % 5 == 4:
        print(f"epoch {epoch + 1}: test loss {test:.4f}")
accuracy = (scores.argmax(1) == y_test).float().mean().item()
print(f"final: eval_loss={test:.4f} accuracy={accuracy:.4f} learned={(accuracy - 0.4) / 0.6:.4f}")
