"""Training or evaluation: what runs without gradients, and for whom."""

from __future__ import annotations

__all__ = ["Phases"]

from collections import Counter
from collections.abc import Callable

from trainwell.probes.budget import Budget
from trainwell.probes.ledger import Ledger
from trainwell.probes.modules import Modules
from trainwell.probes.objectives import Watched
from trainwell.probes.step_state import StepState

_EVALUATIONS = 64
"""Stretches without gradients in which the mode of the network is always asked for; later when the
budget has room for it."""

_BATCHES = 15
"""Batches of an evaluation that are looked at beside its first one."""

_COST = 1e-4
"""Seconds that asking takes, caches that it empties included."""


class Phases:
    """Watches module calls where gradients are off, while that is still news."""

    def __init__(self, ledger: Ledger, modules: Modules, budget: Budget, here: StepState) -> None:
        self._ledger = ledger
        self._modules = modules
        self._budget = budget
        self._here = here
        self._stretches = 0
        self._armed = False
        self._told = False
        self._evaluated = 0
        self._taught: dict[int, int] = {}
        """The latest step of an objective before which another network ran without gradients."""
        self._more = 0
        self.copies: set[int] = set()
        """Networks that were given trained weights: an evaluation at the end may be of these."""
        self.on_news: Callable[[], None] = lambda: None
        """Called after the first evaluation, and whenever their number has doubled."""
        modules.on_evaluation = self._known

    def begins(self) -> bool:
        """Gradients were switched off; whether to see which network runs. Short steps pay this."""
        if self._modules.armed:
            return False
        self._stretches += 1
        return self._stretches < _EVALUATIONS or not self._budget.seconds_until(_COST)

    def gradients_off(self) -> None:
        """See which network runs without gradients."""
        self._modules.arm(full=False)
        self._armed = True
        # The first batch tells the mode; a few more, at ever fewer evaluations, the data.
        self._more = 0 if self._stretches & (self._stretches - 1) else _BATCHES

    @property
    def is_news(self) -> bool:
        """Whether there is something to do when gradients are on again."""
        return bool(self._armed or self._more or (self._here.evaluating and not self._told))

    def gradients_on(self) -> None:
        """Gradients are on again, and that is news."""
        self._more = 0
        self._known()
        if self._here.evaluating and not self._told:
            self._told = True
            self._evaluated += 1
            if not self._evaluated & (self._evaluated - 1):
                self.on_news()

    def _known(self) -> None:
        """The network that runs without gradients is known."""
        if self._more:
            self._more -= 1
        elif self._armed:
            self._armed = False
            self._modules.disarm()

    def backward(self, watched: Watched) -> None:
        """A backward begins: judge the passes without gradients since the last one.

        A pass of a network that this backward trains was an evaluation; one of another network
        made data for it (a generator's fakes, a teacher's answers).
        """
        self._told = False
        passes = self._here.evaluating
        if not passes:
            return
        fact = self._ledger.run.objectives[watched.fact]
        own = set(fact.networks)
        if own and any(network not in own for network, _ in passes):
            step = self._ledger.run.steps
            if self._taught.get(watched.fact) == step - 1:
                self._ledger.change(fact, taught=fact.taught + 1)
            self._taught[watched.fact] = step
        kept = Counter({p: times for p, times in passes.items() if p[0] in own})
        passes.clear()
        self._modules.count(kept, evaluation=True)

    def finish(self) -> None:
        """The run is over: what came last was an evaluation, of the networks that were trained."""
        own = {n for o in self._ledger.run.objectives.values() for n in o.networks} | self.copies
        passes = {p: times for p, times in self._here.evaluating.items() if p[0] in own}
        self._modules.count(Counter(passes), evaluation=True)
