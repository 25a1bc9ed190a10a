"""Pretraining under trainwell's own probe, so that what goes wrong in it is found."""

from __future__ import annotations

__all__ = ["watched"]

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn

from trainwell.probes.probe import Probe, attached_probes
from trainwell.record import Run
from trainwell.record.run import new_id


@contextmanager
def watched(network: nn.Module) -> Iterator[Run | None]:
    """The record of what is trained in the block; None where a probe watches already.

    Inside `trainwell run` and `trainwell.watch` the training is in their record, and is not
    watched twice.

    Args:
        network: what is trained.
    """
    if attached := attached_probes():
        for probe in attached:
            probe.watch(network, "network")
        yield None
        return
    run = Run(new_id(), "pretraining", started=time.time())
    probe = Probe(run, _unwritten, home=os.path.dirname(os.path.abspath(__file__)))
    probe.attach()
    try:
        probe.watch(network, "network")
        yield run
    finally:
        probe.finish()
        run.ended = time.time()


def _unwritten(facts: object, vitals: object) -> None:
    """The record stays in memory."""
    del facts, vitals
