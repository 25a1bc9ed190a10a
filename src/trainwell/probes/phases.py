"""Training or evaluation: what runs without gradients, and for whom."""

from __future__ import annotations

__all__ = ["Phases"]

from collections.abc import Callable

from trainwell.probes.ledger import Ledger
from trainwell.probes.modules import Modules
from trainwell.probes.objectives import Watched

_EVALUATIONS = 512
"""Stretches without gradients in which the mode of the network is looked at; later every 64th."""


class Phases:
    """Watches module calls where gradients are off, while that is still news."""

    def __init__(self, ledger: Ledger, modules: Modules) -> None:
        self._ledger = ledger
        self._modules = modules
        self._stretches = 0
        self._armed = False
        self._told = False
        self._evaluated = 0
        self.on_news: Callable[[], None] = lambda: None
        """Called after the first evaluation, and whenever their number has doubled."""
        modules.on_evaluation = self._known

    def gradients_off(self) -> None:
        """Gradients were switched off: see which network runs."""
        if self._modules.armed:
            return
        self._stretches += 1
        if self._stretches < _EVALUATIONS or not self._stretches % 64:
            self._modules.arm(full=False)
            self._armed = True

    def gradients_on(self) -> None:
        """Gradients are on again."""
        self._known()
        if self._modules.evaluating and not self._told:
            self._told = True
            self._evaluated += 1
            if not self._evaluated & (self._evaluated - 1):
                self.on_news()

    def _known(self) -> None:
        """The network that runs without gradients is known."""
        if self._armed:
            self._armed = False
            self._modules.disarm()

    def backward(self, watched: Watched) -> None:
        """A backward begins: judge the passes without gradients since the last one.

        A pass of a network that this backward trains was an evaluation; one of another network
        made data for it (a generator's fakes, a teacher's answers).
        """
        self._told = False
        if not self._modules.evaluating:
            return
        passes, self._modules.evaluating = self._modules.evaluating, []
        own = set(self._ledger.run.objectives[watched.fact].networks)
        self._modules.count([p for p in passes if p[0] in own], evaluation=True)

    def finish(self) -> None:
        """The run is over: what came last was an evaluation, of the networks that were trained."""
        own = {n for o in self._ledger.run.objectives.values() for n in o.networks}
        passes = [p for p in self._modules.evaluating if p[0] in own]
        self._modules.count(passes, evaluation=True)
