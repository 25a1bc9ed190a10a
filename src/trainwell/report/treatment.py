"""The text report of a treatment."""

from __future__ import annotations

__all__ = ["render_treatment"]

import math
from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from trainwell.report.canvas import Canvas
from trainwell.report.numbers import count, figure

if TYPE_CHECKING:
    from trainwell.trials.answer import Answer, ArmResult

_STYLES = {"helps": "green", "hurts": "red", "flagged": "yellow", "no evidence": "dim"}


def render_treatment(answer: Answer, *, width: int = 100, colour: bool = False) -> str:
    """The answer as text: what was wrong, the arms, the verdict, the patch.

    Args:
        answer: of `trainwell treat`.
        width: columns of the terminal.
        colour: with the control codes of a terminal.
    """
    canvas = Canvas(width, colour)
    head = f"trainwell treat · {answer.script} "
    canvas.line(head + "─" * max(0, width - len(head)), "bold")
    _found(canvas, answer)
    if answer.arms:
        canvas.gap()
        _judged(canvas, answer)
        canvas.draw(_table(answer))
        _reasons(canvas, answer)
    canvas.gap()
    _verdict(canvas, answer)
    if answer.patch is not None:
        _patch(canvas, answer)
    _rest(canvas, answer)
    return canvas.text


def _found(canvas: Canvas, answer: Answer) -> None:
    roots = answer.diagnosis.roots
    if not roots:
        canvas.line("nothing was found to be wrong with it")
        return
    canvas.line("found " + ", ".join(f"{r.code} {r.slug}" for r in roots))


def _judged(canvas: Canvas, answer: Answer) -> None:
    assert answer.measure is not None
    values = [v for v in answer.baseline.values() if math.isfinite(v)]
    mean = math.fsum(values) / len(values) if values else math.nan
    direction = "higher" if answer.measure.maximize else "lower"
    canvas.line(
        f"judged by the {answer.measure.name} ({direction} is better): as it is {figure(mean)},"
        f" mean of {count(len(answer.baseline), 'seed')}"
    )
    if answer.measure.doubt:
        canvas.line(f"{answer.measure.doubt}: `--metric` judges by another number", "dim")
    if answer.deterministic:
        canvas.line("the script gives the same result on every seed: intervals mean little", "dim")


def _table(answer: Answer) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))
    table.add_column("remedy", overflow="fold", min_width=16)
    for name in ("effect", "95 % interval", "seeds", "p", "better"):
        table.add_column(name, justify="right", no_wrap=True)
    if answer.other is not None:
        table.add_column(answer.other.name.removeprefix("evaluation "), justify="right")
    table.add_column("time", justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True, min_width=11)
    for result in sorted(answer.arms, key=_order):
        table.add_row(*_row(answer, result))
    return table


def _order(result: ArmResult) -> tuple[bool, float]:
    effect = result.comparison.effect
    return (result.comparison.verdict != "helps", effect if math.isfinite(effect) else math.inf)


def _row(answer: Answer, result: ArmResult) -> list[Text | str]:
    found = result.comparison
    assert answer.measure is not None
    low, high = answer.bounds(found)
    style = _STYLES[found.verdict]
    if not found.seeds:
        return [result.label, *[""] * (5 + (answer.other is not None) + 1), "not run"]
    cells: list[Text | str] = [
        result.label,
        Text(f"{answer.measure.shown(found.effect):+.3g}", style=style),
        f"[{low:+.3g}, {high:+.3g}]" if math.isfinite(low) else "",
        str(found.seeds),
        "" if math.isnan(found.p) else f"{found.p:.2g}",
        f"{found.better:.0%}" if found.seeds > 1 else "",
    ]
    if answer.other is not None:
        cells.append("" if math.isnan(result.other) else f"{result.other:+.3g}")
    cells.append(f"{result.seconds:.0f} s")
    cells.append(Text(found.verdict, style=style))
    return cells


def _reasons(canvas: Canvas, answer: Answer) -> None:
    for result in answer.arms:
        for name, reason in result.unused.items():
            canvas.line(f"{result.label}: `{name}` did nothing: {reason}", "yellow")
        for doubt in result.doubts:
            canvas.line(f"{result.label}: {doubt}", "yellow")
        if result.error:
            failed = count(result.comparison.failed, "trial")
            canvas.line(f"{result.label}: {failed} failed: {result.error}", "yellow")
    if answer.unfit:
        reasons = "; ".join(f"{name} ({why})" for name, why in answer.unfit.items())
        canvas.line(f"not tried: {reasons}", "dim")


def _verdict(canvas: Canvas, answer: Answer) -> None:
    if answer.winner is not None:
        canvas.line(repr(answer), "bold yellow" if answer.quick else "bold green")
        if answer.quick:
            canvas.line("without `--quick`, fresh seeds prove it, or show that it was luck")
        return
    if answer.arms:
        ahead = min(
            (r.comparison for r in answer.arms if r.comparison.effect < 0),
            key=lambda c: c.effect,
            default=None,
        )
        if answer.stopped:
            canvas.line("not decided yet", "bold")
        if answer.stopped and ahead is None:
            return
        if answer.stopped and ahead is not None:
            effect = answer.measure.shown(ahead.effect) if answer.measure else ahead.effect
            canvas.line(
                f"{ahead.arm} is ahead by {figure(abs(effect))} on {count(ahead.seeds, 'seed')}:"
                " more seeds would tell"
            )
            return
        canvas.line("no remedy helped", "bold")
        tested = [r.comparison for r in answer.arms if not math.isnan(r.comparison.p)]
        seen = [c for c in tested if math.isfinite(c.detectable)]
        if seen:
            least = min(c.detectable for c in seen)
            canvas.line(f"an effect of {figure(least)} or more would most likely have been seen")
    elif answer.unfit:
        reasons = "; ".join(f"{name} ({why})" for name, why in answer.unfit.items())
        canvas.line("there is no remedy to try here", "bold")
        canvas.line(f"not tried: {reasons}", "dim")
    else:
        canvas.line("there is nothing to treat", "bold")
        canvas.line("--overfitting tries the remedies against overfitting all the same", "dim")


def _patch(canvas: Canvas, answer: Answer) -> None:
    patch = answer.patch
    assert patch is not None
    if patch.diff:
        canvas.gap()
        for line in patch.diff.splitlines():
            style = "green" if line.startswith("+") else "red" if line.startswith("-") else ""
            canvas.raw(line, style)
    for label, reason, lines in patch.by_hand:
        canvas.gap()
        canvas.line(f"{label} has no safe patch ({reason}); add by hand:")
        for line in lines.splitlines():
            canvas.raw("    " + line)
    checked = patch.checked
    if checked is None:
        return
    canvas.gap()
    if checked.agrees:
        canvas.line(
            f"the patched script, run by Python alone, gives the trial's result"
            f" (off by {figure(checked.difference)} on {count(checked.seeds, 'seed')})",
            "green",
        )
    elif checked.bare_status:
        canvas.line(f"the patched script ends with status {checked.bare_status}", "red")
    else:
        canvas.line(
            f"the patched script gives another result than the trial (off by"
            f" {figure(checked.difference)}): do not trust the patch",
            "red",
        )
    if checked.agrees:
        canvas.line("`--apply` writes it into the script", "dim")


def _rest(canvas: Canvas, answer: Answer) -> None:
    canvas.gap()
    canvas.line(f"{count(answer.runs, 'trial')} in {answer.seconds:.0f} s", "dim")
    if answer.shared_files:
        canvas.line(
            f"every trial wrote {answer.shared_files[0]}, by its whole path: what lies there now is"
            " a trial's",
            "yellow",
        )
    if answer.stopped:
        canvas.line(answer.stopped, "yellow")
