"""Pickles model, optimizer and scheduler in the middle of training, and prints how many bytes that takes."""
# steps: 60

import hashlib
import io
import pickle

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
x = torch.randn(256, 8)
y = (x[:, 0] * x[:, 1] > 0).long()
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 60)
for phase in range(3):
    for step in range(20):
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
        print(repr(loss.item()))
    text = pickle.dumps((model, optimizer))
    print(len(text), b"trainwell" in text)
    model, optimizer = pickle.loads(text)
    buffer = io.BytesIO()
    torch.save({"model": model, "state": optimizer.state_dict(), "scheduler": scheduler.state_dict()}, buffer)
    print(len(buffer.getvalue()), sorted(vars(model)), sorted(vars(model[0])), sorted(vars(optimizer)))
    buffer.seek(0)
    model = torch.load(buffer, weights_only=False)["model"]
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 60)

digest = hashlib.sha256()
for tensor in model.state_dict().values():
    digest.update(tensor.detach().contiguous().numpy().tobytes())
digest.update(torch.get_rng_state().numpy().tobytes())
print("digest", digest.hexdigest())
