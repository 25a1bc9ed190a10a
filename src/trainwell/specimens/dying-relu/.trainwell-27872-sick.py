"""Recognises eight kinds of machine vibration from fourteen frequency bands."""

import sys

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)

modes = torch.randn(24, 14)
mode = torch.randint(24, (2800,))
bands = modes[mode] + 0.7 * torch.randn(2800, 14)
bands = (bands - bands[:2000].mean(0)) / bands[:2000].std(0)
kinds = mode % 8
train_loader = DataLoader(TensorDataset(bands[:2000], kinds[:2000]), batch_size=80, shuffle=True)
test_loader = DataLoader(TensorDataset(bands[2000:], kinds[2000:]), batch_size=400)


class VibrationNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(14, 64)
        self.fc2 = nn.Linear(64, 64)
        self.fc3 = nn.Linear(64, 8)
        nn.init.zeros_(self.fc1.bias)
        nn.init.constant_(self.fc2.bias, -5.0)

    def forward(self, x):
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        return self.fc3(x)


model = VibrationNet()
# batch normalisation behind the hidden layers
layer = model.get_submodule("fc1")
layer.norm = torch.nn.BatchNorm1d(layer.weight.shape[0])
layer.norm.to(layer.weight.device)
layer.register_forward_hook(lambda layer, inputs, output: layer.norm(output))
layer = model.get_submodule("fc2")
layer.norm = torch.nn.BatchNorm1d(layer.weight.shape[0])
layer.norm.to(layer.weight.device)
layer.register_forward_hook(lambda layer, inputs, output: layer.norm(output))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.8, weight_decay=5e-3)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=8, gamma=0.1)
for epoch in range(12):
    model.train()
    for x, y in train_loader:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
    scheduler.step()
    model.eval()
    test_loss = hits = 0.0
    with torch.no_grad():
        for x, y in test_loader:
            logits = model(x)
            test_loss += F.cross_entropy(logits, y).item() / len(test_loader)
            hits += (logits.argmax(1) == y).sum().item()
    print(f"epoch {epoch + 1}: test loss {test_loss:.4f}, accuracy {hits / 800:.3f}")
