"""The hyperparameters that trainwell sets in a live run, whatever the script is like."""

from __future__ import annotations

__all__ = ["KNOBS", "Knob", "Seen", "default_of", "regularises", "to_settings"]

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from trainwell.errors import BadInputError, CannotApplyError
from trainwell.record import Run
from trainwell.remedies.catalogue import REMEDIES
from trainwell.remedies.clip_gradients import ClipGradients
from trainwell.remedies.dropout import Dropout
from trainwell.remedies.label_smoothing import LabelSmoothing
from trainwell.remedies.remedy import Remedy
from trainwell.remedies.resize_batches import ResizeBatches
from trainwell.remedies.survey import Survey
from trainwell.trials.tuning.domain import Choice, Domain, Range, Value
from trainwell.trials.tuning.parameter import Values
from trainwell.trials.tuning.settings import (
    OPTIMIZERS,
    SCHEDULES,
    FollowSchedule,
    RestAfter,
    SetDropout,
    SetOptimizer,
)

SCRIPT = "script"
"""A choice that leaves things as the script has them."""

_ACTIVATIONS = ("relu", "leaky_relu", "gelu", "tanh")
_INITIALISATIONS = tuple(
    f"{who}{how}" for who in ("he", "lecun", "xavier") for how in ("", "_uniform")
)
_PENALTIES = ("weight_decay", "dropout", "label_smoothing")


@dataclass(frozen=True)
class Seen:
    """What was learned of a script when it ran as it is.

    Attributes:
        run: its record.
        survey: what remedies need to know.
        epochs: passes through its training data, or its evaluations where it has no loader.
        steps: of its optimizer.
    """

    run: Run
    survey: Survey
    epochs: int
    steps: int

    @property
    def loaders(self) -> tuple[tuple[str, int], ...]:
        """(file, line) of the training loaders that make batches of a size."""
        found = {(o.file, o.line): None for o in self.survey.loaders if _sized(o)}
        return tuple(found)

    @property
    def batch_size(self) -> int | None:
        """Of the first training loader."""
        return next((o.batch_size for o in self.survey.loaders if _sized(o)), None)

    @property
    def drops(self) -> bool:
        """The script has dropout of its own."""
        return any(n.dropout for n in self.run.networks.values()) or any(
            o.kind == "dropout" for o in self.run.operations.values()
        )

    @property
    def first(self) -> Mapping[str, Any]:
        """The settings of the first optimizer."""
        return self.survey.optimizers[0].settings if self.survey.optimizers else {}


def _sized(loader: Any) -> bool:
    return loader.training and loader.batch_size is not None and not loader.sampler


@dataclass(frozen=True)
class Knob:
    """One of them.

    Attributes:
        meaning: what it is, in a few words.
        choices: the values that it can have, when it is a choice.
        low, high: the numbers that it can be between otherwise.
        open_low, open_high: the end itself is not among them.
        whole: whole numbers.
        unfit: why a script cannot have it; None when it can.
    """

    meaning: str
    choices: tuple[str, ...] = ()
    low: float = 0.0
    high: float = float("inf")
    open_low: bool = False
    open_high: bool = False
    whole: bool = False
    unfit: Callable[[Seen], str | None] = lambda _: None

    def checked(self, name: str, domain: Domain) -> Domain:
        """The domain as this knob takes it.

        Raises:
            BadInputError: if it holds a value that the knob cannot have.
        """
        if self.choices:
            wrong = (
                next((v for v in domain.values if v not in self.choices), None)
                if isinstance(domain, Choice)
                else str(domain)
            )
            if wrong is not None:
                listed = ", ".join(self.choices)
                raise BadInputError(f"`{name}` is one of {listed}; got `{wrong}`")
            return domain
        numbers = (domain.low, domain.high) if isinstance(domain, Range) else domain.values
        for number in numbers:
            if isinstance(number, str | bool) or not self._holds(number):
                left, right = "(" if self.open_low else "[", ")" if self.open_high else "]"
                raise BadInputError(
                    f"`{name}` lies in {left}{self.low:g}, {self.high:g}{right}, got `{number}`"
                )
        if self.whole and isinstance(domain, Range):
            return domain.of_whole_numbers(name)
        return domain

    def _holds(self, number: float) -> bool:
        low = number > self.low if self.open_low else number >= self.low
        high = number < self.high if self.open_high else number <= self.high
        return low and high and (not self.whole or float(number).is_integer())


def _no_batches(seen: Seen) -> str | None:
    return None if seen.loaders else "no DataLoader with a batch size feeds the training"


def _no_optimizer(seen: Seen) -> str | None:
    return None if seen.survey.optimizers else "no optimizer took a step"


def _no_dropout(seen: Seen) -> str | None:
    if seen.drops:
        return None
    try:
        Dropout().fitted(seen.run, seen.survey)
    except CannotApplyError as error:
        return str(error)
    return None


def _no_classes(seen: Seen) -> str | None:
    calls = [c.function for c in seen.run.losses.values() if c.phase == "training"]
    return None if any("cross_entropy" in c for c in calls) else "the loss is no cross-entropy"


def _no_activation(seen: Seen) -> str | None:
    reasons = []
    for name in _ACTIVATIONS:
        try:
            REMEDIES[f"use_{name}"]().fitted(seen.run, seen.survey)
        except CannotApplyError as error:
            reasons.append(str(error))
        else:
            return None
    return reasons[0]


def _no_epochs(seen: Seen) -> str | None:
    return None if seen.epochs > 1 else "neither a DataLoader nor evaluations tell epochs apart"


KNOBS: dict[str, Knob] = {
    "activation": Knob("hidden activation", (*_ACTIVATIONS, SCRIPT), unfit=_no_activation),
    "batch_size": Knob("examples in a training batch", low=1, whole=True, unfit=_no_batches),
    "beta1": Knob("decay of Adam's mean", high=1, open_high=True, unfit=_no_optimizer),
    "beta2": Knob("decay of Adam's square", high=1, open_high=True, unfit=_no_optimizer),
    "clip": Knob("longest gradient", open_low=True, unfit=_no_optimizer),
    "dropout": Knob("share that is dropped", high=1, open_high=True, unfit=_no_dropout),
    "epochs": Knob("epochs until the weights rest", low=1, whole=True, unfit=_no_epochs),
    "initialisation": Knob(
        "how weights are drawn", (*_INITIALISATIONS, SCRIPT), unfit=_no_optimizer
    ),
    "label_smoothing": Knob(
        "share of a label's probability", high=1, open_high=True, unfit=_no_classes
    ),
    "lr": Knob("learning rate", open_low=True, unfit=_no_optimizer),
    "momentum": Knob("momentum of SGD and RMSprop", high=1, open_high=True, unfit=_no_optimizer),
    "optimizer": Knob("optimizer", (*OPTIMIZERS, SCRIPT), unfit=_no_optimizer),
    "schedule": Knob("the rate over time", (*SCHEDULES, SCRIPT), unfit=_no_optimizer),
    "weight_decay": Knob("pull towards 0", unfit=_no_optimizer),
}
"""By the name that `--param` takes."""


def to_settings(values: Values, seen: Seen) -> list[Remedy]:
    """What makes a live run have these values.

    Args:
        values: of `KNOBS`.
        seen: of the script as it is.
    """
    given: dict[str, Any] = {k: v for k, v in values.items() if v != SCRIPT}
    found: list[Remedy] = []
    optimizer = {
        "kind": given.get("optimizer"),
        "rate": given.get("lr"),
        "weight_decay": given.get("weight_decay"),
        "momentum": given.get("momentum"),
        "beta1": given.get("beta1"),
        "beta2": given.get("beta2"),
    }
    if any(v is not None for v in optimizer.values()):
        found.append(SetOptimizer(**optimizer))
    if "batch_size" in given:
        found.append(ResizeBatches(int(given["batch_size"]), seen.loaders))
    if "schedule" in given:
        size = seen.batch_size
        share = 1.0 if size is None else size / int(given.get("batch_size", size))
        found.append(FollowSchedule(given["schedule"], max(1, round(seen.steps * share))))
    if "initialisation" in given:
        who, _, how = str(given["initialisation"]).partition("_")
        kind: Any = REMEDIES[f"initialise_{who}"]
        found.append(kind(how or "normal").fitted(seen.run, seen.survey))
    if "activation" in given:
        found += _activation(str(given["activation"]), seen)
    if "dropout" in given and seen.drops:
        found.append(SetDropout(given["dropout"]))
    elif given.get("dropout"):
        found.append(Dropout(given["dropout"]).fitted(seen.run, seen.survey))
    if given.get("label_smoothing"):
        found.append(LabelSmoothing(given["label_smoothing"]))
    if "clip" in given:
        found.append(ClipGradients(given["clip"]))
    if "epochs" in given:
        found.append(RestAfter(int(given["epochs"]), seen.loaders, seen.epochs, seen.steps))
    return found


def _activation(name: str, seen: Seen) -> list[Remedy]:
    try:
        return [REMEDIES[f"use_{name}"]().fitted(seen.run, seen.survey)]
    except CannotApplyError:
        # It is what the script has: elsewhere the parameter was refused as a whole.
        return []


def default_of(name: str, seen: Seen) -> Value | None:
    """The value that the script itself has; None where that is not known."""
    settings = seen.first
    if name in ("beta1", "beta2"):
        betas = settings.get("betas")
        return None if betas is None else float(betas[name == "beta2"])
    if name == "optimizer":
        kinds = {made: short for short, (made, _) in OPTIMIZERS.items()}
        return kinds.get(seen.survey.optimizers[0].kind) if seen.survey.optimizers else None
    if name in ("lr", "weight_decay", "momentum"):
        value = settings.get(name)
        return None if value is None else float(value)
    if name == "batch_size":
        return seen.batch_size
    if name == "epochs":
        return seen.epochs or None
    if name == "dropout":
        shares = {float(p) for n in seen.run.networks.values() for p in n.dropout.values()}
        # Calls inside forward() keep their share to themselves.
        return 0.0 if not seen.drops else shares.pop() if len(shares) == 1 else None
    if name == "label_smoothing":
        for call in seen.run.losses.values():
            share = call.options.get("label_smoothing")
            if call.phase == "training" and isinstance(share, int | float):
                return float(share)
        return 0.0
    if name in ("activation", "initialisation", "schedule"):
        return SCRIPT
    return None


def regularises(values: Values, seen: Seen) -> bool:
    """Whether these values hold the network back: their cost shows early, their gain late."""
    for name in _PENALTIES:
        value = values.get(name)
        usual = default_of(name, seen)
        if isinstance(value, int | float) and value > (usual if isinstance(usual, float) else 0.0):
            return True
    return "epochs" in values or values.get("schedule", SCRIPT) not in (SCRIPT, "constant")
