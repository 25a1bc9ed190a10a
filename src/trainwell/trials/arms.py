"""Which remedies are tried: those of the root causes, those against overfitting, or those named."""

from __future__ import annotations

__all__ = ["AS_IT_IS", "Arm", "candidates", "combine", "compatible", "prescribe"]

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from trainwell.diagnosis import Diagnosis, Entry
from trainwell.errors import CannotApplyError
from trainwell.record import Run
from trainwell.remedies.catalogue import REMEDIES
from trainwell.remedies.lower_learning_rate import LowerLearningRate
from trainwell.remedies.raise_learning_rate import RaiseLearningRate
from trainwell.remedies.remedy import Remedy
from trainwell.remedies.survey import Survey
from trainwell.trials.candidates import Candidate

AS_IT_IS = "as it is"

_EXCLUSIVE: tuple[frozenset[str], ...] = (
    frozenset({"initialise_he", "initialise_lecun", "initialise_xavier"}),
    frozenset({"use_relu", "use_leaky_relu", "use_gelu", "use_tanh"}),
    frozenset({"lower_learning_rate", "raise_learning_rate"}),
    frozenset({"scale_inputs", "scale_robustly"}),
    frozenset({"train_longer", "train_shorter"}),
    frozenset({"release_output", "use_sigmoid", "feed_logits"}),
    frozenset({"dropout", "lower_dropout"}),
)
"""Remedies of which a run can have one."""

_AT_ONCE = 6
"""Remedies that are tried at once at most."""

_VARIANTS: dict[str, tuple[Remedy, ...]] = {
    "raise_learning_rate": (RaiseLearningRate(), RaiseLearningRate(100.0)),
    "lower_learning_rate": (LowerLearningRate(), LowerLearningRate(0.01)),
}
"""Remedies that are tried with several settings: how far a rate is off is not known beforehand."""


@dataclass(frozen=True)
class Arm:
    """Remedies that are applied together; none: the script as it is.

    Attributes:
        remedies: in the order of their names, so that one set is one arm.
        candidate: what runs in the place of the script; it has no remedies then.
    """

    remedies: tuple[Remedy, ...] = ()
    candidate: Candidate | None = None

    def __post_init__(self) -> None:
        ordered = tuple(sorted(self.remedies, key=lambda r: r.name))
        object.__setattr__(self, "remedies", ordered)

    @property
    def label(self) -> str:
        """Their labels, as `--with` takes them but for the spaces."""
        if self.candidate is not None:
            return self.candidate.label
        return " + ".join(r.label for r in self.remedies) or AS_IT_IS

    @property
    def names(self) -> frozenset[str]:
        """Their names."""
        return frozenset(r.name for r in self.remedies)


def candidates(
    diagnosis: Diagnosis, survey: Survey, *, overfitting: bool = False
) -> tuple[list[Remedy], dict[str, str]]:
    """The remedies to try, fitted to the script, the most promising first.

    Args:
        diagnosis: of the run as it is.
        survey: of the same run.
        overfitting: all remedies against overfitting as well.

    Returns:
        The remedies, and the names of those that do not fit with the reason.
    """
    wanted: dict[str, None] = {}
    for entry in _by_promise(diagnosis.roots):
        wanted |= dict.fromkeys(entry.remedies)
    if overfitting:
        wanted |= {n: None for n, kind in REMEDIES.items() if kind.against_overfitting}
    return fit((n for n in wanted if n in REMEDIES), diagnosis.run, survey)


def fit(names: Iterable[str], run: Run, survey: Survey) -> tuple[list[Remedy], dict[str, str]]:
    """The remedies of these names that fit a script, and why the others do not."""
    found: list[Remedy] = []
    unfit: dict[str, str] = {}
    for name in names:
        for remedy in _VARIANTS.get(name) or (REMEDIES[name](),):
            try:
                found.append(remedy.fitted(run, survey))
            except CannotApplyError as error:
                unfit[name] = str(error)
    return found, unfit


def _by_promise(roots: Sequence[Entry]) -> list[Entry]:
    """Roots in their order, then what follows from them: a cure may work there too."""
    first = [r for r in roots if r.severity != "info"]
    remarks = [r for r in roots if r.severity == "info"]
    below = [c for r in first for c in _consequences(r)]
    return [*first, *below, *remarks]


def _consequences(entry: Entry) -> Iterable[Entry]:
    for consequence in entry.consequences:
        yield consequence
        yield from _consequences(consequence)


def compatible(remedies: Iterable[Remedy], other: Remedy) -> bool:
    """Whether a remedy can join others."""
    names = {r.name for r in remedies}
    if other.name in names:
        return False
    return not any(other.name in group and names & group for group in _EXCLUSIVE)


def prescribe(roots: Sequence[Entry], wanted: Sequence[Remedy]) -> list[Arm]:
    """What is tried at once, for faults that hide each other: no single cure shows then.

    Args:
        roots: the root causes.
        wanted: the remedies to try, the most promising first.

    Returns:
        The first remedy of every root together, and the first six that go together.
    """
    firsts: tuple[Remedy, ...] = ()
    for root in roots:
        own = [r for r in wanted if r.name in root.remedies and compatible(firsts, r)]
        firsts = (*firsts, *own[:1])
    every: tuple[Remedy, ...] = ()
    for remedy in wanted:
        if len(every) < _AT_ONCE and compatible(every, remedy):
            every = (*every, remedy)
    return [Arm(r) for r in dict.fromkeys((firsts, every)) if len(r) > 1]


def combine(best_first: Sequence[Arm]) -> list[Arm]:
    """What is tried of several arms that help: the best two together, and all that go together."""
    found: list[Arm] = []
    together: tuple[Remedy, ...] = ()
    for arm in best_first:
        if all(compatible(together, r) for r in arm.remedies):
            together = (*together, *arm.remedies)
            if len(together) > len(best_first[0].remedies):
                found.append(Arm(together))
    return found[:1] + found[-1:] if len(found) > 1 else found
