"""What a run consists of, as plain data: networks, operations, parameters, optimizers, losses.

Every class is frozen, holds plain numbers and strings only, and turns into JSON and back without
loss (`trainwell.record.codec`). Facts are numbered from 0 within their class and run.
"""

from __future__ import annotations

__all__ = [
    "Detail",
    "Evaluation",
    "Fact",
    "Features",
    "Inputs",
    "LossCall",
    "Network",
    "Objective",
    "Operation",
    "Optimizer",
    "Parameter",
    "Place",
]

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from trainwell.record.behaviour import Dependence, Made, Noise, Severed
    from trainwell.record.checkpoints import Checkpoint
    from trainwell.record.counterfactual import Counterfactual
    from trainwell.record.examples import Examples
    from trainwell.record.incidents import Failure, Loader, Trouble
    from trainwell.record.machines import Machine
    from trainwell.record.ranks import Rank
    from trainwell.record.recognisers import Recogniser
    from trainwell.record.sequences import Attention, Ordering, PaddingRead, Twin
    from trainwell.record.timeline import Clipping, Scheduler

Detail: TypeAlias = "None | bool | int | float | str | list[Detail] | dict[str, Detail]"
"""What a constant of a call or a piece of evidence may be: whatever JSON can hold."""


@dataclass(frozen=True)
class Place:
    """Where something is: the layer in the network, the line in the source.

    Attributes:
        layer: dotted module path as in `named_modules()`, or a description such as
            "relu after fc1"; None when unknown.
        file: path of the source file as Python reported it.
        line: line number, from 1.
        code: the text of that line, stripped.
    """

    layer: str | None = None
    file: str | None = None
    line: int | None = None
    code: str | None = None


@dataclass(frozen=True)
class Network:
    """A root module: a `torch.nn.Module` that was called by the script, not by another module.

    Attributes:
        name: the class name, or the name given to `watch`.
        place: where it was constructed, when that was seen.
        modules: number of submodules, itself included.
        parameter_count: learned numbers in all of its parameters.
        dropout: paths of Dropout submodules with p > 0, mapped to p.
        batch_norm: paths of submodules that use batch statistics in training mode.
        training_forwards: forward passes with gradients, as {"train": n, "eval": n, "mixed": n}
            by the module's mode; "mixed": the root in train mode, but some mode-sensitive
            submodule not (or the other way round).
        evaluation_forwards: the same, of passes judged to be evaluation.
        frozen: parameters with `requires_grad=False` when it was first trained in evaluation mode.
        embeddings: paths of Embedding submodules, mapped to [words, padding_idx (-1 without one)].
        norms: paths of batch norms that used their running statistics, mapped to what flowed into
            them then, at the latest look: {"shift" (distance of the channels' means from the
            running ones, in running deviations, median over the channels), "ratio" (deviation over
            the running one, median), "looks"}.
        frozen_weights: of its linear and convolutional layers, how many had weights with
            `requires_grad=False` when it was trained; `frozen_fresh` are the names of those that
            are at PyTorch's random initialisation (32 at most).
        repeated: containers that hold one module with parameters several times: {"path", "kind"
            (class of the module), "count", "parameters", "file", "line", "code"}.
        training_place, evaluation_place: the lines that last called it in the mode that does not
            fit: in evaluation mode for training, in training mode for evaluation.
    """

    number: int
    name: str
    place: Place = Place()
    modules: int = 1
    parameter_count: int = 0
    dropout: dict[str, float] = field(default_factory=dict)
    batch_norm: list[str] = field(default_factory=list)
    training_forwards: dict[str, int] = field(default_factory=dict)
    evaluation_forwards: dict[str, int] = field(default_factory=dict)
    frozen: int = 0
    embeddings: dict[str, list[int]] = field(default_factory=dict)
    norms: dict[str, dict[str, float]] = field(default_factory=dict)
    frozen_weights: int = 0
    frozen_fresh: tuple[str, ...] = ()
    repeated: tuple[dict[str, Detail], ...] = ()
    training_place: Place | None = None
    evaluation_place: Place | None = None


@dataclass(frozen=True)
class Operation:
    """One operation of the program that computed a loss, read off the autograd graph.

    Repetitions of one source line on one layer (a recurrent cell over time) are one operation.

    Attributes:
        kind: canonical name: "linear", "convolution", "relu", "softmax", "mse_loss", ...; see
            `trainwell.probes.graph`.
        name: autograd's own name of the node, for example "AddmmBackward0".
        objective: number of the `Objective` in whose graph it was first seen.
        place: layer and source line.
        inputs: numbers of the operations that it reads, views and copies skipped.
        parameters: numbers of the parameters that it reads directly.
        shape: shape of its output.
        depth: operations with parameters on the longest way from the data to here, itself included.
        details: constants of the call: {"dim": 1}, {"in_features": 64, "out_features": 10}, ...;
            "beside_data" of a product of a computed tensor with one that is none (noise, a mask).
        reads_data: it reads a tensor that no recorded operation made.
    """

    number: int
    kind: str
    name: str
    objective: int
    place: Place = Place()
    inputs: tuple[int, ...] = ()
    parameters: tuple[int, ...] = ()
    shape: tuple[int, ...] = ()
    depth: int = 0
    details: dict[str, Detail] = field(default_factory=dict)
    reads_data: bool = False


@dataclass(frozen=True)
class Parameter:
    """A learned tensor.

    Attributes:
        name: dotted path in its network, or "tensor 3 (64x10)" outside of any module.
        layer: the path of the module that holds it.
        network: number of its `Network`, or None.
        place: its layer, and the line that constructed that layer, when that was seen.
        optimizers: numbers of the optimizers that hold it.
        trainable: its `requires_grad` when last seen.
        is_weight: two or more dimensions (biases and normalisation gains are not weights).
        is_parameter: an `nn.Parameter` (else a bare leaf tensor).
        fan_in, fan_out: inputs and outputs of one unit (He et al. 2015, section 2.2).
        start: numbers of the first look, before the first update when `fresh` is true:
            {"mean", "std", "peak" (largest magnitude), "kurtosis", "distinct_rows" (share)}.
        fresh: the first look came before the parameter's first update.
        remade: a bare tensor that was another object at a later look.
        made: modules that had been built before its layer; None where that was not seen.
    """

    number: int
    name: str
    layer: str | None = None
    network: int | None = None
    place: Place = Place()
    shape: tuple[int, ...] = ()
    optimizers: tuple[int, ...] = ()
    trainable: bool = True
    is_weight: bool = False
    is_parameter: bool = True
    fan_in: int = 0
    fan_out: int = 0
    start: dict[str, float] = field(default_factory=dict)
    fresh: bool = False
    remade: bool = False
    made: int | None = None


@dataclass(frozen=True)
class Optimizer:
    """A `torch.optim.Optimizer` that took at least one step.

    Attributes:
        name: class name.
        place: where it was constructed, when that was seen; else where it was stepped.
        parameter_count: tensors that it holds.
        trainable_count: of these, how many had `requires_grad` at the last look.
        steps: calls of `step()`.
        looks: steps at which its gradients were looked at.
        empty_looks: looks at which none of its tensors had a gradient.
        never_graded: names of trainable tensors without a gradient at every look (32 at most).
        stale_looks: looks at which the gradients of the step before were still there at every
            backward between the two steps; `stale_chances` is how often that could be judged.
        crowded_looks: looks between which and the next step four or more backward passes were made;
            at `discarded_looks` of them the gradients of all but the last were gone before it came.
        settings: defaults such as {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.0}.
        made: modules that had been built before it; None where that was not seen.
        step_place: the line that calls `step()`.
        last_step: backward passes that had been made when it stepped last; 0 where unknown.
        rate_changes: how often a step used another rate than the one before; the series
            ("optimizer", number, "rate") holds the rates of all steps.
        rate_place: a line that sets the rate by hand, when it changed without a scheduler.
        discard_place: a line between `backward()` and `step()` that sets gradients to zero, where
            they were 0 at `step()`.
    """

    number: int
    name: str
    place: Place = Place()
    parameter_count: int = 0
    trainable_count: int = 0
    steps: int = 0
    looks: int = 0
    empty_looks: int = 0
    never_graded: tuple[str, ...] = ()
    stale_looks: int = 0
    stale_chances: int = 0
    crowded_looks: int = 0
    discarded_looks: int = 0
    settings: dict[str, Detail] = field(default_factory=dict)
    made: int | None = None
    step_place: Place | None = None
    last_step: int = 0
    rate_changes: int = 0
    rate_place: Place | None = None
    discard_place: Place | None = None


@dataclass(frozen=True)
class Objective:
    """One place of the script that calls `backward()` (or `torch.autograd.grad`), with its loss.

    Its loss is the series ("objective", number, "loss"): every step singly at first, later means
    of ever longer blocks, with "loss_low" and "loss_high", the extremes of each block.

    Attributes:
        place: the line that calls `backward()`.
        steps: how often it was called.
        networks: numbers of the networks that are in its graph.
        parameters: numbers of the parameters that it gives gradients to.
        root: number of the operation whose result is the loss, or None.
        created_graph: called with `create_graph=True`.
        updates: how often the parameters were seen to change between two looks; `update_looks`
            is how often that was looked at.
        stale_looks: looks at which gradients that were used in an update by hand were still there
            at the next backward; `stale_chances` is how often that could be judged.
        non_finite: {"step", "operation", "reason", "place", ...} of the first NaN or Inf loss.
        non_finite_gradient: the same of the first NaN or Inf gradient after a finite loss.
        unseen: what of this graph could not be read, in words.
        taught: how often another network had run without gradients before a step and before the
            step ahead of it: its targets come from there (a target network, a teacher).
    """

    number: int
    place: Place = Place()
    steps: int = 0
    networks: tuple[int, ...] = ()
    parameters: tuple[int, ...] = ()
    root: int | None = None
    created_graph: bool = False
    updates: int = 0
    update_looks: int = 0
    stale_looks: int = 0
    stale_chances: int = 0
    non_finite: dict[str, Detail] | None = None
    non_finite_gradient: dict[str, Detail] | None = None
    unseen: tuple[str, ...] = ()
    taught: int = 0


@dataclass(frozen=True)
class LossCall:
    """Calls of one loss function of `torch.nn.functional` from one line, in one phase.

    The series ("loss", number, "row_spread") says how much predictions differ between the examples
    of a batch, at the looks; "explained" which share of what differs between the targets they
    explain; "accuracy" is a classifier's, in training.

    Attributes:
        function: "cross_entropy", "mse_loss", ...
        phase: "training" or "evaluation".
        built_place: the line that constructed the loss module through which it was called, or None.
        looks: how many of its calls were measured.
        reduction: "mean", "sum" or "none".
        options: other arguments given, such as {"label_smoothing": 0.1, "weight": true}.
        prediction_shape, target_shape: of the first call.
        prediction, target: over all looks, {"low", "high", "mean", "std", "rms", "finite"}.
        first: of the first look alone, {"prediction_rms", "prediction_std", "target_rms",
            "target_mean", "target_std", "loss"}.
        target_integral: every target seen was a whole number.
        target_values: distinct targets, sorted, up to 32; empty when there were more.
        target_spread: mean over the looks of the distinct targets in a batch (0 when not counted).
        target_one_hot: every row of a 2-D target had one 1 and else 0.
        target_floating: the targets have a floating point type.
        row_sum_error: largest |row sum - 1| of the prediction over its class dimension, or None.
        log_sum_error: largest |log-sum-exp| of the prediction over its class dimension, or None.
        prediction_operation: number of the operation that made the prediction, or None.
        target_mode: of whole numbers, the most frequent target that the loss does not leave out.
        target_mode_share: its share of all targets, mean over the looks.
        ignored_share: share of the targets that the loss leaves out (`ignore_index`, weights of 0),
            mean over the looks.
        value: mean of the results at the looks, and in evaluation of all results.
        classes: of a classifier, label to [targets seen in all looks, and in the later half of
            the looks: targets, predictions, right predictions]; labels are text, as JSON has them.
    """

    number: int
    function: str
    phase: str
    place: Place = Place()
    built_place: Place | None = None
    objective: int | None = None
    looks: int = 0
    reduction: str = "mean"
    options: Mapping[str, Detail] = field(default_factory=dict)
    prediction_shape: tuple[int, ...] = ()
    target_shape: tuple[int, ...] = ()
    prediction: dict[str, float] = field(default_factory=dict)
    target: dict[str, float] = field(default_factory=dict)
    first: dict[str, float] = field(default_factory=dict)
    target_integral: bool = False
    target_values: tuple[float, ...] = ()
    target_spread: float = 0.0
    target_one_hot: bool = False
    target_floating: bool = False
    row_sum_error: float | None = None
    log_sum_error: float | None = None
    prediction_operation: int | None = None
    target_mode: float | None = None
    target_mode_share: float = 0.0
    ignored_share: float = 0.0
    value: float | None = None
    classes: dict[str, list[int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Features:
    """The data that an operation reads, column by column (channel by channel for pictures).

    Attributes:
        operation: number of the operation that reads them.
        place: where they are read.
        columns: how many there are; the lists hold at most 256 of them, evenly chosen.
        rows: examples seen so far.
        mean, std, low, high: of each listed column over the finite values seen.
        bulk, core: of each listed column, how far apart its 5th and 95th, and its 25th and 75th
            percentile are.
        example_norm: root mean square over rows of an example's Euclidean norm.
        non_finite: NaN and Inf values seen; `non_finite_step` is where the first was.
        is_pictures: the columns are channels.
    """

    number: int
    operation: int
    place: Place = Place()
    columns: int = 0
    rows: int = 0
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    bulk: tuple[float, ...] = ()
    core: tuple[float, ...] = ()
    example_norm: float = 0.0
    non_finite: int = 0
    non_finite_step: int | None = None
    is_pictures: bool = False


@dataclass(frozen=True)
class Evaluation:
    """One evaluation: a stretch without gradients in which a loss function was called.

    Attributes:
        step: backward passes made before it.
        key: which evaluation it is (evaluations of one key form a curve).
        loss: mean of the loss over its examples.
        training_loss: mean of the same loss function in training since the evaluation before,
            or None.
        examples: rows evaluated.
        function: the loss function's name.
        place: the line that called it.
        accuracy, confidence: of a classifier, the share of right answers and the mean probability
            of the likeliest class, each in [0, 1]; None where that was not seen.
    """

    number: int
    step: int
    key: str
    loss: float
    training_loss: float | None
    examples: int
    function: str
    place: Place = Place()
    accuracy: float | None = None
    confidence: float | None = None


@dataclass(frozen=True)
class Inputs:
    """What a network is given as its first argument, from one line and in one phase.

    The series ("inputs", number, "repeats") is the share of the rows looked at that had been seen
    in training before: from the training line it tells how much of the training data is known by
    then, from an evaluation line how much of the evaluation data was trained on.

    Attributes:
        network: number of the network.
        phase: "training" or "evaluation".
        place: the line that calls it.
        looks: calls that were looked at.
        rows: examples in them.
        columns: numbers that make up an example.
        duplicates: share of a look's rows that are equal to another one of the same look, largest
            over the looks.
        values: of all looks together, {"low", "high", "mean", "std", "rms", "finite"}.
    """

    number: int
    network: int
    phase: str
    place: Place = Place()
    looks: int = 0
    rows: int = 0
    columns: int = 0
    duplicates: float = 0.0
    values: dict[str, float] = field(default_factory=dict)


Fact: TypeAlias = (
    "Network | Operation | Parameter | Optimizer | Objective | LossCall | Features | Evaluation"
    " | Inputs | Failure | Loader | Rank | Counterfactual | Machine | Recogniser"
    " | Trouble | Noise | Made | Severed | Dependence | Examples | Scheduler | Clipping"
    " | Checkpoint | PaddingRead | Attention | Ordering | Twin"
)
"""Any of them."""
