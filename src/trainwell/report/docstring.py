"""A finding's docstring: the text of its page, wherever that is shown."""

from __future__ import annotations

__all__ = ["docstring", "markdown", "section", "summary"]

import dataclasses
import inspect
import re

from trainwell.findings.finding import Finding


def docstring(finding: Finding) -> str:
    """The text, with the values of the thresholds beside their names."""
    text = inspect.cleandoc(type(finding).__doc__ or "")
    for field in dataclasses.fields(finding):
        value = getattr(finding, field.name)
        text = re.sub(rf"^(    {field.name}): ", rf"\1 ({value}): ", text, flags=re.MULTILINE)
    return text


def summary(finding: Finding) -> str:
    """What it is, in one sentence without a full stop."""
    first = docstring(finding).partition("\n\n")[0]
    return " ".join(first.split()).rstrip(".")


def section(finding: Finding, heading: str) -> str:
    """The text under one heading, its lines joined; empty where there is none."""
    for block in docstring(finding).split("\n\n"):
        first, *rest = block.splitlines()
        if first == f"{heading}:":
            return " ".join(" ".join(rest).split())
    return ""


def markdown(finding: Finding) -> str:
    """The text as Markdown, its sections under headings of the second level."""
    head, *blocks = docstring(finding).split("\n\n")
    lines = head.splitlines()
    for block in blocks:
        heading, *rest = block.splitlines()
        if not heading.endswith(":"):
            lines += ["", *block.splitlines()]
            continue
        lines += ["", f"## {heading.removesuffix(':')}"]
        text = inspect.cleandoc("\n".join(rest))
        if heading == "Thresholds:":
            text = re.sub(r"^(\w+) \(", r"- `\1` (", text, flags=re.MULTILINE)
        lines += text.splitlines()
    return "\n".join(lines)
