"""Asking a network without leaving a trace: its mode and the random numbers stay as they were."""

from __future__ import annotations

__all__ = ["still"]

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch


@contextmanager
def still(*modules: torch.nn.Module) -> Iterator[None]:
    """Evaluation mode and no gradients inside; every mode and random stream restored after it.

    Args:
        modules: networks that are asked. Each of their modules gets back its own mode.
    """
    modes = [(part, part.training) for module in modules for part in module.modules()]
    state, numpy_state = random.getstate(), np.random.get_state()
    devices = list(range(torch.cuda.device_count()))
    try:
        for module in modules:
            module.eval()
        with torch.random.fork_rng(devices), torch.no_grad():
            yield
    finally:
        for part, training in modes:
            # Not `train()`, which would set the parts below it too.
            part.training = training
        random.setstate(state)
        np.random.set_state(numpy_state)
