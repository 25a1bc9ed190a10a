"""Has an excepthook, atexit functions, finalizers and a thread that raises."""
# steps: 30

import atexit
import hashlib
import sys
import threading
import weakref

import torch
import torch.nn.functional as F
from torch import nn

def tell(kind, error, trace):
    print("my excepthook:", kind.__name__, error, trace.tb_lineno, trace.tb_next, flush=True)

sys.excepthook = tell
threading.excepthook = lambda args: print("thread:", args.exc_type.__name__, args.exc_value)
sys.unraisablehook = lambda args: print("unraisable:", args.exc_value)
atexit.register(print, "first in, last out")
atexit.register(lambda: print("threads at exit", threading.active_count()))

class Bad:
    def __del__(self):
        raise OSError("in __del__")

torch.manual_seed(0)
x = torch.randn(256, 8)
y = (x[:, 0] * x[:, 1] > 0).long()
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
weakref.finalize(model, print, "finalized")
for step in range(30):
    loss = F.cross_entropy(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(repr(loss.item()))
Bad()
thread = threading.Thread(target=lambda: 1 / 0)
thread.start()
thread.join()

digest = hashlib.sha256()
for tensor in model.state_dict().values():
    digest.update(tensor.detach().contiguous().numpy().tobytes())
print("digest", digest.hexdigest(), flush=True)
raise RuntimeError("the end")
