"""One cycle over all batches, but stepped once an epoch: the warm-up never ends."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(4)
centres = torch.randn(12, 16)
which = torch.randint(12, (1800,))
data = TensorDataset(centres[which] + 0.8 * torch.randn(1800, 16), which % 4)
train = DataLoader(data, 60, shuffle=True)
epochs = 12
net = nn.Sequential(nn.Linear(16, 48), nn.Tanh(), nn.Linear(48, 48), nn.Tanh(), nn.Linear(48, 4))
sgd = torch.optim.SGD(net.parameters(), lr=0.0004)
cycle = torch.optim.lr_scheduler.OneCycleLR(sgd, max_lr=0.02, epochs=epochs, steps_per_epoch=len(train))
for epoch in range(epochs):
    total = 0.0
    for features, labels in train:
        loss = nn.functional.cross_entropy(net(features), labels)
        loss.backward()
        sgd.step()
        sgd.zero_grad()
        total += loss.item()
    cycle.step()  # FAULT
    print(f"{epoch} {total / len(train):.4f}")
