"""The loss functions of `torch.nn.functional`: what they are given, and what they return."""

from __future__ import annotations

__all__ = ["Losses"]

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn
from torch._C._functorch import is_functorch_wrapped_tensor

from trainwell.hooks.events import LossCall as Call
from trainwell.hooks.guard import is_readable, plain
from trainwell.measures.losses import (
    describe,
    distinct_values,
    explained,
    is_one_hot,
    log_sum_error,
    row_spread,
    row_sum_error,
)
from trainwell.measures.predictions import Classified, Form, classified
from trainwell.measures.samples import every_nth
from trainwell.probes.budget import Budget
from trainwell.probes.dependence import Target, keep
from trainwell.probes.evaluations import Evaluations
from trainwell.probes.examples import ExampleWatch
from trainwell.probes.ledger import Ledger
from trainwell.probes.places import Sources, layer_below, place_of
from trainwell.probes.step_state import StepState
from trainwell.record import LossCall, Place

_CLASS_LOSSES = frozenset({"cross_entropy", "nll_loss"})
_FORMS: dict[str, Form] = {
    "cross_entropy": "logits",
    "categorical_crossentropy": "probabilities",
    "sparse_categorical_crossentropy": "probabilities",
    "nll_loss": "log_probabilities",
    "binary_cross_entropy": "probability",
    "binary_cross_entropy_with_logits": "logit",
}
_ANSWERS = 256
"""Evaluation calls of one line whose answers are judged; after that, every 16th, where the budget
has room for it."""

_JUDGING = 4e-4
"""Seconds that judging the answers of a call takes, about."""
_CLASS_LIMIT = 256
_FIRST_LOOKS = 3
_MODE_TARGETS = 4_096
"""Targets of a batch among which the most frequent one is looked for."""
_VALUE_LIMIT = 64


@dataclass
class _Site:
    """One line that calls one loss function, in one phase."""

    fact: int
    calls: int = 0
    looks: int = 0
    total: float = 0.0
    known: int = 0
    values: set[float] = field(default_factory=set)
    too_many: bool = False


class Losses:
    """Watches the loss functions.

    Args:
        ledger: where calls are recorded.
        sources: tells the user's lines.
        evaluations: is told of every result.
        here: what the running thread has gathered.
        examples: wait for their labels.
        built: tells the line that constructed a module, when that was seen.
        budget: the run's.
    """

    def __init__(
        self,
        ledger: Ledger,
        sources: Sources,
        evaluations: Evaluations,
        here: StepState,
        examples: ExampleWatch,
        built: Callable[[nn.Module], Place | None],
        budget: Budget,
    ) -> None:
        self._ledger = ledger
        self._examples = examples
        self._built = built
        self._budget = budget
        self._sources = sources
        self._evaluations = evaluations
        self._here = here
        self._sites: dict[tuple[str, str, int, str], _Site] = {}
        self._familiar: dict[str, tuple[str, int]] = {}
        self._evaluated: dict[tuple[str, tuple[tuple[str, int], ...]], _Site] = {}
        self.looking = False
        """Measure every call: the next backward is to be looked at."""

    def quick(self, name: str, args: tuple[Any, ...], result: Any) -> bool:
        """Take in a loss between samples, when only its value counts.

        The line of a training loss is taken to be the usual one.
        """
        if (
            self.looking
            or self._examples.waiting
            or type(result) is not torch.Tensor
            or result.dim()
            or not result.is_cpu
            or is_functorch_wrapped_tensor(result)
            or not args
            or type(args[0]) is not torch.Tensor
        ):
            return False
        if not result.requires_grad:
            return self._quick_evaluation(name, args[0], result)
        where = self._familiar.get(name)
        if where is None:
            return False
        rows = args[0].shape[0] if args[0].dim() else 1
        self._evaluations.add_training(name, where, result.item(), rows)
        return True

    def _quick_evaluation(self, name: str, prediction: torch.Tensor, result: torch.Tensor) -> bool:
        lines = self._sources.chain(4)
        site = self._evaluated.get((name, lines))
        if site is None:
            return False
        calls = site.calls + 1
        if not calls & (calls - 1) or (name in _FORMS and self._judges(calls)):
            return False
        site.calls = calls
        value = result.item()
        if math.isfinite(value):
            site.total += value
            site.known += 1
        rows = prediction.shape[0] if prediction.dim() else 1
        self._evaluations.saw(name, lines, value, rows)
        return True

    def link(self, fact: int, objective: int, prediction: int | None) -> None:
        """Record which objective a loss belongs to, and what made its prediction."""
        known = self._ledger.run.losses[fact]
        if known.prediction_operation is None and prediction is not None:
            known = self._ledger.change(known, prediction_operation=prediction)
        self._ledger.change(known, objective=objective)

    def finish(self) -> None:
        """Record the counts."""
        for site in self._sites.values():
            self._count(site)

    def _count(self, site: _Site) -> None:
        known = self._ledger.run.losses[site.fact]
        value = site.total / site.known if site.known else None
        self._ledger.change(known, looks=site.looks, value=value)

    def saw(self, call: Call) -> None:
        """Take in a call of a loss function."""
        name, wrapped = call.name, call.result
        prediction, target, result = plain(call.prediction), plain(call.target), plain(wrapped)
        if not is_readable(prediction) or not is_readable(result):
            return
        if not is_readable(target):
            target = None
        training = call.gradients and wrapped.requires_grad
        frame = self._sources.frame(2)
        if frame is None:
            return
        where = (frame.f_code.co_filename, frame.f_lineno)
        key = (name, *where, "training" if training else "evaluation")
        site = self._sites.get(key)
        if site is None:
            site = self._sites[key] = self._new(call, where, training)
        site.calls += 1
        if self._examples.waiting:
            ignored = call.kwargs.get("ignore_index")
            self._examples.labelled(name, prediction, target, ignored, training=call.gradients)
        value = math.nan
        if result.device.type == "cpu" and result.is_floating_point():
            value = float(result.detach() if result.dim() == 0 else result.detach().mean())
        if math.isfinite(value):
            site.total += value
            site.known += 1
        rows = prediction.shape[0] if prediction.dim() else 1
        left_out = _left_out(call, target)
        answers = self._answers(site, call, prediction, target, left_out, training=training)
        if training:
            number = wrapped.grad_fn._sequence_nr() if self.looking and wrapped.grad_fn else None
            self._evaluations.add_training(name, where, value, rows, number)
        else:
            lines = self._sources.chain(2) or (where,)
            self._evaluations.saw(name, lines, value, rows, answers)
            if lines[0] == where and site.looks >= _FIRST_LOOKS:
                self._evaluated[name, lines] = site
        if training and site.looks >= _FIRST_LOOKS:
            self._familiar[name] = where
        if training and self.looking:
            node = call.prediction.grad_fn
            made = None if node is None else node._sequence_nr()
            output = call.prediction.output_nr
            self._here.losses.append(Target(site.fact, made, output, keep(target)))
        if self.looking or site.looks < _FIRST_LOOKS or not site.calls & (site.calls - 1):
            self._look(site, name, prediction, target, value, left_out)
            if answers is not None:
                self._count_classes(site, answers)

    def _answers(
        self,
        site: _Site,
        call: Call,
        prediction: torch.Tensor,
        target: Any,
        left_out: torch.Tensor | None,
        *,
        training: bool,
    ) -> Classified | None:
        """What a classifier answered, where that is to be measured."""
        form = _FORMS.get(call.name)
        if form is None or not isinstance(target, torch.Tensor):
            return None
        if call.kwargs.get("reduction") == "none" and self._reads_words():
            # A mask comes afterwards: which answers count is not known here.
            return None
        wanted = self.looking if training else self._judges(site.calls)
        return classified(prediction, target, form, left_out=left_out) if wanted else None

    def _judges(self, calls: int) -> bool:
        """Whether the answers of an evaluation call are judged."""
        if calls <= _ANSWERS:
            return True
        return not calls % 16 and not self._budget.seconds_until(_JUDGING)

    def _reads_words(self) -> bool:
        return any(network.embeddings for network in self._ledger.run.networks.values())

    def _count_classes(self, site: _Site, answers: Classified) -> None:
        known = self._ledger.run.losses[site.fact]
        if known.phase == "training":
            step = self._ledger.run.steps
            self._ledger.measure("loss", site.fact, "accuracy", step, answers.accuracy)
        counts = {label: list(row) for label, row in known.classes.items()}
        if not site.looks & (site.looks - 1):
            # The later half of the looks begins anew whenever their number has doubled.
            for row in counts.values():
                row[1:] = [0, 0, 0]
        labels = sorted({*answers.targets, *answers.predictions})
        if len({*counts, *map(str, labels)}) > _CLASS_LIMIT:
            return
        for label in labels:
            row = counts.setdefault(str(label), [0, 0, 0, 0])
            seen = answers.targets.get(label, 0)
            row[0] += seen
            row[1] += seen
            row[2] += answers.predictions.get(label, 0)
            row[3] += answers.right.get(label, 0)
        self._ledger.change(known, classes=counts)

    def _new(self, call: Call, where: tuple[str, int], training: bool) -> _Site:
        number = self._ledger.next_number("loss")
        options = {
            k: v if isinstance(v, (bool, int, float, str)) else v is not None
            for k, v in call.kwargs.items()
            if k not in ("input", "target", "reduction", "size_average", "reduce") and v is not None
        }
        prediction, target = call.prediction, call.target
        self._ledger.put(
            LossCall(
                number=number,
                function=call.name,
                phase="training" if training else "evaluation",
                place=place_of(*where),
                built_place=self._module_place(),
                reduction=str(call.kwargs.get("reduction", "mean")),
                options=options,
                prediction_shape=_shape(prediction),
                target_shape=_shape(target),
                target_floating=isinstance(target, torch.Tensor) and target.is_floating_point(),
            )
        )
        return _Site(number)

    def _module_place(self) -> Place | None:
        """The line that built the `nn` loss module that calls, if one does."""
        user = self._sources.frame(2)
        layer = None if user is None else layer_below(user)
        return None if layer is None else self._built(layer)

    def _look(
        self,
        site: _Site,
        name: str,
        prediction: torch.Tensor,
        target: Any,
        value: float,
        left_out: torch.Tensor | None,
    ) -> None:
        site.looks += 1
        known = self._ledger.run.losses[site.fact]
        seen = describe(prediction)
        changes: dict[str, Any] = {"prediction": _widen(known.prediction, seen)}
        class_dim = 1 if prediction.dim() > 1 else 0
        if name in _CLASS_LOSSES and prediction.dim() and seen["finite"] == 1:
            error = row_sum_error(prediction, class_dim)
            changes["row_sum_error"] = max(error, known.row_sum_error or 0.0)
            error = log_sum_error(prediction, class_dim)
            changes["log_sum_error"] = max(error, known.log_sum_error or 0.0)
        first = {"prediction_rms": seen["rms"], "prediction_std": seen["std"], "loss": value}
        if isinstance(target, torch.Tensor) and target.numel():
            wanted = describe(target)
            changes["target"] = _widen(known.target, wanted)
            first |= {f"target_{k}": wanted[k] for k in ("rms", "mean", "std")}
            changes |= self._target(site, known, target)
            changes |= _frequent(known, target, left_out, max(site.looks - 1, 0))
        self._spreads(site, name, prediction, target)
        if site.looks == 1:
            changes["first"] = first
        self._ledger.change(known, **changes, looks=site.looks)

    def _spreads(self, site: _Site, name: str, prediction: torch.Tensor, target: Any) -> None:
        """How much the predictions differ between examples, and how much that explains."""
        step = self._ledger.run.steps
        spread = row_spread(prediction)
        if spread is not None:
            self._ledger.measure("loss", site.fact, "row_spread", step, spread)
        if isinstance(target, torch.Tensor) and target.shape == prediction.shape:
            logits = name == "binary_cross_entropy_with_logits"
            share = explained(prediction.detach().sigmoid() if logits else prediction, target)
            if share is not None:
                self._ledger.measure("loss", site.fact, "explained", step, share)

    def _target(self, site: _Site, known: LossCall, target: torch.Tensor) -> dict[str, Any]:
        changes: dict[str, Any] = {}
        if not site.too_many:
            values = distinct_values(target)
            site.values.update(values)
            site.too_many = not values or len(site.values) > _VALUE_LIMIT
            counted = max(site.looks - 1, 0)
            spread = (known.target_spread * counted + len(values)) / (counted + 1)
            changes["target_spread"] = spread
        listed = () if site.too_many else tuple(sorted(site.values))[:32]
        changes["target_values"] = listed
        integral = not target.is_floating_point() or all(v == math.floor(v) for v in listed)
        first = site.looks == 1
        changes["target_integral"] = bool(listed) and integral
        changes["target_one_hot"] = (first or known.target_one_hot) and is_one_hot(target)
        return changes


def _left_out(call: Call, target: Any) -> torch.Tensor | None:
    """Which targets a loss leaves out: its `ignore_index`, classes and elements of weight 0."""
    if not isinstance(target, torch.Tensor) or call.name not in _FORMS:
        return None
    weight = plain(call.kwargs.get("weight"))
    found: torch.Tensor | None = None
    if call.name in _CLASS_LOSSES:
        if target.is_floating_point():
            return None
        ignored = call.kwargs.get("ignore_index", -100)
        if isinstance(ignored, int) and ignored >= 0:
            found = target == ignored
        if is_readable(weight) and weight.dim() == 1 and bool((weight == 0).any()):
            inside = target.clamp(0, len(weight) - 1)
            silent = (weight == 0).to(target.device)[inside] & (target >= 0)
            found = silent if found is None else found | silent
    elif is_readable(weight) and weight.numel() == target.numel() and bool((weight == 0).any()):
        found = (weight == 0).reshape(target.shape)
    return found


def _frequent(
    known: LossCall, target: torch.Tensor, left_out: torch.Tensor | None, before: int
) -> dict[str, Any]:
    """The most frequent target that counts, and its share; means over the looks."""
    if target.is_floating_point() or target.dtype == torch.bool:
        return {}
    flat = target.reshape(-1)
    negative = flat < 0
    ignored = negative if left_out is None else negative | left_out.reshape(-1)
    counts = every_nth(flat[~ignored], _MODE_TARGETS)
    share = float(ignored.float().mean())
    changes: dict[str, Any] = {
        "ignored_share": (known.ignored_share * before + share) / (before + 1)
    }
    if counts.numel():
        values, times = torch.unique(counts, return_counts=True)
        most = float(values[times.argmax()])
        of = float(times.max()) / counts.numel() * (1 - share)
        if known.target_mode not in (None, most):
            of = float((counts == known.target_mode).float().mean()) * (1 - share)
            most = known.target_mode or 0.0
        changes["target_mode"] = most
        changes["target_mode_share"] = (known.target_mode_share * before + of) / (before + 1)
    return changes


def _shape(value: Any) -> tuple[int, ...]:
    return tuple(value.shape) if isinstance(value, torch.Tensor) else ()


def _widen(old: dict[str, float], new: dict[str, float]) -> dict[str, float]:
    """The range over all looks; the other numbers of the latest."""
    if not old:
        return new
    low = min(old["low"], new["low"]) if math.isfinite(new["low"]) else old["low"]
    high = max(old["high"], new["high"]) if math.isfinite(new["high"]) else old["high"]
    return new | {"low": low, "high": high, "finite": min(old["finite"], new["finite"])}
