"""Examples that networks are given, with their labels: a few hundred a side are remembered."""

from __future__ import annotations

__all__ = ["ExampleWatch"]

import math
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from trainwell.hooks.guard import is_readable, plain
from trainwell.measures import sides
from trainwell.measures.samples import every_nth
from trainwell.measures.sketches import fingerprint
from trainwell.probes.ledger import Ledger
from trainwell.probes.loaders import FileNames, Loaders
from trainwell.probes.places import Sources, place_of
from trainwell.record import Detail, Examples, Place

_KEPT = 768
"""Different examples that are remembered of a side: those with the smallest fingerprints, which is
a sample of all different ones (Bar-Yossef et al. 2002, "Counting distinct elements in a data
stream", section 2)."""

_SPACE = 1 << 32
"""Fingerprints are below this."""

_ROWS = {True: 64, False: 128}
"""Examples of a batch that are read, in training and in evaluation."""

_COLUMNS = 256
"""Numbers of an example that are kept."""

_NETWORKS = 4
_CALLS = 16
_POSITIONS = 6
"""Words of an example up to which each place means something else: a reader and a book."""

_EVALUATIONS = 6
_WHOLE = 0.85
"""Share of an evaluation's examples that were trained on, from which it counts as made on the
training data itself."""

_FREE_LOOKS = 16
"""Steps at the beginning whose examples are all read; the gaps grow with the step from there on."""

_SHARE = 0.003
_ALLOWANCE = 0.05
"""Time that reading examples of training may take between samples: seconds, and share of the run.
It is spent in the budget's margin, and counts in its total."""

_CLASSES = 256
_LISTED = 12

_LOGITS = frozenset({"cross_entropy", "nll_loss", "multi_margin_loss"})
_BINARY = {"binary_cross_entropy": 0.5, "binary_cross_entropy_with_logits": 0.0}
_NUMBERS = frozenset(
    {"mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "gaussian_nll_loss", "poisson_nll_loss"}
)


@dataclass(slots=True)
class _Row:
    values: npt.NDArray[np.float32]
    count: int = 1
    label: float | None = None
    guess: float | None = None
    index: int = -1


@dataclass
class _Side:
    """What is remembered of one network in training, or in evaluation."""

    place: Place
    rows: dict[int, _Row] = field(default_factory=dict)
    limit: int = _SPACE
    looks: int = 0
    draws: int = 0
    counted: int = 0
    """Draws of examples whose fingerprint is below the limit."""
    repeats: int = 0
    late: int = 0
    late_repeats: int = 0
    """The same two since the number of looks has doubled last."""
    relabelled: int = 0
    conflicts: int = 0
    duplicates: int = 0

    def shrink(self) -> None:
        if len(self.rows) > 2 * _KEPT:
            kept = sorted(self.rows)[:_KEPT]
            self.rows = {mark: self.rows[mark] for mark in kept}
            self.limit = kept[-1] + 1


@dataclass
class _Network:
    kind: str
    shape: tuple[int, ...]
    chosen: torch.Tensor | None
    train: _Side | None = None
    evaluations: dict[tuple[Any, int], _Side] = field(default_factory=dict)
    """By the lines that led to the call, and the data set that its batch came from: many scripts
    evaluate on their training data, too, by the same function."""
    labels: str = ""
    column: int = -1
    """Of several labels an example, the one that is looked at."""
    files: FileNames | None = None

    def evaluate(self) -> _Side | None:
        """The evaluation that compares best: the largest that is not made on the training data."""
        known = set() if self.train is None else set(self.train.rows)

        def rank(side: _Side) -> tuple[bool, int]:
            limit = side.limit if self.train is None else min(side.limit, self.train.limit)
            judged = [m for m in side.rows if m < limit]
            overlap = sum(m in known for m in judged) / max(len(judged), 1)
            return overlap < _WHOLE, len(side.rows)

        return max(self.evaluations.values(), key=rank, default=None)


@dataclass
class _Waiting:
    """Examples whose labels are still to come."""

    network: _Network
    side: _Side
    size: int
    chosen: npt.NDArray[np.int64]
    marks: list[int]


class ExampleWatch:
    """Remembers examples of training and evaluation, and compares them when the run is over.

    Args:
        ledger: where the comparison is recorded.
        sources: tells the user's lines.
        loaders: know the batch that was read last.
        between: examples of training are read between samples, too.
    """

    def __init__(
        self, ledger: Ledger, sources: Sources, loaders: Loaders, *, between: bool = True
    ) -> None:
        self._between = between
        self._ledger = ledger
        self._sources = sources
        self._loaders = loaders
        self._networks: dict[int, _Network] = {}
        self.waiting: list[_Waiting] = []
        """Calls whose labels are still to come: of one loss, or of one over all of them."""
        self._began = time.perf_counter()
        self._spent = 0.0
        self._cost = 3e-4
        self._due = 0

    # When to look

    def is_due(self, step: int) -> bool:
        """Whether the examples of the next training step are to be read, between samples."""
        if step < self._due or not self._between:
            return False
        elapsed = time.perf_counter() - self._began
        return self._spent + self._cost <= _ALLOWANCE + _SHARE * elapsed

    def looked(self, step: int, seconds: float) -> None:
        """The examples of a step were read: plan the next time."""
        self._spent += seconds
        self._cost = 0.7 * self._cost + 0.3 * seconds
        # An odd gap does not keep step with an even number of batches an epoch.
        self._due = step + (max(1, (step - _FREE_LOOKS) // _FREE_LOOKS) | 1)

    # Examples and labels

    def saw(self, number: int, args: Any, *, training: bool) -> None:
        """A root module is called.

        Args:
            number: of the network.
            args: its positional arguments.
            training: gradients are on.
        """
        if training or len(self.waiting) >= _CALLS:
            self.waiting = []
        values = _joined(args)
        if values is None:
            return
        network = self._network(number, values)
        if network is None:
            return
        side = self._side(network, values[0], training=training)
        if side is None:
            return
        size = values[0].shape[0]
        # Other rows of a large batch at every look, so that all of them are known in the end.
        chosen = _positions(size, _ROWS[training], side.looks)
        matrix = _matrix(values, chosen, network.chosen)
        marks = [fingerprint(row.tobytes()) for row in matrix]
        side.looks += 1
        if not side.looks & (side.looks - 1):
            side.late = side.late_repeats = 0
        side.draws += len(marks)
        side.duplicates += len(marks) - len(set(marks))
        index = self._loaders.origin_rows(size)
        for at, mark in enumerate(marks):
            if mark >= side.limit:
                continue
            side.counted += 1
            side.late += 1
            row = side.rows.get(mark)
            if row is None:
                row = side.rows[mark] = _Row(matrix[at].copy())
            else:
                side.repeats += 1
                side.late_repeats += 1
                row.count += 1
            if index:
                row.index = index[chosen[at]]
        waiting = _Waiting(network, side, size, chosen, marks)
        labels = self._labels_of_batch(values, size, chosen)
        if labels is not None and network.column < 0:
            # The loader's labels are not the column of the targets that is looked at.
            self._label(waiting, labels, None)
        side.shrink()
        self.waiting = [*self.waiting, waiting]

    def labelled(
        self,
        function: str,
        prediction: Any,
        target: Any,
        ignored: float | None,
        *,
        training: bool,
    ) -> None:
        """A loss function was called behind a root module whose examples were read.

        Args:
            function: its name.
            prediction: its first argument.
            target: its second argument.
            ignored: the target that it leaves out.
            training: gradients are on. The last call that was read may have been an evaluation
                without a loss, and this loss that of a training step whose examples were not read.
        """
        if _is_learned(target) and not _is_learned(prediction):
            # The arguments came the other way round, which symmetric losses do not mind.
            prediction, target = target, prediction
        calls = [w for w in self.waiting if (w.side is w.network.train) == training]
        self.waiting = []
        if not calls or not is_readable(target) or not is_readable(prediction):
            return
        size = calls[-1].size
        if target.shape[:1] == (sum(w.size for w in calls),):
            size = target.shape[0]
        else:
            calls = calls[-1:]
        if target.dim() == 2 and target.shape == prediction.shape and target.shape[1] > 1:
            # Several labels an example: the one that differs most stands for all.
            network = calls[-1].network
            if network.column < 0:
                network.column = int(target.detach().double().var(0).argmax())
            if network.column >= target.shape[1]:
                return
            target, prediction = target[:, network.column], prediction[:, network.column]
        if target.numel() != size:
            if target.dim() == 2 and target.shape[0] == size and function in _LOGITS:
                # Probabilities of classes, mostly one of them 1.
                target = target.argmax(1)
            else:
                return
        labels = target.detach().reshape(size).double().cpu().numpy()
        if ignored is not None:
            labels = np.where(labels == ignored, np.nan, labels)
        guess = _guess(function, prediction.detach(), size)
        if guess is None:
            return
        kind, answers = guess
        if calls[-1].network.labels not in ("", kind):
            # A network with two heads: the other loss is the one that has been looked at.
            self.waiting = calls
            return
        said = answers.double().cpu().numpy()
        begin = 0
        for waiting in calls:
            part = slice(begin, begin + waiting.size)
            waiting.network.labels = kind
            self._label(waiting, labels[part][waiting.chosen], said[part][waiting.chosen])
            begin += waiting.size

    def backward(self) -> None:
        """A backward begins: labels that have not come belong to nobody."""
        self.waiting = []

    def finish(self) -> None:
        """Compare the sides of every network that was trained, and record it."""
        trained = {n for o in self._ledger.run.objectives.values() for n in o.networks}
        for number, network in list(self._networks.items()):
            if number in trained and network.train is not None and network.train.draws:
                self._ledger.put(_compared(self._ledger, number, network))

    def _network(self, number: int, values: list[torch.Tensor]) -> _Network | None:
        known = self._networks.get(number)
        first = values[0]
        floating = any(v.is_floating_point() for v in values)
        kind = "tokens" if not floating else "pictures" if first.dim() == 4 else "numbers"
        shape = tuple(first.shape[1:])
        if known is None:
            if len(self._networks) >= _NETWORKS:
                return None
            width = sum(v[0].numel() for v in values)
            chosen = None
            if width > _COLUMNS and kind != "tokens":
                # The same numbers of every example, whatever the size of the batch.
                chosen = every_nth(torch.arange(width), _COLUMNS)
            known = self._networks[number] = _Network(kind, shape, chosen)
        if known.kind != kind or (known.kind != "tokens" and known.shape != shape):
            return None
        return known

    def _side(self, network: _Network, values: torch.Tensor, *, training: bool) -> _Side | None:
        if training and network.train is not None:
            return network.train
        lines = self._sources.chain(3)
        if not lines:
            return None
        if training:
            network.train = _Side(place_of(*lines[0]))
            network.files = self._loaders.file_names(self._sources.frame(3))
            return network.train
        key = lines, self._loaders.source_of(values)
        side = network.evaluations.get(key)
        if side is None and len(network.evaluations) < _EVALUATIONS:
            side = network.evaluations[key] = _Side(place_of(*lines[0]))
        return side

    def _labels_of_batch(
        self, values: list[torch.Tensor], size: int, chosen: npt.NDArray[np.int64]
    ) -> Any:
        """The labels in the loader's batch that the examples come from, where it has one a row."""
        batch = [t for r in self._loaders.batch if (t := r()) is not None]
        own = {id(v) for v in values}
        if not any(id(t) in own for t in batch):
            return None
        others = [t for t in batch if id(t) not in own and is_readable(t) and t.numel() == size]
        if len(others) != 1:
            return None
        return others[0].detach().reshape(size).double().cpu().numpy()[chosen]

    def _label(self, waiting: _Waiting, labels: Any, answers: Any) -> None:
        side = waiting.side
        for at, mark in enumerate(waiting.marks):
            row = side.rows.get(mark)
            if row is None or labels[at] != labels[at]:
                continue
            label = float(labels[at])
            if row.label is not None and answers is not None:
                side.relabelled += 1
                side.conflicts += row.label != label
            row.label = label
            if answers is not None:
                row.guess = float(answers[at])


def _is_learned(value: Any) -> bool:
    return isinstance(value, torch.Tensor) and value.requires_grad


def _joined(args: Any) -> list[torch.Tensor] | None:
    """The tensor arguments with one row an example; None where the first is none."""
    found: list[torch.Tensor] = []
    for each in args[:4] if isinstance(args, tuple) else ():
        value = plain(each) if isinstance(each, torch.Tensor) else None
        if not is_readable(value) or not value.numel() or not value.dim() or value.is_complex():
            if not found:
                return None
            continue
        if found and value.shape[0] != found[0].shape[0]:
            continue
        found.append(value)
    if not found or found[0].shape[0] < 2:
        return None
    if found[0].is_floating_point() and found[0].dim() < 2:
        return None
    # Tokens beside numbers: the numbers alone would be half of the example.
    kinds = {v.is_floating_point() for v in found}
    return found if len(kinds) == 1 else found[:1]


def _positions(size: int, rows: int, look: int) -> npt.NDArray[np.int64]:
    """Which rows of a batch are read: by the golden ratio, as a stride keeps step with a grid."""
    if size <= rows:
        return np.arange(size)
    turns = (np.arange(rows) + look * rows) * ((math.sqrt(5) - 1) / 2)
    return np.unique((turns % 1 * size).astype(np.int64))


def _matrix(
    values: list[torch.Tensor], rows_read: npt.NDArray[np.int64], chosen: torch.Tensor | None
) -> npt.NDArray[np.float32]:
    at = torch.from_numpy(rows_read)
    rows = torch.cat([v[at.to(v.device)].detach().flatten(1).float() for v in map(_two, values)], 1)
    if chosen is not None:
        rows = rows[:, chosen.to(rows.device)]
    return rows[:, :_COLUMNS].cpu().contiguous().numpy()


def _two(values: torch.Tensor) -> torch.Tensor:
    return values[:, None] if values.dim() == 1 else values


def _guess(function: str, prediction: torch.Tensor, size: int) -> tuple[str, torch.Tensor] | None:
    """What kind of labels a loss has, and the network's answers in their terms."""
    if function in _LOGITS:
        if prediction.dim() != 2 or prediction.shape[0] != size:
            return None
        return "classes", prediction.argmax(1)
    if prediction.numel() != size:
        return None
    flat = prediction.reshape(size)
    if function in _BINARY:
        return "classes", (flat > _BINARY[function]).double()
    return ("numbers", flat) if function in _NUMBERS else None


# The comparison


def _compared(ledger: Ledger, number: int, network: _Network) -> Examples:
    train, evaluate = network.train, network.evaluate()
    assert train is not None
    both = {"training": train} | ({} if evaluate is None else {"evaluation": evaluate})
    width = max(len(r.values) for side in both.values() for r in side.rows.values())
    tokens = network.kind == "tokens"
    tables = {name: _table(side, width) for name, side in both.items()}
    facts: dict[str, Any] = {name: _counts(side) for name, side in both.items()}
    for name, table in tables.items():
        facts[name]["distinct_values"] = _distinct(table.values)
    if tokens:
        for name, table in tables.items():
            facts[name]["padding"] = sides.padding(table.values)
            facts[name]["tokens"] = [int(table.values.min()), int(table.values.max())]
    changes: dict[str, Any] = {}
    if network.labels and all(table.labels.size for table in tables.values()):
        changes |= _labels(network, tables, facts)
    elif network.labels and tables["training"].labels.size:
        changes |= _labels(network, {"training": tables["training"]}, facts)
    if evaluate is not None:
        if tokens:
            one, two = (np.unique(t.values) for t in tables.values())
            known = np.isin(tables["evaluation"].values, one)
            changes["unknown"] = float(1 - known.mean()) if len(two) else None
        else:
            changes |= _columns(network, tables, classes=network.labels == "classes")
        changes |= _equal_rows(train, evaluate)
    if not tokens and network.kind != "pictures":
        changes["spikes"] = tuple(
            {**each, "side": name}
            for name, table in tables.items()
            for each in sides.spikes(table.values)[:_LISTED]
        )
    return Examples(
        number=ledger.next_number("examples"),
        network=number,
        place=train.place,
        evaluation_place=None if evaluate is None else evaluate.place,
        kind=network.kind,
        shape=network.shape,
        labels=network.labels,
        training=facts["training"],
        evaluation=facts.get("evaluation", {}),
        text_order="" if network.files is None else network.files.name,
        text_order_place=None if network.files is None else network.files.place,
        **changes,
    )


@dataclass
class _Table:
    """The examples of a side as arrays; `of` are the rows that have labels."""

    values: sides.Matrix
    of: npt.NDArray[np.int64]
    labels: sides.Vector
    guesses: sides.Vector
    index: sides.Vector


def _table(side: _Side, width: int) -> _Table:
    rows = [side.rows[mark] for mark in sorted(side.rows)[:_KEPT]]
    values = np.zeros((len(rows), width))
    for at, row in enumerate(rows):
        values[at, : len(row.values)] = row.values
    values = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    of = np.array([at for at, row in enumerate(rows) if row.label is not None], dtype=np.int64)
    known = [rows[at] for at in of]
    return _Table(
        values,
        of,
        np.array([row.label for row in known], dtype=float),
        np.array([np.nan if row.guess is None else row.guess for row in known], dtype=float),
        np.array([row.index for row in known], dtype=float),
    )


def _distinct(values: sides.Matrix) -> int:
    """Different values of the column that has most of them."""
    return max((len(np.unique(column)) for column in values.T[:64]), default=0)


def _counts(side: _Side) -> dict[str, Detail]:
    most = max((row.count for row in side.rows.values()), default=0)
    # Those under the limit are a known share of all different ones.
    different = len([m for m in side.rows if m < side.limit]) * _SPACE / side.limit
    return {
        "rows": min(len(side.rows), _KEPT),
        "looks": side.looks,
        "draws": side.draws,
        "different": round(different),
        "repeats": side.repeats / max(side.counted, 1),
        "most": most / max(side.counted, 1),
        "duplicates": side.duplicates / max(side.draws, 1),
        "conflicts": side.conflicts / max(side.relabelled, 1),
    }


def _labels(network: _Network, tables: dict[str, _Table], facts: dict[str, Any]) -> dict[str, Any]:
    """What labels say beside the examples, on each side and on both."""
    classes = network.labels == "classes"
    for name, table in tables.items():
        facts[name] |= _label_counts(table, classes=classes)
    train = tables["training"]
    different = len(np.unique(train.labels))
    # Labels that hardly come twice name the example, not its class (contrastive losses).
    if different < 2 or (classes and different > min(_CLASSES, len(train.labels) / 4)):
        return {}
    parts = [t.values[t.of] for t in tables.values()]
    if (parts[0] == train.labels[:, None]).all(0).any():
        # An autoencoder: what it is to give is what it was given.
        return {}
    coded = network.kind == "numbers" and bool(sides.spikes(parts[0]))
    scale = [sides.ranked(p) for p in parts] if coded else _scaled(network, parts)
    rows = dict(zip(tables, scale, strict=True))
    own = sides.agreement(rows["training"], train.labels, classes=classes)
    if own is None:
        return {}
    facts["training"] |= _agreed(own)
    fit = sides.linear_agreement(rows["training"], train.labels, classes=classes)
    if fit is not None:
        facts["training"] |= {"linear": fit.share, "linear_sigmas": fit.sigmas}
    changes: dict[str, Any] = {}
    if own.sigmas < 3 and (fit is None or fit.sigmas < 3) and (train.index >= 0).all():
        orders = _orders(train.index, network.files)
        mended = sides.mended(rows["training"], train.labels, train.index, orders, classes=classes)
        changes["mended"] = mended
    if classes:
        blocks = sides.block_agreement(train.index, own.votes == train.labels)
        if (train.index >= 0).all() and blocks:
            changes["blocks"] = tuple(
                {"first": first, "last": last, "agreement": share} for first, last, share in blocks
            )
    if "evaluation" not in tables:
        return changes
    other = tables["evaluation"]
    beside = sides.agreement(
        rows["evaluation"],
        other.labels,
        classes=classes,
        beside=rows["training"],
        beside_labels=train.labels,
    )
    line = sides.linear_across(
        rows["training"], train.labels, rows["evaluation"], other.labels, classes=classes
    )
    if line is not None:
        facts["evaluation"] |= {"linear": line.share, "linear_sigmas": line.sigmas}
    if beside is not None:
        facts["evaluation"] |= _agreed(beside)
        alone = sides.agreement(rows["evaluation"], other.labels, classes=classes)
        if alone is not None:
            facts["evaluation"] |= {"own_agreement": alone.share}
        own_line = sides.linear_agreement(rows["evaluation"], other.labels, classes=classes)
        if own_line is not None:
            facts["evaluation"] |= {"own_linear": own_line.share}
        if classes:
            changes["swapped"] = tuple(
                {"one": a, "other": b, "share": there, "returned": back}
                for a, b, there, back in sides.swapped_labels(other.labels, beside.votes)
            )
        else:
            lines = [_line(x.votes, other.labels) for x in (beside, line) if x is not None]
            lines = [x for x in lines if x]
            if lines:
                facts["evaluation"] |= max(lines, key=lambda x: float(str(x["together"])))
    if classes:
        shares = _shares(other.labels)
        known = {float(v) for v in train.labels}
        changes["unseen"] = {
            f"{label:g}": share
            for label, share in shares.items()
            if label not in known and share >= 0.01
        }
    if network.kind == "numbers":
        changes["relations"] = tuple(
            sides.one_sided_relations(
                train.values[train.of],
                train.labels,
                other.values[other.of],
                other.labels,
                classes=classes,
            )[:_LISTED]
        )
    return changes


def _orders(index: sides.Vector, files: FileNames | None) -> dict[str, sides.Vector]:
    """Rows whose labels the rows of a data set may have been meant to have, by how they moved."""
    count = int(index.max()) + 1
    rows = np.arange(count, dtype=float)
    orders: dict[str, sides.Vector] = {}
    for by in (1, -1, 2, -2, 3, -3):
        name = f"{abs(by)} row{'s' if abs(by) > 1 else ''} {'further on' if by > 0 else 'before'}"
        moved = rows + by
        orders[name] = np.where((moved >= 0) & (moved < count), moved, np.nan)
    orders["the same place from the end"] = count - 1 - rows
    if files is not None:
        numbers = np.array(files.numbers, dtype=float)
        # Numbers may begin at 0 or at 1.
        orders["the row that the file's number tells"] = numbers - numbers.min()
    return orders


def _scaled(network: _Network, parts: list[sides.Matrix]) -> list[sides.Matrix]:
    if network.kind == "tokens":
        joined = np.concatenate(parts)
        few = joined.shape[1] <= _POSITIONS
        whole = sides.word_positions(joined) if few else sides.word_counts(joined)
        return np.split(whole, np.cumsum([len(p) for p in parts])[:-1])
    # Each side by its own statistics: other units are another matter than other labels.
    return [sides.standardised(part) for part in parts]


def _agreed(found: sides.Agreement) -> dict[str, Detail]:
    return {
        "agreement": found.share,
        "agreement_chance": found.chance,
        "agreement_sigmas": found.sigmas,
    }


def _line(guess: sides.Vector, labels: sides.Vector) -> dict[str, Detail]:
    """Labels against what the neighbours say: the factor between them where they go together."""
    if guess.std() <= 0 or labels.std() <= 0:
        return {}
    together = float(np.corrcoef(guess, labels)[0, 1])
    return {"together": together, "factor": float(labels.std() / guess.std())}


def _label_counts(table: _Table, *, classes: bool) -> dict[str, Detail]:
    if not table.labels.size:
        return {}
    if not classes:
        return {
            "label_low": float(table.labels.min()),
            "label_high": float(table.labels.max()),
            "label_mean": float(table.labels.mean()),
            "label_std": float(table.labels.std()),
        }
    judged = np.isfinite(table.guesses)
    counts: dict[str, Detail] = {
        "classes": {f"{k:g}": v for k, v in list(_shares(table.labels).items())[:_LISTED]},
        "class_count": len(np.unique(table.labels)),
    }
    if judged.any():
        counts["accuracy"] = float((table.guesses == table.labels)[judged].mean())
    return counts


def _shares(labels: sides.Vector) -> dict[float, float]:
    listed, counts = np.unique(labels, return_counts=True)
    order = np.argsort(-counts)
    return {float(listed[i]): float(counts[i] / len(labels)) for i in order}


def _columns(network: _Network, tables: dict[str, _Table], *, classes: bool) -> dict[str, Any]:
    one, two = (_by_channel(network, t.values) for t in tables.values())
    told = None
    if network.labels and all(len(t.labels) >= 60 for t in tables.values()):
        held = zip((one, two), tables.values(), strict=True)
        before, after = (sides.related(v[t.of], t.labels, classes=classes) for v, t in held)
        told = before, after
    still: list[dict[str, Any]] = []
    # A pixel at the edge that is hardly ever touched is no sensor that has died.
    live = np.maximum(one.std(0), two.std(0))
    least = 0.1 * float(np.median(live[live > 0])) if (live > 0).any() else 0.0
    for column in np.flatnonzero(live > least):
        spread = one[:, column].std(), two[:, column].std()
        for side, other, values in (("training", 1, one), ("evaluation", 0, two)):
            if spread[1 - other] < 1e-6 * spread[other]:
                still.append(
                    {
                        "column": int(column),
                        "side": side,
                        "value": float(values[0, column]),
                        "other_std": float(spread[other]),
                    }
                )
    if min(len(one), len(two)) < 40:
        still = []
    wide = (one.std(0) > 0) & (two.std(0) > 0)
    ratio = float(np.median(one.std(0)[wide] / two.std(0)[wide])) if wide.any() else 1.0
    return {
        "spread": ratio,
        "columns": tuple(sides.column_differences(one, two)[:_LISTED]),
        "constant": tuple(still[:_LISTED]),
        "order": tuple([a, b] for a, b in sides.reordered(one, two, told)),
    }


def _by_channel(network: _Network, values: sides.Matrix) -> sides.Matrix:
    """The columns as they are; of pictures with several channels, each channel's mean."""
    if network.kind != "pictures" or network.shape[0] < 2:
        return values
    channels, size = network.shape[0], network.shape[1] * network.shape[2]
    at = np.arange(channels * size) if network.chosen is None else network.chosen.numpy()
    of = at[: values.shape[1]] // max(size, 1)
    held = [values[:, of == c].mean(1) for c in range(channels) if (of == c).any()]
    return np.stack(held, 1)


def _equal_rows(train: _Side, evaluate: _Side) -> dict[str, Any]:
    """How many evaluation examples equal a training example, and how many would by chance."""
    limit = min(train.limit, evaluate.limit)
    judged = [m for m in evaluate.rows if m < limit]
    if len(judged) < 20:
        return {}
    # Two rows of a batch are equal with this probability: how many evaluation examples would find
    # an equal one among all that were trained on, were they drawn in the same way?
    batch = train.draws / max(train.looks, 1)
    pairs = train.duplicates / max(train.draws, 1) / max(batch / 2, 1.0)
    different = len(train.rows) * _SPACE / train.limit
    return {
        "both": sum(m in train.rows for m in judged) / len(judged),
        "expected_both": 1 - math.exp(-pairs * different),
        "known": train.late_repeats / max(train.late, 1),
    }
