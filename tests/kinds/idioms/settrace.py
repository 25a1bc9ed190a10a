"""Traces its own lines with sys.settrace and sys.setprofile, as coverage and debuggers do."""
# steps: 40

import collections
import hashlib
import sys

import torch
import torch.nn.functional as F
from torch import nn

lines, calls = collections.Counter(), collections.Counter()

def trace(frame, event, argument):
    if frame.f_code.co_filename != __file__:
        return None
    if event == "line":
        lines[frame.f_lineno] += 1
    return trace

def profile(frame, event, argument):
    if frame.f_code.co_filename == __file__:
        calls[event, frame.f_code.co_name] += 1

torch.manual_seed(0)
x = torch.randn(256, 8)
y = (x[:, 0] * x[:, 1] > 0).long()
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
def train():
    for step in range(40):
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        print(repr(loss.item()), sys.gettrace() is trace, sys.getprofile() is profile)

sys.settrace(trace)
sys.setprofile(profile)
train()
sys.setprofile(None)
sys.settrace(None)
print(sorted(lines.items()))
print(sorted(calls.items()))

digest = hashlib.sha256()
for tensor in model.state_dict().values():
    digest.update(tensor.detach().contiguous().numpy().tobytes())
digest.update(torch.get_rng_state().numpy().tobytes())
print("digest", digest.hexdigest())
