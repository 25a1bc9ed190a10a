"""Prints what a script sees of its process: argv, path, environment, signals, threads, warnings."""
# steps: 20

import gc
import hashlib
import locale
import logging
import os
import signal
import sys
import threading
import warnings

print(sys.argv, __name__, os.path.basename(__file__), __spec__, __package__, __doc__, sorted(globals()))
print(sys.path, os.getcwd(), sorted(os.environ.items()), sys.flags, sys.warnoptions)
print([(a, str(m), c.__name__, str(d), line) for a, m, c, d, line in warnings.filters])
print([(int(s), str(signal.getsignal(s))) for s in sorted(signal.valid_signals())])
print(threading.active_count(), threading.current_thread().name, sys.getrecursionlimit(), sys.getswitchinterval())
print(sys.gettrace(), sys.getprofile(), sys.excepthook is sys.__excepthook__, sys.stdout is sys.__stdout__)
print(gc.isenabled(), gc.get_threshold(), gc.callbacks, locale.setlocale(locale.LC_ALL), sys.stdout.encoding, sys.stdout.line_buffering)
print(sys.modules["__main__"].__dict__ is globals(), sys.dont_write_bytecode, sys.float_repr_style, os.umask(0o22), logging.root.handlers)
import torch
import torch.nn.functional as F
from torch import nn
torch.manual_seed(0)
x = torch.randn(256, 8)
y = (x[:, 0] * x[:, 1] > 0).long()
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for step in range(20):
    loss = F.cross_entropy(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(repr(loss.item()))
print(threading.active_count(), [(a, c.__name__) for a, _, c, _, _ in warnings.filters], logging.root.handlers)

digest = hashlib.sha256()
for tensor in model.state_dict().values():
    digest.update(tensor.detach().contiguous().numpy().tobytes())
digest.update(torch.get_rng_state().numpy().tobytes())
print("digest", digest.hexdigest())
