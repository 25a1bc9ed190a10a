"""Uses tensors and never trains anything."""
# steps: 0

import hashlib

import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(4, 2).eval()
with torch.inference_mode():
    for _ in range(50):
        print(repr(model(torch.randn(3, 4)).sum().item()))
image = torch.randn(1, 4, requires_grad=True)
model(image)[0, 0].backward(inputs=[image])
print(image.grad.tolist())

digest = hashlib.sha256()
for tensor in model.state_dict().values():
    digest.update(tensor.detach().contiguous().numpy().tobytes())
digest.update(torch.get_rng_state().numpy().tobytes())
print("digest", digest.hexdigest())
