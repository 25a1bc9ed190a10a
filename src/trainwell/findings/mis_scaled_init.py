"""NET103 mis-scaled-init."""

from __future__ import annotations

__all__ = ["MisScaledInit"]

import math
from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import Objective, Operation, Parameter, Run, Sighting, Undecided
from trainwell.record.reading import Layer, harm, is_hidden, label, layers


@frozen
class MisScaledInit(Finding):
    """Initial weights that make the signal grow or shrink from layer to layer.

    What it looks for:
        Weights, seen before their first update, whose deviation is far from what the activation
        behind them wants (He for the ReLU family, between LeCun and Xavier for the others), in a
        network whose signal then really grows or shrinks: the root mean square of what its layers
        read, layer by layer, or sigmoids and tanhs pinned from the start.

    Why it hurts:
        With a factor g a layer the signal, and the gradient on its way back, change by g to the
        power of the depth: the first loss is absurd, and for a long time learning only undoes it.

    When it is not a fault:
        Normalisation layers and residual branches absorb the scale: there the signal does not
        grow. Small weights in the last layer are good practice, and not looked at.

    Thresholds:
        ratio: how far (as a factor) a deviation must be from the wanted one; PyTorch's default is
            2.4 times smaller than He.
        growth: how far the signal must grow a layer, as a factor.
        shrinkage: how far it must shrink a layer; PyTorch's default shrinks to about 0.4 under
            ReLU, and trains well to some ten layers.
        pinned: share of saturated units at the first look that counts as pinned.

    Sources:
        LeCun et al. 1998, "Efficient backprop", section 4.6; Glorot & Bengio 2010, section 4.2;
        He et al. 2015, section 2.2.
    """

    code: ClassVar[str] = "NET103"
    slug: ClassVar[str] = "mis-scaled-init"
    causes: ClassVar[tuple[str, ...]] = (
        "zero-gradients",
        "saturated-activation",
        "dying-relu",
        "collapsed-activations",
        "vanishing-gradient",
        "exploding-gradient",
        "implausible-initial-loss",
        "learning-rate-too-high",
        *SYMPTOMS,
    )
    remedies: ClassVar[tuple[str, ...]] = (
        "initialise_he",
        "initialise_xavier",
        "initialise_lecun",
    )

    ratio: float = 3.0
    growth: float = 3.0
    shrinkage: float = 0.15
    pinned: float = 0.3

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the mis-scaled layers of each network."""
        for objective in run.objectives.values():
            found = [p for p in layers(run, objective) if p.operation.kind != "recurrent"]
            hidden = [p for p in found if is_hidden(run, p.operation)]
            if not hidden:
                continue
            if not all(p.weight.fresh for p in hidden):
                yield Undecided("the weights were not seen before their first update")
                continue
            factor = self._signal(run, found)
            for layer in hidden:
                sighting = self._judge(run, objective, layer, factor)
                if sighting is not None:
                    yield sighting

    def _signal(self, run: Run, found: list[Layer]) -> float:
        """Geometric mean factor by which the signal changes from layer to layer at the start."""
        sizes = [s for p in found if (s := _input(run, p.operation)) > 0]
        if len(sizes) < 2:
            return 1.0
        return math.pow(sizes[-1] / sizes[0], 1 / (len(sizes) - 1))

    def _judge(
        self, run: Run, objective: Objective, layer: Layer, factor: float
    ) -> Sighting | None:
        weight = layer.weight
        # What is to be changed stands where the layer is made, not where it is called.
        place = weight.place if weight.place.file is not None else layer.operation.place
        activation = _activation(run, layer.operation)
        kind = "none" if activation is None else activation.kind
        scheme, wanted = _wanted(kind, weight)
        std = weight.start.get("std", math.nan)
        ratio = std / wanted if wanted > 0 else math.nan
        pinned = 0.0
        if activation is not None and kind in ("sigmoid", "tanh"):
            first = run.series("operation", activation.number, "saturated_share").finite[:1]
            pinned = first[0] if first else 0.0
        grows = ratio > self.ratio and factor > self.growth
        shrinks = ratio < 1 / self.ratio and factor < self.shrinkage
        if not grows and not shrinks and not (ratio > self.ratio and pinned > self.pinned):
            return None
        change = (
            f"{pinned:.0%} of its {kind} units are pinned from the start"
            if not grows and not shrinks
            else f"the signal {'grows' if grows else 'shrinks'} {factor:.3g}-fold a layer"
        )
        lost = harm(run, objective)
        return Sighting(
            place,
            f"the initial weights of {label(place)} look like {looks_like(weight)}, with deviation "
            f"{std:.3g}: {ratio:.3g} times the {wanted:.3g} ({scheme}) that {_before(kind)} wants; "
            f"{change}",
            0,
            "error" if lost > 0.3 else "warning",
            {
                "std": std,
                "wanted": wanted,
                "wants": scheme,
                "looks_like": looks_like(weight),
                "signal_factor": factor,
                "pinned_share": pinned,
            },
            lost,
        )


_BETWEEN = frozenset(["batch_norm", "layer_norm", "dropout", "max_pool", "average_pool", "add"])
_RELUS = frozenset({"relu", "leaky_relu", "gelu", "silu", "elu", "softplus"})


def looks_like(weight: Parameter) -> str:
    """The scheme that a weight's first numbers fit: LeCun, Xavier or He, normal or uniform."""
    std, kurtosis = weight.start.get("std", 0.0), weight.start.get("kurtosis", math.nan)
    if not std > 0 or not weight.fan_in:
        return "a constant"
    shape = "uniform" if kurtosis < 2.3 else "normal" if 2.6 < kurtosis < 3.5 else "unknown shape"
    # The deviation of n samples is known to about 1 / sqrt(2 n).
    size = math.prod(weight.shape)
    slack = max(0.06, 3 / math.sqrt(2 * size))
    schemes = {
        "PyTorch's default": math.sqrt(1 / (3 * weight.fan_in)),
        "LeCun": math.sqrt(1 / weight.fan_in),
        "Xavier": math.sqrt(2 / (weight.fan_in + weight.fan_out)),
        "He": math.sqrt(2 / weight.fan_in),
    }
    name, wanted = min(schemes.items(), key=lambda s: abs(math.log(std / s[1])))
    if abs(std / wanted - 1) > slack:
        return f"none of LeCun, Xavier and He ({shape})"
    return f"{name} ({shape})"


def _wanted(kind: str, weight: Parameter) -> tuple[str, float]:
    if kind in _RELUS:
        return "He", math.sqrt(2 / max(weight.fan_in, 1))
    return "Xavier", math.sqrt(2 / max(weight.fan_in + weight.fan_out, 1))


def _before(kind: str) -> str:
    return "a layer without activation" if kind == "none" else f"a layer before {kind}"


def _activation(run: Run, operation: Operation) -> Operation | None:
    here = operation
    for _ in range(4):
        after = run.consumers(here)
        if len(after) != 1:
            return None
        here = after[0]
        if here.kind in _RELUS | {"sigmoid", "tanh", "hardtanh"}:
            return here
        if here.kind not in _BETWEEN:
            return None
    return None


def _input(run: Run, operation: Operation) -> float:
    """Root mean square of what a layer reads at the first look; 0 when unknown."""
    own = run.series("operation", operation.number, "input_rms").finite[:1]
    if own:
        return own[0]
    through = frozenset({"dropout", "max_pool", "average_pool", "multiply"})
    for before in run.upstream(operation, through):
        size = run.series("operation", before.number, "rms").finite[:1]
        if size:
            return size[0]
    return 0.0
