"""A diagnosis as text for a person: what is wrong, which line, what to do; then the evidence."""

from __future__ import annotations

__all__ = ["render_text"]

from collections.abc import Iterator
from itertools import groupby

from rich.console import RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.text import Text

from trainwell.diagnosis import Diagnosis, Entry
from trainwell.findings.catalogue import FINDINGS
from trainwell.record import Place, Run
from trainwell.record.standing import standing
from trainwell.remedies import ADVICE
from trainwell.report.canvas import Canvas
from trainwell.report.evidence import figures, layer_table
from trainwell.report.numbers import count, figure, sparkline
from trainwell.report.paths import short_path

_STYLES = {"error": "bold red", "warning": "bold yellow", "info": "bold cyan"}
_MARKS = {"error": "✗", "warning": "!", "info": "i"}

_PLACES = 4
_REMEDIES = 3
_CURVES = 3
_NOTES = 5


def render_text(
    diagnosis: Diagnosis,
    *,
    folder: str,
    width: int = 100,
    colour: bool = False,
    verbose: bool = False,
) -> str:
    """The diagnosis as text.

    Args:
        diagnosis: what to write.
        folder: files below it are named from it.
        width: columns of the terminal.
        colour: with the control codes of a terminal; plain text otherwise.
        verbose: with all places, all remedies, and what could not be judged.
    """
    canvas = Canvas(width, colour)
    for part in _Parts(diagnosis, folder, verbose).all():
        canvas.draw(part)
    return canvas.text


class _Parts:
    def __init__(self, diagnosis: Diagnosis, folder: str, verbose: bool) -> None:
        self.diagnosis = diagnosis
        self.run = diagnosis.run
        self.folder = folder
        self.verbose = verbose

    def all(self) -> Iterator[RenderableType]:
        yield Rule(Text(f"trainwell · {self.run.script}"), style="dim", align="left")
        yield from self.head()
        yield ""
        went = standing(self.run)
        if went.text:
            style = "yellow" if went.informed is False else ""
            lead = "no better than a guess: " if went.informed is False else ""
            yield Text(lead + went.text, style=style)
        yield self.verdict(guesses=went.informed is False)
        for root in self.diagnosis.roots:
            yield ""
            yield from self.entry(root)
        yield from self.foot()

    def head(self) -> Iterator[RenderableType]:
        yield from _curves(self.run)
        end = _end(self.run, self.folder)
        if end:
            yield Text(end, style="bold")

    def verdict(self, *, guesses: bool = False) -> RenderableType:
        roots = self.diagnosis.roots
        if not roots and not (self.run.steps or self.run.machines or self.run.recognisers):
            return Text("nothing was trained, so there is nothing to diagnose", style="bold")
        if not roots:
            text = Text(
                f"no findings in {_looked_at(self.run)}",
                style="bold yellow" if guesses else "bold green",
            )
            text.append(f" ({self.looked_for()})", style="dim not bold")
            if guesses:
                text.append("; what keeps it from learning was not found", style="yellow not bold")
            return text
        by_severity = [
            count(len(list(some)), severity, "info" if severity == "info" else None)
            for severity, some in groupby(sorted(e.severity for e in roots))
        ]
        text = Text(", ".join(by_severity), style=_STYLES[roots[0].severity])
        folded = len(self.diagnosis.entries) - len(roots)
        if folded:
            verb = "follows" if folded == 1 else "follow"
            text.append(f", from which {folded} more {verb}", style="default")
        text.append(f" ({_looked_at(self.run)})", style="dim not bold")
        return text

    def looked_for(self) -> str:
        """How many faults were looked for, and what could not be judged."""
        left_out = len(self.diagnosis.left_out)
        unjudged = len({code for code, _ in self.diagnosis.undecided})
        text = f"{len(FINDINGS) - left_out} faults looked for"
        if unjudged:
            text += f", {unjudged} of them with too little to judge by"
        return text + (f"; {left_out} not looked for" if left_out else "")

    def entry(self, entry: Entry) -> Iterator[RenderableType]:
        place = entry.where[0] if entry.where else Place()
        style = _STYLES[entry.severity]
        head = Text(f"{_MARKS[entry.severity]} ", style=style)
        if place.file is not None:
            head.append(self.line(place), style="bold")
            head.append("  ")
        head.append(f"{entry.severity}", style=style)
        head.append(f"  {entry.slug}", style="bold")
        head.append(f"  {entry.code}", style="dim")
        yield head
        yield _indented(Text(entry.message))
        if place.code:
            yield _indented(Text.assemble((f"{place.line} │ ", "dim"), (place.code, "bold")), 4)
        yield from self.places(entry)
        yield from self.advice(entry)
        yield from self.evidence(entry)
        yield from self.consequences(entry)
        sure = f"confidence {entry.confidence:.0%}"
        yield _indented(Text(f"{sure} · more: trainwell explain {entry.code}", style="dim"))

    def places(self, entry: Entry) -> Iterator[RenderableType]:
        others = [self.place(place) for place in entry.where[1:]]
        shown = others if self.verbose else others[: _PLACES - 1]
        if shown:
            more = f", and {len(others) - len(shown)} more" if len(others) > len(shown) else ""
            yield _indented(Text(f"also at {', '.join(shown)}{more}"))

    def evidence(self, entry: Entry) -> Iterator[RenderableType]:
        place = entry.where[0] if entry.where else Place()
        parts = figures(entry)
        if place.layer:
            parts.insert(0, place.layer if " " in place.layer else f"layer {place.layer}")
        if entry.step > 0:
            parts.append(f"first at step {entry.step:,}")
        if parts:
            yield _indented(Text(" · ".join(parts), style="dim"))
        table = layer_table(entry, self.run)
        if table is not None:
            yield _indented(table, 4)

    def advice(self, entry: Entry) -> Iterator[RenderableType]:
        names = [name for name in entry.remedies if name in ADVICE]
        for at, name in enumerate(names if self.verbose else names[:_REMEDIES]):
            lead = "→ " if at == 0 else "  or "
            yield _indented(Text.assemble((lead, "bold green"), (ADVICE[name], "green")))

    def consequences(self, entry: Entry) -> Iterator[RenderableType]:
        lines = list(_folded(entry))
        if lines:
            yield _indented(Text("which explains:"))
        for depth, below in lines:
            where = self.place(below.where[0]) if below.where else ""
            text = Text(no_wrap=True, overflow="ellipsis")
            text.append("└ ", style="dim")
            text.append(below.slug, style="bold")
            text.append(f"  {where}  " if where else "  ")
            text.append(below.message, style="dim")
            yield _indented(text, 2 + 2 * depth)

    def foot(self) -> Iterator[RenderableType]:
        yield from self.notes()
        yield from self.suppressed()
        if self.verbose and self.diagnosis.undecided:
            yield ""
            yield Text("not judged:", style="dim")
            for code, reason in self.diagnosis.undecided:
                yield _indented(Text(f"{code}: {reason}", style="dim"))
        if self.verbose and self.diagnosis.left_out:
            yield ""
            codes = ", ".join(self.diagnosis.left_out)
            yield Text(f"not looked for (select, ignore): {codes}", style="dim")

    def notes(self) -> Iterator[RenderableType]:
        notes = [*self.diagnosis.notes, *self.run.notes]
        shown = notes if self.verbose else notes[:_NOTES]
        if shown:
            yield ""
            yield Text("notes:", style="dim")
            for note in shown:
                yield _indented(Text(note, style="dim"))
            if len(shown) < len(notes):
                yield _indented(
                    Text(f"and {len(notes) - len(shown)} more (--verbose)", style="dim")
                )

    def suppressed(self) -> Iterator[RenderableType]:
        hidden = self.diagnosis.suppressed
        if not hidden:
            return
        yield ""
        if not self.verbose:
            yield Text(f"{len(hidden)} suppressed by comments (--verbose shows them)", style="dim")
            return
        yield Text(f"{len(hidden)} suppressed by comments:", style="dim")
        for each in hidden:
            where = self.place(each.sighting.where)
            text = f"{where}  {each.slug}  {each.code}  {each.sighting.message}"
            yield _indented(Text(f"{text} ({each.reason})" if each.reason else text, style="dim"))

    def line(self, place: Place) -> str:
        if place.file is None:
            return ""
        file = short_path(place.file, self.folder)
        return file if place.line is None else f"{file}:{place.line}"

    def place(self, place: Place) -> str:
        line = self.line(place)
        if not place.layer:
            return line
        return f"{line} ({place.layer})" if line else place.layer


def _curves(run: Run) -> Iterator[Text]:
    curves = []
    for objective in run.objectives.values():
        series = run.loss(objective.number)
        name = "loss" if len(run.objectives) == 1 else f"loss at line {objective.place.line}"
        curves.append((name, series.values))
    keys = list(dict.fromkeys(e.key for e in run.evaluations.values()))
    for key in keys:
        values = [e.loss for e in run.evaluations.values() if e.key == key]
        name = "evaluation" if len(keys) == 1 else f"evaluation {key}"
        if len(values) > 1:
            curves.append((name, values))
    curves = [(name, values) for name, values in curves if values]
    column = max((len(name) for name, _ in curves[:_CURVES]), default=0)
    for name, values in curves[:_CURVES]:
        first, last = figure(values[0]), figure(values[-1])
        yield Text.assemble(
            (name.ljust(column), "dim"),
            f"  {first} ",
            (sparkline(values, 40, floor=0.0), "cyan"),
            f" {last}",
        )


def _end(run: Run, folder: str) -> str:
    error = run.error
    if error is not None:
        file, line = error.get("file"), error.get("line")
        at = "" if file is None else f" at {short_path(str(file), folder)}:{line}"
        message = " ".join(str(error.get("message")).split())
        short = message if len(message) <= 200 else message[:199] + "…"
        return f"crashed{at}: {error.get('type')}: {short}"
    if run.ended is None:
        return "did not end: it runs still, or was killed"
    status = run.exit_status or 0
    if status < 0:
        names = {-2: "Ctrl-C", -15: "SIGTERM"}
        return f"ended by {names.get(status, f'signal {-status}')}"
    return f"ended with exit status {status}" if status else ""


def _looked_at(run: Run) -> str:
    samples = {
        step
        for (kind, _, _), series in run.vitals.items()
        if kind in ("operation", "parameter")
        for step in series.steps
    }
    layers = {o.place.layer for o in run.operations.values() if o.parameters}
    others = run.machines or run.recognisers
    parts = [count(run.steps, "step")] if run.steps or not others else []
    if run.machines:
        parts.append(count(len(run.machines), "Boltzmann machine"))
    if run.recognisers:
        parts.append(count(len(run.recognisers), "one-shot classifier"))
    if samples:
        parts.append(count(len(samples), "sample"))
    if run.networks:
        parts.append(count(len(run.networks), "network"))
    if layers:
        parts.append(count(len(layers), "layer"))
    if run.siblings:
        parts.append(count(1 + len(run.siblings), "rank"))
    return ", ".join(parts)


def _folded(entry: Entry, depth: int = 1) -> Iterator[tuple[int, Entry]]:
    for child in entry.consequences:
        yield depth, child
        yield from _folded(child, depth + 1)


def _indented(what: RenderableType, by: int = 2) -> Padding:
    return Padding(what, (0, 0, 0, by))
