"""Gives modules nested, quantized, complex, boolean, empty and expanded tensors."""
# steps: 40

import hashlib
import warnings

import torch
import torch.nn.functional as F
from torch import nn

class Mixed(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(8, 16)
        self.phase = nn.Parameter(torch.randn(16, dtype=torch.complex64) * 0.1)

    def forward(self, value, mask, levels, empty, lengths):
        hidden = torch.relu(self.layer(value + levels.dequantize()))
        waves = hidden * self.phase
        return waves.abs() * mask + empty.sum()

torch.manual_seed(0)
warnings.simplefilter("ignore")
x = torch.randn(1, 8).expand(64, 8) + 0
y = torch.rand(64, 16)
mask = torch.rand(64, 16) > 0.3
levels = torch.quantize_per_tensor(torch.randn(64, 8), 0.1, 0, torch.qint8)
nested = torch.nested.nested_tensor([torch.randn(2, 8), torch.randn(3, 8)], layout=torch.jagged)
model = Mixed()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for step in range(40):
    outputs = model(x, mask, levels, torch.empty(0, 5), nested)
    loss = F.mse_loss(outputs, y) + F.mse_loss(outputs[:0], y[:0], reduction="sum")
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(repr(loss.item()))

digest = hashlib.sha256()
for tensor in model.state_dict().values():
    digest.update(tensor.detach().contiguous().numpy().tobytes())
digest.update(torch.get_rng_state().numpy().tobytes())
print("digest", digest.hexdigest())
