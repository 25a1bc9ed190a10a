"""A probe on code that a test holds."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from trainwell.probes.counterfactuals import ask
from trainwell.probes.probe import Probe
from trainwell.probes.rehearsal import Rehearsal
from trainwell.record import Run


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Run]:
    """Calls a function under a probe and returns the record; errors of the probe are raised."""
    monkeypatch.setenv("TRAINWELL_DEBUG", "1")

    def run_under_probe(
        function: Callable[[], object], every: int | None = 1, probing: bool = False
    ) -> Run:
        run = Run("test", "test.py")
        probe = Probe(
            run,
            lambda facts, vitals: None,
            every=every,
            home=__file__.rpartition("/")[0],
        )
        probe.rehearsal = Rehearsal() if probing else None
        probe.attach()
        try:
            function()
        finally:
            probe.finish()
            if probe.rehearsal is not None:
                ask(probe.rehearsal, probe.ledger)
        return run

    return run_under_probe
