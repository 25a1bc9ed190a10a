"""What a network was seen to do that no single operation shows, as plain data."""

from __future__ import annotations

__all__ = ["Dependence", "Made", "Noise", "Severed"]

from dataclasses import dataclass, field

from trainwell.record.facts import Place


@dataclass(frozen=True)
class Noise:
    """A line that drops values at random.

    Attributes:
        place: the user's line.
        function: "dropout", "scaled_dot_product_attention", ...
        probability: of a value to be dropped.
        calls: how often it was seen to do so while gradients were off.
        evaluating: how often the module whose method runs there was in evaluation mode, and the
            dropout is none of its registered layers.
        explicit: the call says `training=True` itself.
        graded, graded_evaluating: the same two of calls with gradients on, of which one of several
            is looked at: scripts evaluate without `torch.no_grad()`, too.
    """

    number: int
    function: str
    place: Place = field(default_factory=Place)
    probability: float = 0.0
    calls: int = 0
    evaluating: int = 0
    explicit: bool = False
    graded: int = 0
    graded_evaluating: int = 0


@dataclass(frozen=True)
class Made:
    """A line that makes a layer anew for a forward pass.

    Attributes:
        place: the line that constructs it.
        layer: its class.
        network: number of the network in whose forward pass it is called; None outside of any.
        looks: training steps that were looked at in which a layer made there since the step before
            was called.
        chances: training steps that were looked at from the first of these on.
        first: the step of the first of these.
    """

    number: int
    layer: str
    place: Place = field(default_factory=Place)
    network: int | None = None
    looks: int = 0
    chances: int = 0
    first: int = 0


@dataclass(frozen=True)
class Severed:
    """A loss whose `backward()` reaches no parameter, although a network ran with gradients on.

    Attributes:
        place: the line that calls `backward()`.
        objective: number of the objective.
        looks: how often it was looked at.
        steps: of these, how often nothing was reached.
        cut_place: the line that most likely cuts the graph, found by reading the source from the
            call of `backward()` back; unknown where nothing is found.
        operation: what cuts it there: "argmax()", ".detach()", "torch.tensor()", ...
        hidden_place: the line that sets `requires_grad`, which keeps PyTorch from raising.
    """

    number: int
    objective: int
    place: Place = field(default_factory=Place)
    looks: int = 0
    steps: int = 0
    cut_place: Place = field(default_factory=Place)
    operation: str = ""
    hidden_place: Place = field(default_factory=Place)


@dataclass(frozen=True)
class Dependence:
    """What single rows of a loss's input depend on, measured by gradients of the live graph.

    Attributes:
        objective: number of the objective.
        loss: number of the loss call.
        kind: "rows": on other examples; "time": on later positions of the same example.
        looks: steps at which it was measured.
        found: of these, those at which a dependence was found that should not be.
        rows: length of the dimension that was looked along (examples, or positions).
        touched: other rows that the row looked at depended on, at the last find.
        itself: share of its squared gradient that came from its own row, at the last find.
        mixer: kind of the operation at which it begins, "" when not found; for "time" also where it
            is attention.
        place: the line of that operation.
        shift: for "time": how many positions ahead of its input the target lies.
    """

    number: int
    objective: int
    loss: int
    kind: str
    looks: int = 0
    found: int = 0
    rows: int = 0
    touched: int = 0
    itself: float = 1.0
    mixer: str = ""
    place: Place = field(default_factory=Place)
    shift: int = 0
