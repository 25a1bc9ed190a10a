"""trainwell finds out why a PyTorch network is not learning.

    with trainwell.watch(model) as run:
        train(model)
    print(run.diagnosis())

From the command line: `trainwell run train.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trainwell.diagnosis import Diagnosis
    from trainwell.errors import TrainwellError
    from trainwell.record import Run
    from trainwell.trials.answer import Answer
    from trainwell.trials.calling import treat
    from trainwell.trials.tuning.calling import tune
    from trainwell.trials.tuning.tuned import Tuned
    from trainwell.watching import Watch, watch

__all__ = [
    "Answer",
    "Diagnosis",
    "Run",
    "TrainwellError",
    "Tuned",
    "Watch",
    "treat",
    "tune",
    "watch",
]

_HOMES = {
    "Answer": "trainwell.trials.answer",
    "Diagnosis": "trainwell.diagnosis",
    "Run": "trainwell.record",
    "TrainwellError": "trainwell.errors",
    "Tuned": "trainwell.trials.tuning.tuned",
    "Watch": "trainwell.watching",
    "treat": "trainwell.trials.calling",
    "tune": "trainwell.trials.tuning.calling",
    "watch": "trainwell.watching",
}


def __getattr__(name: str) -> Any:
    # Late, so that `trainwell run` starts at once.
    if name not in _HOMES:
        raise AttributeError(f"module `trainwell` has no attribute `{name}`")
    import importlib

    return getattr(importlib.import_module(_HOMES[name]), name)
