"""A finding's page, and the list of all findings."""

from __future__ import annotations

__all__ = ["FAMILIES", "render_catalogue", "render_markdown", "render_page"]

import dataclasses
import difflib
import json
import re
from collections.abc import Iterable
from itertools import groupby

from rich.table import Table
from rich.text import Text

from trainwell.findings.finding import Finding
from trainwell.remedies import ADVICE
from trainwell.report.canvas import Canvas
from trainwell.report.docstring import docstring, markdown, summary

FAMILIES = {
    "DAT": "data",
    "NET": "structure",
    "LOS": "losses",
    "ACT": "activations",
    "GRD": "gradients",
    "OPT": "optimisation",
    "GEN": "generalisation",
    "MOD": "training and evaluation mode",
    "CKP": "checkpoints",
    "RES": "resources",
    "DST": "several processes",
    "BMN": "Boltzmann machines",
    "ONE": "one-shot learning",
}
"""What the letters of a code stand for."""

_HEADING = re.compile(r"^(?:\*+|#+ )?([A-Z][\w' ]+?)\*{0,2}:?\*{0,2}$")
_EMPHASIS = re.compile(r"(``?)(.+?)\1|\*\*(.+?)\*\*|(?<!\w)\*(?! )(.+?)\*(?!\w)")


def render_catalogue(findings: Iterable[Finding], *, width: int = 100, colour: bool = False) -> str:
    """All findings by family, one line each.

    Args:
        findings: in the order of the catalogue.
        width: columns of the terminal.
        colour: with the control codes of a terminal; plain text otherwise.
    """
    canvas = Canvas(width, colour)
    for family, some in groupby(findings, key=lambda f: f.code[:3]):
        canvas.draw(Text(FAMILIES.get(family, family), style="bold"))
        table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
        table.add_column(no_wrap=True)
        table.add_column(no_wrap=True, min_width=30)
        table.add_column()
        for finding in some:
            table.add_row(finding.code, Text(finding.slug, style="bold"), _marked(summary(finding)))
        canvas.draw(table, indent=2)
        canvas.gap()
    canvas.line("one of them: trainwell explain CODE; see it happen: trainwell explain CODE --run")
    return canvas.text


def render_page(
    finding: Finding,
    *,
    caused_by: Iterable[Finding] = (),
    specimens: tuple[str, str] | None = None,
    width: int = 100,
    colour: bool = False,
) -> str:
    """A finding's docstring, what it brings about, what to do, and the specimens' difference.

    Args:
        finding: whose page it is.
        caused_by: the findings that may bring this one about.
        specimens: the text of the sick script and of the cured one.
        width: columns of the terminal.
        colour: with the control codes of a terminal; plain text otherwise.
    """
    canvas = Canvas(width, colour)
    canvas.draw(Text(f"{finding.code} {finding.slug}", style="bold"))
    canvas.gap()
    _print_docstring(canvas, docstring(finding))
    if finding.causes:
        _print_heading(canvas, "What it may bring about")
        canvas.draw(Text(", ".join(finding.causes)), indent=2)
    slugs = [f.slug for f in caused_by]
    if slugs:
        _print_heading(canvas, "What may bring it about")
        canvas.draw(Text(", ".join(slugs)), indent=2)
    if finding.remedies:
        _print_heading(canvas, "What to do")
        for name in finding.remedies:
            advice = ADVICE.get(name, name.replace("_", " "))
            canvas.draw(Text(f"→ {advice}", style="green"), indent=2)
    thresholds = dataclasses.fields(finding)
    if thresholds:
        _print_heading(canvas, "How to set its thresholds, in pyproject.toml")
        canvas.draw(Text(f"[tool.trainwell.findings.{finding.slug}]"), indent=2)
        for field in thresholds:
            # What JSON and TOML have in common is all that a threshold may be.
            value = json.dumps(getattr(finding, field.name))
            canvas.draw(Text(f"{field.name} = {value}"), indent=2)
    if specimens is not None:
        _print_heading(canvas, "A script that has it, and its cure")
        for line in _difference(*specimens):
            style = {"-": "red", "+": "green", "@": "dim"}.get(line[:1], "")
            canvas.draw(Text(line, style=style), indent=2)
        canvas.gap()
        canvas.draw(Text(f"see it happen: trainwell explain {finding.code} --run", style="dim"))
    return canvas.text


def render_markdown(finding: Finding, caused_by: Iterable[Finding] = ()) -> str:
    """The same page as Markdown, for the documentation.

    Args:
        finding: whose page it is.
        caused_by: the findings that may bring this one about.
    """
    lines = [f"# {finding.code} {finding.slug}", "", markdown(finding)]
    slugs = [f"[{f.slug}]({f.slug}.md)" for f in caused_by]
    lines += ["", "## What it may bring about", ", ".join(finding.causes) or "nothing further"]
    lines += ["", "## What may bring it about", ", ".join(slugs) or "nothing in this catalogue"]
    advice = [f"- {ADVICE.get(name, name)} (`{name}`)" for name in finding.remedies]
    lines += ["", "## What to do", *advice]
    folder = f"../../src/trainwell/specimens/{finding.slug}"
    lines += ["", "## A script that has it, and its cure"]
    lines += [f"[sick.py]({folder}/sick.py), [cured.py]({folder}/cured.py); see it happen with"]
    lines += [f"`trainwell explain {finding.code} --run`."]
    return "\n".join(lines) + "\n"


def _print_docstring(canvas: Canvas, text: str) -> None:
    # Paragraphs are joined and wrapped anew; what is indented or a list keeps its lines.
    for block in text.split("\n\n"):
        lines = block.splitlines()
        heading = _HEADING.match(lines[0]) if lines and len(lines[0]) < 50 else None
        if heading is not None and (len(lines) > 1 or lines[0][:1] in "*#" or lines[0][-1] == ":"):
            _print_heading(canvas, heading[1])
            lines = lines[1:]
        if not lines:
            continue
        for paragraph in _paragraphs(lines):
            canvas.draw(_marked(paragraph), indent=2 if heading or lines[0][:1] == " " else 0)
        canvas.gap()


def _paragraphs(lines: list[str]) -> list[str]:
    indent = min(len(line) - len(line.lstrip()) for line in lines)
    paragraphs: list[str] = []
    for line in (line[indent:] for line in lines):
        item = re.match(r"[-*] |\w+( \(.+?\))?: |\d+\. ", line) is not None
        if paragraphs and not item:
            paragraphs[-1] += " " + line.strip()
        else:
            paragraphs.append(line.strip())
    return paragraphs


def _print_heading(canvas: Canvas, text: str) -> None:
    canvas.gap()
    canvas.draw(Text(text, style="bold"))


def _marked(text: str) -> Text:
    made = Text()
    end = 0
    for match in _EMPHASIS.finditer(text):
        made.append(text[end : match.start()])
        if match[2]:
            made.append(f"`{match[2]}`", style="cyan")
        else:
            made.append(match[3] or match[4], style="italic")
        end = match.end()
    made.append(text[end:])
    return made


def _difference(sick: str, cured: str) -> list[str]:
    lines = difflib.unified_diff(
        sick.splitlines(), cured.splitlines(), "sick.py", "cured.py", n=2, lineterm=""
    )
    return list(lines)
