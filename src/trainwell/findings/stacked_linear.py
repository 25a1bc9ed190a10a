"""NET101 stacked-linear."""

from __future__ import annotations

__all__ = ["StackedLinear"]

from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import Operation, Run, Sighting, Undecided
from trainwell.record.reading import harm, label


@frozen
class StackedLinear(Finding):
    """Linear layers in a row without a nonlinearity between them.

    What it looks for:
        A linear layer whose result reaches the next one through nothing but views, dropout and
        scaling, and nothing else, where the width between them is no bottleneck.

    Why it hurts:
        W2 (W1 x + b1) + b2 is one linear layer: the second adds parameters and no power. A whole
        network of them draws straight lines only.

    When it is not a fault:
        A factorisation through a narrower width (low rank: LoRA, bottlenecks of linear
        autoencoders), which is not reported; the output projection of PyTorch's own attention, and
        the first products of its attention and recurrent layers, which an input layer may feed.

    Sources:
        Goodfellow, Bengio & Courville 2016, "Deep learning", section 6.1; UMLAUT (Schoop et al.
        2021) reports missing activations.
    """

    code: ClassVar[str] = "NET101"
    slug: ClassVar[str] = "stacked-linear"
    confidence: ClassVar[float] = 0.95
    causes: ClassVar[tuple[str, ...]] = SYMPTOMS
    remedies: ClassVar[tuple[str, ...]] = ("insert_activation",)

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the first layer of every such pair."""
        for second in run.operations.values():
            first = self._before(run, second)
            if first is None or (first.place.layer or "").endswith("out_proj"):
                continue
            held = [run.parameters[p].name for p in second.parameters if p in run.parameters]
            if any(n.rpartition(".")[2].startswith(("weight_ih", "in_proj_")) for n in held):
                continue
            before, after = _weight(first), _weight(second)
            if before is None or after is None:
                continue
            (width, inputs), (outputs, _) = before, after
            if width < min(inputs, outputs):
                continue
            names = label(first.place, "a matrix product"), label(second.place, "the next")
            bent = any(o.kind in BENDS for o in run.operations.values())
            yield Sighting(
                first.place,
                f"no nonlinearity between {names[0]} ({inputs} to {width}) and {names[1]} ({width} "
                f"to {outputs}): together they are one linear layer ({inputs} to {outputs})",
                0,
                "warning" if bent else "error",
                {
                    "first": [inputs, width],
                    "second": [width, outputs],
                    "amounts_to": [inputs, outputs],
                },
                harm(run, run.objectives.get(first.objective)),
            )

    def _before(self, run: Run, second: Operation) -> Operation | None:
        if second.kind != "linear" or len(second.inputs) != 1:
            return None
        here = second
        for _ in range(8):
            before = run.inputs(here)
            if len(before) != 1 or len(run.consumers(before[0])) != 1:
                return None
            here = before[0]
            if here.kind == "linear":
                return here
            if here.kind not in ("dropout", "multiply", "divide", "add", "subtract"):
                return None
        return None


BENDS = frozenset(
    {"relu", "leaky_relu", "gelu", "silu", "elu", "softplus", "sigmoid", "tanh", "hardtanh"}
    | {"clamp", "max_pool", "recurrent", "attention", "exponential", "power", "absolute"}
)


def _weight(operation: Operation) -> tuple[int, int] | None:
    """(outputs, inputs) of a linear layer."""
    weight = operation.details.get("weight")
    if not isinstance(weight, list) or len(weight) != 2 or not operation.shape:
        return None
    sizes = [int(n) for n in weight if isinstance(n, int)]
    # nn.Linear keeps (out, in), a matrix by hand mostly (in, out): the result tells.
    out = operation.shape[-1]
    return (sizes[0], sizes[1]) if sizes[0] == out else (sizes[1], sizes[0])
