"""Dies of a changed tensor in backward, under anomaly detection."""
# steps: any

import hashlib
import warnings

import torch
import torch.nn.functional as F
from torch import nn

warnings.simplefilter("error")
torch.manual_seed(0)
x = torch.randn(256, 8)
y = (x[:, 0] * x[:, 1] > 0).long()
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for step in range(30):
    loss = F.cross_entropy(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(repr(loss.item()))

digest = hashlib.sha256()
for tensor in model.state_dict().values():
    digest.update(tensor.detach().contiguous().numpy().tobytes())
print("digest", digest.hexdigest(), flush=True)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    torch.autograd.set_detect_anomaly(True)
    hidden = torch.sigmoid(model[0](x))
    loss = model[2](hidden).sum()
    hidden.add_(1)
    try:
        loss.backward()
    except RuntimeError as error:
        print(str(error).splitlines()[0])
    print(torch.is_anomaly_enabled())
    torch.autograd.set_detect_anomaly(False)
print([str(w.message).strip().splitlines()[-1] for w in caught], torch.is_anomaly_enabled())
hidden = model[1](model[0](x))
loss = model[2](hidden).sum()
with torch.no_grad():
    hidden.zero_()
loss.backward()
