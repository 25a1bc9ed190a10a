"""The facts of a run: what was measured and cannot be read in the source, most telling first."""

from __future__ import annotations

__all__ = ["LIMIT", "Statement", "facts_of", "render_facts", "render_facts_json"]

import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from statistics import median

from trainwell.diagnosis import Diagnosis
from trainwell.record import Detail, Evaluation, Examples, Objective, Parameter, Place, Run
from trainwell.record.reading import is_one_curve, uninformed_loss
from trainwell.report.json import SCHEMA, strict
from trainwell.report.paths import short_path

LIMIT = 6_000
"""Bytes of the facts, as text and as JSON: what fits beside a source into anybody's attention."""

_LISTED = 8


@dataclass(frozen=True)
class Statement:
    """One thing that was measured.

    Attributes:
        about: "result", "rows", "sides", "labels", "inputs", "weights", "rates", "outputs",
            "modes", "time", "named".
        text: one line with its figures.
        weight: how telling it is, in [0, 1]: 0 describes a usual run, 1 is a fault by itself.
        figures: the numbers again, for programs.
    """

    about: str
    text: str
    weight: float
    figures: dict[str, Detail] = field(default_factory=dict)


def facts_of(diagnosis: Diagnosis, folder: str) -> list[Statement]:
    """What was measured, most telling first.

    Args:
        diagnosis: of the run.
        folder: files below it are named from it.
    """
    teller = _Teller(diagnosis, folder)
    return sorted(teller.all(), key=lambda s: -s.weight)


def render_facts(diagnosis: Diagnosis, *, folder: str, limit: int = LIMIT) -> str:
    """The facts as text of at most `limit` bytes.

    Args:
        diagnosis: of the run.
        folder: files below it are named from it.
        limit: bytes; statements that tell least are left out.
    """
    head, foot = _head(diagnosis.run), _foot(diagnosis)
    lines = [f"{s.about:<8} {s.text}" for s in facts_of(diagnosis, folder)]
    room = limit - _size([*head, *foot]) - 60
    kept = _fitting(lines, room)
    if len(kept) < len(lines):
        foot = [f"left out for length: {len(lines) - len(kept)} less telling lines", *foot]
    return "\n".join([*head, *kept, *foot]) + "\n"


def render_facts_json(
    diagnosis: Diagnosis, *, folder: str, indent: int | None = None, limit: int = LIMIT
) -> str:
    """The same as one JSON object of at most `limit` bytes (on one line).

    Args:
        diagnosis: of the run.
        folder: files below it are named from it.
        indent: spaces a level; None puts everything on one line.
        limit: bytes of the object on one line.
    """
    run = diagnosis.run
    statements = facts_of(diagnosis, folder)
    unseen = _unseen(diagnosis)
    while True:
        body = {
            "schema": SCHEMA,
            "run": run.id,
            "script": run.script,
            "steps": run.steps,
            "facts": [
                {"about": s.about, "text": s.text, "weight": round(s.weight, 2)}
                | ({"figures": s.figures} if s.figures else {})
                for s in statements
            ],
            "not_looked_at": unseen,
            "left_out": len(facts_of(diagnosis, folder)) - len(statements),
        }
        text = json.dumps(strict(body), ensure_ascii=False, allow_nan=False)
        if len(text.encode()) <= limit or not (statements or unseen):
            break
        if statements:
            statements = statements[:-1]
        else:
            unseen = unseen[:-1]
    if indent is None:
        return text
    return json.dumps(strict(body), indent=indent, ensure_ascii=False, allow_nan=False)


def _fitting(lines: list[str], room: int) -> list[str]:
    kept: list[str] = []
    for line in lines:
        size = len(line.encode()) + 1
        if size > room:
            break
        kept.append(line)
        room -= size
    return kept


def _size(lines: Iterable[str]) -> int:
    return sum(len(line.encode()) + 1 for line in lines)


def _head(run: Run) -> list[str]:
    seconds = None if run.ended is None else run.ended - run.started
    parts = [f"{run.steps:,} steps"]
    if run.evaluations:
        parts.append(f"{len(run.evaluations)} evaluations")
    if seconds is not None:
        parts.append(f"{seconds:.3g} s")
    if run.error is not None:
        parts.append(f"crashed: {run.error.get('type')}: {str(run.error.get('message'))[:160]}")
    elif run.ended is None:
        parts.append("did not end")
    elif run.exit_status:
        parts.append(f"exit status {run.exit_status}")
    return [
        f"facts of {run.script[-80:]}: {', '.join(parts)}",
        "measured in this run, most telling first; a figure in brackets is what to compare with",
    ]


def _foot(diagnosis: Diagnosis) -> list[str]:
    unseen = _unseen(diagnosis)
    lines = [f"not looked at: {'; '.join(unseen)}"[:900]] if unseen else []
    found = {e.code for e in diagnosis.entries}
    open_codes = {code for code, _ in diagnosis.undecided}
    from trainwell.findings.catalogue import FINDINGS

    clear = [
        f.slug
        for code, f in FINDINGS.items()
        if code not in found | open_codes | set(diagnosis.left_out)
        and code.startswith(("DAT", "NET", "LOS", "GRD", "MOD", "OPT"))
    ]
    if diagnosis.run.steps:
        lines.append(f"looked for and not found: {', '.join(clear)}"[:1100])
    return lines


def _unseen(diagnosis: Diagnosis) -> list[str]:
    """What was not looked at, or could not be judged."""
    run = diagnosis.run
    found = [note[:160] for note in run.notes[:4]]
    if run.steps and not run.evaluations:
        found.append("no loss function was called at an evaluation: its course is not known")
    if run.steps and not run.examples_seen:
        found.append("the examples (no network was called with tensors of one row an example)")
    for examples in run.examples_seen.values():
        name = _network_name(run, examples.network)
        if not examples.labels:
            found.append(f"labels of {name} (not one class or number an example)")
        if not examples.evaluation:
            found.append(f"examples of {name} in evaluation")
    if run.steps and not run.loaders:
        found.append("which rows of the data set were drawn (no DataLoader)")
    found += ["memory", "files that the script read", "metrics that the script computes itself"]
    reasons = [reason for _, reason in diagnosis.undecided]
    return [*dict.fromkeys([*found, *reasons[:3]])]


def _network_name(run: Run, number: int) -> str:
    network = run.networks.get(number)
    return "a network" if network is None else f"{network.name}"


class _Teller:
    def __init__(self, diagnosis: Diagnosis, folder: str) -> None:
        self.diagnosis = diagnosis
        self.run = diagnosis.run
        self.folder = folder

    def all(self) -> Iterator[Statement]:
        yield from self.named()
        for objective in self.run.objectives.values():
            yield from self.training(objective)
        yield from self.evaluation()
        yield from self.rows()
        for examples in self.run.examples_seen.values():
            yield from self.sides(examples)
            yield from self.labels(examples)
        yield from self.inputs()
        yield from self.features()
        yield from self.losses()
        yield from self.weights()
        yield from self.rates()
        yield from self.outputs()
        yield from self.sequences()
        yield from self.modes()
        yield from self.time()

    def at(self, place: Place | None) -> str:
        if place is None or place.file is None:
            return ""
        return f" [{short_path(place.file, self.folder)}:{place.line}]"

    # What was found

    def named(self) -> Iterator[Statement]:
        for entry in self.diagnosis.entries[:_LISTED]:
            if entry.severity == "info":
                continue
            place = entry.where[0] if entry.where else None
            yield Statement(
                "named",
                f"{entry.severity} {entry.slug}: {entry.message[:220]}{self.at(place)}",
                0.98 if entry.severity == "error" else 0.9,
                {"code": entry.code},
            )

    # How it went

    def training(self, objective: Objective) -> Iterator[Statement]:
        series = self.run.loss(objective.number)
        values = series.finite
        if not values:
            return
        uninformed = uninformed_loss(self.run, objective)
        beside = "" if uninformed is None else f" (uninformed guess {_n(uninformed)})"
        end = series.end()
        text = (
            f"training loss {_n(series.start(0.02))} at the start, lowest {_n(min(values))}, "
            f"{_n(end)} at the end{beside}, {objective.steps:,} steps{self.at(objective.place)}"
        )
        bad = uninformed is not None and end > 0.9 * uninformed
        yield Statement("result", text, 0.8 if bad else 0.6)
        if objective.non_finite is not None:
            step = objective.non_finite.get("step")
            yield Statement("result", f"the loss is NaN or infinite from step {step} on", 0.97)
        yield from self.jumps(objective)

    def jumps(self, objective: Objective) -> Iterator[Statement]:
        """The largest sudden rise of the training loss."""
        series = self.run.loss(objective.number)
        pairs = [(s, v) for s, v in series if math.isfinite(v)]
        worst, where = 1.0, 0
        for at in range(4, len(pairs)):
            before = median(v for _, v in pairs[at - 4 : at])
            if before > 0 and pairs[at][1] / before > worst:
                worst, where = pairs[at][1] / before, pairs[at][0]
        if worst >= 4 and is_one_curve(self.run, objective):
            first = pairs[0][1]
            after = max((v for s, v in pairs if s >= where), default=0.0)
            weight = 0.75 if after > first else 0.4
            yield Statement(
                "result",
                f"the training loss jumps to {worst:.3g} times the four before it at step {where}",
                weight,
            )

    def evaluation(self) -> Iterator[Statement]:
        curves: dict[str, list[Evaluation]] = {}
        for each in self.run.evaluations.values():
            curves.setdefault(each.key, []).append(each)
        for curve in list(curves.values())[:3]:
            yield self.curve(curve)

    def curve(self, curve: list[Evaluation]) -> Statement:
        losses = [e.loss for e in curve if math.isfinite(e.loss)]
        last = curve[-1]
        best = min(curve, key=lambda e: e.loss if math.isfinite(e.loss) else math.inf)
        text = (
            f"evaluation loss {_n(curve[0].loss)} first, {_n(best.loss)} best at step {best.step}, "
        )
        text += f"{_n(last.loss)} last"
        if last.training_loss is not None:
            text += f" (training loss then {_n(last.training_loss)})"
        weight = 0.62
        if last.accuracy is not None:
            text += f"; accuracy {last.accuracy:.1%} last"
            guess = self.majority(last)
            if guess is not None:
                text += f" (always the most frequent label: {guess:.1%})"
                weight = 0.85 if last.accuracy <= guess + 0.02 else weight
            if last.confidence is not None:
                text += f", mean confidence {last.confidence:.1%}"
        trained = last.training_loss
        if losses and trained is not None and last.loss > 2 * abs(trained) + 0.05:
            weight = max(weight, 0.78)
        return Statement("result", f"{text}, {last.examples} examples{self.at(last.place)}", weight)

    def majority(self, evaluation: Evaluation) -> float | None:
        """The share of the most frequent label at an evaluation's line."""
        for call in self.run.losses.values():
            same = call.place.line == evaluation.place.line and call.phase == "evaluation"
            counts = [row[0] for row in call.classes.values()]
            total = sum(counts)
            if same and total:
                return max(counts) / total
        return None

    # Rows

    def rows(self) -> Iterator[Statement]:
        for loader in self.run.loaders.values():
            role = "training" if loader.trains else "evaluation"
            of = "" if loader.length is None else f" of {loader.length:,}"
            text = f"{role} loader: {loader.dataset}{of} examples"
            if loader.source_length is not None:
                text += f" (taken from {loader.source_length:,})"
            weight = 0.3
            if loader.length and loader.draws:
                text += f", {loader.drawn:,} different ones drawn in {loader.draws:,} draws"
                likely = loader.length * (1 - math.exp(-loader.draws / loader.length))
                missing = loader.length - loader.drawn - loader.elsewhere
                if loader.drawn < 0.5 * likely and missing > 0:
                    weight = 0.95 if loader.trains else 0.6
                elif loader.draws >= loader.length and missing > 0.02 * loader.length:
                    weight = 0.6
            text += f", {loader.read} batches of {loader.batch_size}"
            text += f" in {loader.iterators} passes"
            if loader.read == 0:
                text += ", none of them had a batch"
                weight = 0.95
            if loader.sampler not in ("RandomSampler", "SequentialSampler", ""):
                text += f", {loader.sampler}"
            if loader.weights is not None:
                text += f" with {loader.weights:,} weights"
                weight = 0.96 if loader.weights != loader.length else weight
            if loader.in_order and loader.trains:
                text += ", always in the order of the data set"
                weight = max(weight, 0.5)
            if loader.drop_last:
                text += ", incomplete last batches are left out"
            yield Statement("rows", text + self.at(loader.place), weight)

    # Sides

    def sides(self, e: Examples) -> Iterator[Statement]:
        train = e.training
        text = f"examples of shape {list(e.shape)} ({e.kind})"
        text += f": {_i(train, 'different')} different ones in {_i(train, 'draws')} looked at"
        most, repeats = _f(train, "most"), _f(train, "repeats")
        weight = 0.3
        if _f(train, "draws") >= 100 and most > 0.05 and repeats > 0.5:
            text += f"; the most frequent one makes up {most:.1%}"
            weight = 0.7 if _f(train, "different") < 0.25 * _f(train, "draws") else 0.5
        yield Statement("rows", f"training {text}{self.at(e.place)}", weight)
        conflicts = _f(train, "conflicts")
        if conflicts > 0.02 and e.labels == "classes":
            yield Statement(
                "labels",
                f"{conflicts:.1%} of training examples that came again had another label then",
                0.85,
            )
        if e.both is not None and (e.both > 0.02 or e.expected_both > 0.02):
            chance = f" (inside training {e.expected_both:.1%} equal another one)"
            weight = 0.9 if e.both > 2 * e.expected_both + 0.05 else 0.4
            yield Statement(
                "sides",
                f"{e.both:.1%} of the evaluation examples equal a training example{chance}",
                weight,
            )
        if e.order:
            pairs = ", ".join(f"{a} like {b}" for a, b in e.order[:6])
            yield Statement(
                "sides",
                f"evaluation columns look like other columns of training: {pairs}",
                0.95,
                {"order": [list(p) for p in e.order]},
            )
        for each in e.constant[:4]:
            yield Statement(
                "sides",
                f"{_column(e)} {each['column']} is always {_n(_f(each, 'value'))} in "
                f"{each['side']}, and varies by {_n(_f(each, 'other_std'))} on the other side",
                0.55 if e.kind == "pictures" else 0.75,
            )
        yield from self.columns(e)
        for each in e.relations[:3]:
            apart = abs(_f(each, "training") - _f(each, "evaluation"))
            yield Statement(
                "sides",
                f"{_column(e)} {each['column']} explains {_f(each, 'training'):.0%} of the labels'"
                f" differences in training, {_f(each, 'evaluation'):.0%} in evaluation",
                0.6 + 0.35 * apart,
            )
        for each in e.spikes[:3]:
            yield Statement(
                "inputs",
                f"column {each['column']} is {_n(_f(each, 'value'))} in {_f(each, 'share'):.1%} of"
                f" the {each['side']} examples, far from all its other values",
                0.8,
            )
        if e.kind == "tokens":
            yield from self.tokens(e)

    def columns(self, e: Examples) -> Iterator[Statement]:
        for each in e.columns[:4]:
            before = _f(each, "training_mean"), _f(each, "training_std")
            after = _f(each, "evaluation_mean"), _f(each, "evaluation_std")
            text = (
                f"{_column(e)} {each['column']}: mean {_n(before[0])}, deviation {_n(before[1])} in"
                f" training; mean {_n(after[0])}, deviation {_n(after[1])} in evaluation"
            )
            if before[1] > 0 and after[1] > 0:
                factor = after[1] / before[1]
                if not 0.67 < factor < 1.5:
                    text += f" (deviations differ by the factor {_n(factor)})"
            yield Statement("sides", text, 0.55 + 0.35 * _f(each, "apart"))
        if len(e.columns) > 4:
            yield Statement(
                "sides", f"{len(e.columns)} columns or more differ between the two sides", 0.5
            )

    def tokens(self, e: Examples) -> Iterator[Statement]:
        if e.unknown is not None and e.unknown > 0.005:
            yield Statement(
                "sides",
                f"{e.unknown:.1%} of the evaluation's tokens are in no training example looked at",
                0.6 + 0.35 * min(1.0, 2 * e.unknown),
            )
        said = []
        kinds = []
        for name, side in (("training", e.training), ("evaluation", e.evaluation)):
            span, pad = side.get("tokens"), side.get("padding")
            if not isinstance(span, list):
                continue
            text = f"{name}: ids {span[0]} to {span[1]}"
            if isinstance(pad, dict) and pad:
                text += f", {_f(pad, 'rows'):.0%} of the rows are filled up with {pad['word']} on"
                text += f" the {pad['side']} ({_f(pad, 'share'):.0%} of all positions)"
                kinds.append((pad["side"], pad["word"]))
            else:
                kinds.append(("", -1))
            said.append(text)
        if said:
            differ = len(set(map(str, kinds))) > 1
            yield Statement("sides", "; ".join(said), 0.9 if differ else 0.45)

    # Labels

    def labels(self, e: Examples) -> Iterator[Statement]:
        train, other = e.training, e.evaluation
        if not e.labels:
            return
        yield from self.neighbours(e)
        if e.labels == "classes":
            shares = [
                f"{name} {_shares(side)}"
                for name, side in (("training", train), ("evaluation", other))
                if side.get("classes")
            ]
            yield Statement(
                "labels", f"class shares: {'; '.join(shares)}", 0.5 + 0.4 * _apart(train, other)
            )
            for name, side in (("training", train), ("evaluation", other)):
                if "accuracy" in side:
                    yield Statement(
                        "result",
                        f"{_f(side, 'accuracy'):.1%} of the remembered {name} examples were"
                        f" answered right when seen last ({_i(side, 'rows')} examples)",
                        0.5,
                    )
        else:
            for name, side in (("training", train), ("evaluation", other)):
                if "label_mean" in side:
                    yield Statement(
                        "labels",
                        f"{name} targets: {_n(_f(side, 'label_low'))} to"
                        f" {_n(_f(side, 'label_high'))}, mean {_n(_f(side, 'label_mean'))},"
                        f" deviation {_n(_f(side, 'label_std'))}",
                        0.5 + 0.4 * _moved(train, other),
                    )
        for label, share in list(e.unseen.items())[:4]:
            yield Statement(
                "labels",
                f"label {label} makes up {share:.1%} of the evaluation and never came in training",
                0.85,
            )
        for each in e.swapped[:3]:
            yield Statement(
                "labels",
                f"of the evaluation examples labelled {_f(each, 'one'):g},"
                f" {_f(each, 'share'):.0%} lie among training examples labelled"
                f" {_f(each, 'other'):g}; of those labelled {_f(each, 'other'):g},"
                f" {_f(each, 'returned'):.0%} among {_f(each, 'one'):g}",
                0.97,
            )
        if e.blocks:
            agreeing = [_f(b, "agreement") for b in e.blocks]
            text = ", ".join(f"{b['first']}-{b['last']} {_f(b, 'agreement'):.0%}" for b in e.blocks)
            spread = max(agreeing) - min(agreeing)
            if spread > 0.25:
                yield Statement(
                    "labels",
                    f"labels that agree with their neighbours, by row of the data set: {text}",
                    0.6 + 0.4 * spread,
                )

    def neighbours(self, e: Examples) -> Iterator[Statement]:
        train, other = e.training, e.evaluation
        if "agreement" not in train:
            return
        classes = e.labels == "classes"
        what = (
            "labels that agree with most of their 5 nearest training examples"
            if classes
            else "share of the targets' variance that their 5 nearest training examples explain"
        )
        text = f"{what}: training {_f(train, 'agreement'):.0%}"
        weight = 0.4
        if "agreement" in other:
            text += f", evaluation {_f(other, 'agreement'):.0%}"
            gap = abs(_f(train, "agreement") - _f(other, "agreement"))
            weight += min(0.5, 1.5 * gap)
        if classes:
            text += f" (chance {_f(train, 'agreement_chance'):.0%})"
        if "linear" in train:
            text += f"; a linear fit gets {_f(train, 'linear'):.0%} of training"
        if "linear" in other:
            text += f", {_f(other, 'linear'):.0%} of evaluation"
            gap = abs(_f(train, "linear") - _f(other, "linear"))
            weight = max(weight, 0.4 + min(0.5, 1.5 * gap))
        sigmas = [_f(s, k) for s in (train, other) for k in ("agreement_sigmas", "linear_sigmas")]
        if max(sigmas) < 3:
            text += "; both are no better than chance: the inputs do not tell the labels"
            weight = 0.93
        yield Statement("labels", text, weight)
        for way, share in e.mended.items():
            yield Statement(
                "labels",
                f"given the label of {way} in the data set, {share:.0%} agree with neighbours",
                0.97,
            )
        if e.text_order and ("agreement" in train):
            yield Statement(
                "labels",
                f"`{e.text_order}` is in the order of text (0, 1, 10, 2)"
                f"{self.at(e.text_order_place)}",
                0.7,
            )
        factor, together = _f(other, "factor"), _f(other, "together")
        if not classes and together > 0.6 and not 0.6 < factor < 1.7:
            yield Statement(
                "labels",
                f"evaluation targets follow those of similar training examples (correlation"
                f" {together:.2f}), but vary {_n(factor)} times as much",
                0.93,
            )

    # Inputs

    def inputs(self) -> Iterator[Statement]:
        for seen in list(self.run.inputs_seen.values())[:6]:
            v = seen.values
            if not v:
                continue
            text = (
                f"{seen.phase} inputs of {_network_name(self.run, seen.network)}:"
                f" {_n(v['low'])} to {_n(v['high'])}, mean {_n(v['mean'])}, deviation"
                f" {_n(v['std'])}"
            )
            weight = 0.45
            others = [
                o.values
                for o in self.run.inputs_seen.values()
                if o.network == seen.network and o.phase != seen.phase and o.values
            ]
            if others:
                ratio = (v["rms"] + 1e-12) / (others[0]["rms"] + 1e-12)
                weight = 0.85 if not 0.5 < ratio < 2 else weight
            if v.get("finite", 1.0) < 1:
                text += f", {1 - v['finite']:.2%} NaN or infinite"
                weight = 0.95
            if v["std"] > 0 and (v["std"] > 20 or abs(v["mean"]) > 10 * v["std"]):
                weight = max(weight, 0.65)
            yield Statement("inputs", text + self.at(seen.place), weight)

    def features(self) -> Iterator[Statement]:
        for each in list(self.run.features.values())[:2]:
            stds = [s for s in each.std if math.isfinite(s)]
            if each.columns < 2 or not stds:
                continue
            still = sum(s == 0 for s in stds)
            live = sorted(s for s in stds if s > 0)
            if not live:
                if any(each.low) or any(each.high):
                    # Zeros are the first state of a recurrent layer.
                    yield Statement("inputs", "no column of the inputs varies", 0.97)
                continue
            wide = live[-1] / live[0]
            text = f"deviations of {each.columns} columns: {_n(live[0])} to {_n(live[-1])}"
            means = [m for m in each.mean if math.isfinite(m)]
            text += f", means {_n(min(means))} to {_n(max(means))}"
            if still:
                text += f"; {still} columns never vary in {each.rows} rows"
            if each.non_finite:
                text += f"; {each.non_finite} values NaN or infinite"
            weight = 0.7 if wide > 1000 and not each.is_pictures else 0.35
            if max(live) < 1e-3 * abs(median(means)):
                weight = 0.93
            yield Statement("inputs", text + self.at(each.place), weight)

    def losses(self) -> Iterator[Statement]:
        for call in self.run.losses.values():
            if call.phase != "training" or call.objective is None:
                continue
            parts = [f"{call.function} of predictions {list(call.prediction_shape)}"]
            if call.prediction:
                p = call.prediction
                parts.append(
                    f"predictions {_n(p['low'])} to {_n(p['high'])} (latest deviation"
                    f" {_n(p['std'])})"
                )
            if call.target:
                t = call.target
                parts.append(f"targets {_n(t['low'])} to {_n(t['high'])}")
            weight = 0.4
            options = [
                f"{k} {v}"
                for k, v in call.options.items()
                if (k, v) not in (("ignore_index", -100), ("label_smoothing", 0.0), ("beta", 1.0))
            ]
            smoothing = call.options.get("label_smoothing")
            if isinstance(smoothing, int | float) and smoothing > 0.3:
                weight = 0.9
            if options:
                parts.append(", ".join(options))
                weight = max(weight, 0.5)
            common = _most_frequent(call.classes)
            if common is not None and common[1] >= 0.5:
                parts.append(f"{common[1]:.0%} of the targets are {common[0]}")
                weight = max(weight, 0.75)
            yield Statement("outputs", "; ".join(parts) + self.at(call.place), weight)
            said = _predicted(call.classes)
            if said is not None and said[1] > 0.9 and (common is None or said[1] > common[1] + 0.1):
                yield Statement(
                    "outputs",
                    f"{said[1]:.0%} of the latest training answers are class {said[0]}",
                    0.85,
                )

    # Weights

    def weights(self) -> Iterator[Statement]:
        run = self.run
        trained = {n for o in run.objectives.values() for n in o.parameters}
        weights = [p for p in run.parameters.values() if p.number in trained and p.is_weight]
        moved: list[tuple[float, Parameter]] = []
        for p in weights:
            yield from self.start(p)
            values = run.series("parameter", p.number, "moved").finite
            if values:
                moved.append((max(values), p))
            rms = run.series("parameter", p.number, "weight_rms").finite
            if len(rms) >= 2 and rms[0] > 0 and not 0.4 < rms[-1] / rms[0] < 3:
                yield Statement(
                    "weights",
                    f"the weights of `{p.name}` went from {_n(rms[0])} to {_n(rms[-1])} (root mean"
                    " square)",
                    0.82 if rms[-1] < 0.4 * rms[0] else 0.6,
                )
        still = [p.name for m, p in moved if m == 0]
        if still:
            yield Statement("weights", f"never moved: {_names(still)}", 0.9)
        yield from self.updates(weights)
        frozen = [p for p in run.parameters.values() if not p.trainable]
        if frozen:
            yield Statement(
                "weights",
                f"{len(frozen)} parameters are frozen: {_names(p.name for p in frozen)}",
                0.5,
            )
        lone = [
            p
            for p in run.parameters.values()
            if p.trainable and not p.optimizers and p.is_parameter
        ]
        if lone and run.optimizers:
            yield Statement("weights", f"in no optimizer: {_names(p.name for p in lone)}", 0.85)
        for optimizer in run.optimizers.values():
            if optimizer.never_graded:
                yield Statement(
                    "weights",
                    f"never had a gradient: {_names(optimizer.never_graded)}",
                    0.85,
                )

    def start(self, p: Parameter) -> Iterator[Statement]:
        if not p.start:
            return
        std, peak = p.start.get("std", math.nan), p.start.get("peak", math.nan)
        usual = 1 / math.sqrt(max(p.fan_in, 1))
        first = "at the start" if p.fresh else "when first seen"
        text = f"weights of `{p.name}` {first}: deviation {_n(std)}, largest {_n(peak)}"
        text += f" (usual for {p.fan_in} inputs: {_n(usual / 3**0.5)} to {_n(usual * 2**0.5)})"
        weight = 0.0
        if std == 0:
            weight = 0.9
        elif not usual / 8 < std < usual * 6 and p.fan_in > 2:
            weight = 0.8
        elif p.start.get("distinct_rows", 1.0) < 0.5:
            text += f", {p.start['distinct_rows']:.0%} of its rows differ"
            weight = 0.85
        elif peak > 30 * std > 0:
            weight = 0.7
        if weight:
            yield Statement("weights", text, weight)

    def updates(self, weights: list[Parameter]) -> Iterator[Statement]:
        rows = []
        for p in weights:
            ratios = self.run.series("parameter", p.number, "update_ratio").finite
            if ratios:
                rows.append((median(ratios), p.name))
        if rows:
            low, high = min(rows), max(rows)
            text = f"a step changes weights by {_n(low[0])} of their size (`{low[1]}`)"
            if high != low:
                text += f" to {_n(high[0])} (`{high[1]}`)"
            usual = 1e-4 <= high[0] <= 0.1
            yield Statement("weights", f"{text} (usual: 0.001)", 0.4 if usual else 0.8)
        gradients = [
            (values[-1], p.name)
            for p in weights
            if (values := self.run.series("parameter", p.number, "gradient_norm").finite)
        ]
        if len(gradients) > 1:
            low, high = min(gradients), max(gradients)
            wide = low[0] < 1e-6 * high[0] or high[0] > 1e3
            yield Statement(
                "weights",
                f"latest gradient norms: {_n(low[0])} (`{low[1]}`) to {_n(high[0])} (`{high[1]}`)",
                0.75 if wide else 0.35,
            )

    def rates(self) -> Iterator[Statement]:
        for optimizer in self.run.optimizers.values():
            settings = ", ".join(
                f"{k} {v:g}"
                if isinstance(v, int | float) and not isinstance(v, bool)
                else f"{k} {v}"
                for k, v in optimizer.settings.items()
                if v not in (None, False, 0)
            )
            text = f"{optimizer.name} ({settings[:160]}), {optimizer.steps:,} steps"
            text += (
                f", {optimizer.trainable_count} of {optimizer.parameter_count} tensors trainable"
            )
            weight = 0.5
            decay = optimizer.settings.get("weight_decay")
            if isinstance(decay, int | float) and decay >= 0.1:
                weight = 0.8
            rates = self.run.series("optimizer", optimizer.number, "rate").finite
            rates = rates or self.run.series("optimizer", optimizer.number, "learning_rate").finite
            if rates:
                text += (
                    f"; rate {_n(rates[0])} first, {_n(max(rates))} highest, {_n(rates[-1])} last"
                )
                low = len([r for r in rates if r < 0.01 * max(rates)]) / len(rates)
                if low > 0.3:
                    text += f", below a hundredth of the highest for {low:.0%} of the samples"
                    weight = 0.85
            yield Statement("rates", text + self.at(optimizer.place), weight)

    # Activations

    def outputs(self) -> Iterator[Statement]:
        run = self.run
        told = 0
        for operation in run.operations.values():
            name = operation.place.layer or operation.kind
            for quantity, limit, words in (
                ("silent_share", 0.4, "of the units of `{}` are silent for every example"),
                ("saturated_share", 0.4, "of the outputs of `{}` are saturated"),
                ("dropped_share", 0.45, "of the outputs of `{}` are dropped in training"),
            ):
                values = run.series("operation", operation.number, quantity).finite
                if values and values[-1] >= limit and told < 6:
                    told += 1
                    text = f"{values[-1]:.0%} {words.format(name)}"
                    if quantity != "dropped_share":
                        text += f" (at first {values[0]:.0%})"
                    yield Statement("outputs", text, 0.45 + 0.5 * values[-1])
            spread = run.series("operation", operation.number, "spread").finite
            if spread and spread[-1] < 1e-3 and told < 6:
                told += 1
                yield Statement(
                    "outputs",
                    f"`{name}` gives nearly the same for every example (spread {_n(spread[-1])})",
                    0.85,
                )

    def sequences(self) -> Iterator[Statement]:
        run = self.run
        for p in run.paddings.values():
            word = "rows of zeros" if p.word is None else f"token {p.word}"
            text = (
                f"{p.rows:.0%} of the sequences of {p.length} are filled up with {word} on the"
                f" {p.side} ({p.positions:.0%} of all positions), to which {p.gradient:.0%} of the"
                f" gradient of their answers goes{self.at(p.place)}"
            )
            if p.attended is not None:
                text += f"; attention pays {p.attended:.0%} to it"
            if p.unread > 0:
                text += f"; {p.unread:.0%} of their answers depend on no word"
            share = max(p.gradient, p.unread)
            yield Statement("outputs", text, 0.4 + 0.5 * share if 0 <= share <= 1 else 0.4)
        for a in run.attentions.values():
            if a.axis == "keys" and a.depth:
                text = (
                    f"attention{self.at(a.place)}: the largest of {a.keys:.0f} weights is"
                    f" {a.top:.2f} at step {a.step}, {a.latest:.2f} at the end; scores deviate by"
                    f" {a.spread:.2g} at first"
                )
                masked = a.masked or 0.0
                if masked > 1e-3:
                    text += f"; {masked:.0%} of the weights lie at masked positions"
                yield Statement("outputs", text, 0.8 if a.top > 0.6 or masked > 1e-3 else 0.25)
        for o in run.orderings.values():
            text = f"nothing tells the network the positions of its words{self.at(o.place)}"
            if o.pairs:
                text += (
                    f"; {o.contradicted:.0%} of {o.pairs} pairs of equal words of one example have"
                    " different targets"
                )
            yield Statement("outputs", text, 0.8 if o.contradicted > 0.1 else 0.6)

    def modes(self) -> Iterator[Statement]:
        for network in self.run.networks.values():
            for path, norm in network.norms.items():
                shift, ratio = norm.get("shift", 0.0), norm.get("ratio", 1.0)
                off = shift > 2 or not 0.25 < ratio < 4
                yield Statement(
                    "modes",
                    f"into the batch norm `{path}` flow means {_n(shift)} running deviations off"
                    f" its running mean, with {_n(ratio)} times the running deviation",
                    0.9 if off else 0.2,
                )
            parts = []
            weight = 0.3
            if network.dropout:
                high = max(network.dropout.values())
                shares = sorted(set(network.dropout.values()))
                parts.append(f"dropout {', '.join(f'{s:g}' for s in shares[:4])}")
                weight = 0.8 if high >= 0.7 else weight
            if network.training_forwards:
                parts.append(f"training passes by mode {_counts(network.training_forwards)}")
                weight = 0.8 if network.training_forwards.get("eval") else weight
            if network.evaluation_forwards:
                parts.append(f"evaluation passes by mode {_counts(network.evaluation_forwards)}")
                risky = bool(network.dropout or network.batch_norm)
                bad = network.evaluation_forwards.get("train") and risky
                weight = 0.85 if bad else weight
            if parts:
                yield Statement(
                    "modes",
                    f"{network.name} ({network.parameter_count:,} parameters): {', '.join(parts)}",
                    weight,
                )

    def time(self) -> Iterator[Statement]:
        for loader in self.run.loaders.values():
            if loader.trains and loader.waited + loader.busy > 0:
                share = loader.waited / (loader.waited + loader.busy)
                yield Statement(
                    "time",
                    f"{share:.0%} of the training time is spent waiting for batches"
                    f" ({loader.waited:.3g} s){self.at(loader.place)}",
                    0.6 if share > 0.5 else 0.25,
                )


def _n(value: float) -> str:
    """A number in four characters or so."""
    return f"{value:.3g}"


def _f(body: object, name: str) -> float:
    value = body.get(name) if isinstance(body, dict) else None
    return float(value) if isinstance(value, int | float) else 0.0


def _i(body: dict[str, Detail], name: str) -> str:
    return f"{int(_f(body, name)):,}"


def _column(e: Examples) -> str:
    return "channel" if e.kind == "pictures" and e.shape and e.shape[0] > 1 else "column"


def _shares(side: dict[str, Detail]) -> str:
    classes = side.get("classes")
    if not isinstance(classes, dict):
        return ""
    text = ", ".join(f"{k}: {_f(classes, k):.1%}" for k in list(classes)[:_LISTED])
    more = int(_f(side, "class_count")) - min(len(classes), _LISTED)
    return text + (f", {more} more" if more > 0 else "")


def _apart(one: dict[str, Detail], two: dict[str, Detail]) -> float:
    """Total variation distance of the class shares."""
    a, b = one.get("classes"), two.get("classes")
    if not isinstance(a, dict) or not isinstance(b, dict):
        return 0.0
    return sum(abs(_f(a, k) - _f(b, k)) for k in {*a, *b}) / 2


def _moved(one: dict[str, Detail], two: dict[str, Detail]) -> float:
    """How far the targets of both sides are apart, in deviations and factors, in [0, 1]."""
    a, b = _f(one, "label_std"), _f(two, "label_std")
    if not a or not b:
        return 0.0
    factor = abs(math.log(a / b)) / math.log(4)
    shift = abs(_f(one, "label_mean") - _f(two, "label_mean")) / (2 * max(a, b))
    return min(1.0, max(factor, shift))


def _most_frequent(classes: dict[str, list[int]]) -> tuple[str, float] | None:
    total = sum(row[0] for row in classes.values())
    if not total:
        return None
    label = max(classes, key=lambda k: classes[k][0])
    return label, classes[label][0] / total


def _predicted(classes: dict[str, list[int]]) -> tuple[str, float] | None:
    total = sum(row[2] for row in classes.values())
    if total < 32 or len(classes) < 2:
        return None
    label = max(classes, key=lambda k: classes[k][2])
    return label, classes[label][2] / total


def _names(names: Iterable[str]) -> str:
    listed = list(names)
    more = f" and {len(listed) - _LISTED} more" if len(listed) > _LISTED else ""
    return ", ".join(f"`{n}`" for n in listed[:_LISTED]) + more


def _counts(counts: dict[str, int]) -> str:
    return " ".join(f"{k} {v}" for k, v in counts.items())
