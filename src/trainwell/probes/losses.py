"""The loss functions of `torch.nn.functional`, wrapped: what they are given, and what they say."""

from __future__ import annotations

__all__ = ["LOSS_FUNCTIONS", "Losses"]

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812

from trainwell.measures.losses import (
    describe,
    distinct_values,
    is_one_hot,
    log_sum_error,
    row_sum_error,
)
from trainwell.measures.predictions import Classified, Form, classified
from trainwell.probes.evaluations import Evaluations
from trainwell.probes.ledger import Ledger
from trainwell.probes.places import Sources, place_of
from trainwell.record import LossCall

LOSS_FUNCTIONS = (
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cosine_embedding_loss",
    "cross_entropy",
    "ctc_loss",
    "gaussian_nll_loss",
    "hinge_embedding_loss",
    "huber_loss",
    "kl_div",
    "l1_loss",
    "margin_ranking_loss",
    "mse_loss",
    "multi_margin_loss",
    "multilabel_margin_loss",
    "multilabel_soft_margin_loss",
    "nll_loss",
    "poisson_nll_loss",
    "smooth_l1_loss",
    "soft_margin_loss",
    "triplet_margin_loss",
)
"""The functions that are wrapped; the `nn` loss modules call these."""

_CLASS_LOSSES = frozenset({"cross_entropy", "nll_loss"})
_FORMS: dict[str, Form] = {
    "cross_entropy": "logits",
    "nll_loss": "log_probabilities",
    "binary_cross_entropy": "probability",
    "binary_cross_entropy_with_logits": "logit",
}
_ANSWERS = 256
"""Evaluation calls of one line whose answers are judged; after that, every 16th."""
_CLASS_LIMIT = 256
_FIRST_LOOKS = 3
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
    """

    def __init__(self, ledger: Ledger, sources: Sources, evaluations: Evaluations) -> None:
        self._ledger = ledger
        self._sources = sources
        self._evaluations = evaluations
        self._sites: dict[tuple[str, str, int, str], _Site] = {}
        self._originals: dict[str, Callable[..., Any]] = {}
        self._familiar: dict[str, tuple[str, int]] = {}
        self.looking = False
        """Measure every call: the next backward is to be looked at."""
        self.handles: list[tuple[int, Any]] = []
        """(loss fact, autograd node of its prediction) since the last `drain`, while looking."""

    def attach(self, guard: Callable[..., None], is_active: Callable[[], bool]) -> None:
        """Wrap the functions.

        Args:
            guard: calls a function with arguments and takes care of its errors.
            is_active: the probe is watching.
        """
        for name in LOSS_FUNCTIONS:
            original = getattr(F, name)
            self._originals[name] = original
            setattr(F, name, self._wrap(name, original, guard, is_active))

    def detach(self) -> None:
        """Give the functions back."""
        for name, original in self._originals.items():
            setattr(F, name, original)
        self._originals = {}

    def _wrap(
        self,
        name: str,
        original: Callable[..., Any],
        guard: Callable[..., None],
        is_active: Callable[[], bool],
    ) -> Callable[..., Any]:
        @functools.wraps(original)
        def loss(*args: Any, **kwargs: Any) -> Any:
            result = original(*args, **kwargs)
            if not is_active() or torch.compiler.is_compiling():
                return result
            gradients = torch.is_grad_enabled()
            where = self._familiar.get(name)
            if (
                where is not None
                and gradients
                and not self.looking
                and isinstance(result, torch.Tensor)
                and result.requires_grad
                and result.dim() == 0
                and result.device.type == "cpu"
            ):
                # Between looks only the value counts; its line is taken to be the usual one.
                rows = args[0].shape[0] if args and args[0].dim() else 1
                self._evaluations.add_training(name, where, result.item(), rows)
            else:
                guard(self._saw, name, args, kwargs, result, gradients=gradients)
            return result

        # torch.jit.script compiles what stands in the namespace: give it the original.
        loss.__prepare_scriptable__ = lambda: original  # type: ignore[attr-defined]
        return loss

    def drain(self) -> list[tuple[int, Any]]:
        """The (loss fact, prediction's node) pairs since the last call."""
        found, self.handles = self.handles, []
        return found

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

    def _saw(
        self,
        name: str,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        result: Any,
        *,
        gradients: bool,
    ) -> None:
        prediction = args[0] if args else kwargs.get("input", kwargs.get("anchor"))
        target = args[1] if len(args) > 1 else kwargs.get("target")
        if not isinstance(prediction, torch.Tensor) or not isinstance(result, torch.Tensor):
            return
        training = gradients and result.requires_grad
        frame = self._sources.frame(2)
        if frame is None:
            return
        where = (frame.f_code.co_filename, frame.f_lineno)
        key = (name, *where, "training" if training else "evaluation")
        site = self._sites.get(key)
        if site is None:
            site = self._sites[key] = self._new(name, where, training, args, kwargs)
        site.calls += 1
        value = math.nan
        if result.device.type == "cpu" and result.is_floating_point():
            value = float(result.detach() if result.dim() == 0 else result.detach().mean())
        if math.isfinite(value):
            site.total += value
            site.known += 1
        rows = prediction.shape[0] if prediction.dim() else 1
        answers = self._answers(site, name, prediction, target, training=training)
        self._evaluations.saw(name, where, self._sources, value, rows, answers, training=training)
        if training and site.looks >= _FIRST_LOOKS:
            self._familiar[name] = where
        if training and self.looking:
            self.handles.append((site.fact, prediction.grad_fn))
        if self.looking or site.looks < _FIRST_LOOKS or not site.calls & (site.calls - 1):
            self._look(site, name, prediction, target, value)
            if answers is not None:
                self._count_classes(site, answers)

    def _answers(
        self, site: _Site, name: str, prediction: torch.Tensor, target: Any, *, training: bool
    ) -> Classified | None:
        """What a classifier answered, where that is to be measured."""
        form = _FORMS.get(name)
        if form is None or not isinstance(target, torch.Tensor):
            return None
        wanted = self.looking if training else site.calls <= _ANSWERS or not site.calls % 16
        return classified(prediction, target, form) if wanted else None

    def _count_classes(self, site: _Site, answers: Classified) -> None:
        known = self._ledger.run.losses[site.fact]
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

    def _new(
        self,
        name: str,
        where: tuple[str, int],
        training: bool,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> _Site:
        number = self._ledger.next_number("loss")
        options = {
            k: v if isinstance(v, (bool, int, float, str)) else v is not None
            for k, v in kwargs.items()
            if k not in ("input", "target", "reduction", "size_average", "reduce") and v is not None
        }
        prediction = args[0] if args else kwargs.get("input", kwargs.get("anchor"))
        target = args[1] if len(args) > 1 else kwargs.get("target")
        self._ledger.put(
            LossCall(
                number=number,
                function=name,
                phase="training" if training else "evaluation",
                place=place_of(*where),
                reduction=str(kwargs.get("reduction", "mean")),
                options=options,
                prediction_shape=_shape(prediction),
                target_shape=_shape(target),
                target_floating=isinstance(target, torch.Tensor) and target.is_floating_point(),
            )
        )
        return _Site(number)

    def _look(
        self,
        site: _Site,
        name: str,
        prediction: torch.Tensor,
        target: Any,
        value: float,
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
        if site.looks == 1:
            changes["first"] = first
        self._ledger.change(known, **changes, looks=site.looks)

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


def _shape(value: Any) -> tuple[int, ...]:
    return tuple(value.shape) if isinstance(value, torch.Tensor) else ()


def _widen(old: dict[str, float], new: dict[str, float]) -> dict[str, float]:
    """The range over all looks; the other numbers of the latest."""
    if not old:
        return new
    low = min(old["low"], new["low"]) if math.isfinite(new["low"]) else old["low"]
    high = max(old["high"], new["high"]) if math.isfinite(new["high"]) else old["high"]
    return new | {"low": low, "high": high, "finite": min(old["finite"], new["finite"])}
