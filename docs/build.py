"""Writes docs/findings/: the pages of `trainwell explain` as Markdown.

python docs/build.py           write them
python docs/build.py --check   say whether they are up to date (CI)
"""

from __future__ import annotations

import sys
from pathlib import Path

from trainwell.findings.catalogue import FINDINGS
from trainwell.report.page import render_markdown

FOLDER = Path(__file__).parent / "findings"


def pages() -> dict[str, str]:
    """File name to text."""
    made = {}
    rows = ["# What trainwell finds", "", "| code | slug | what |", "|---|---|---|"]
    for finding in FINDINGS.values():
        above = [f for f in FINDINGS.values() if finding.slug in f.causes]
        made[f"{finding.slug}.md"] = render_markdown(finding, above)
        first = " ".join((type(finding).__doc__ or "").split("\n\n")[0].split())
        rows.append(f"| {finding.code} | [{finding.slug}]({finding.slug}.md) | {first} |")
    made["README.md"] = "\n".join(rows) + "\n"
    return made


def main() -> int:
    FOLDER.mkdir(exist_ok=True)
    wanted = pages()
    there = {p.name: p.read_text(encoding="utf-8") for p in FOLDER.glob("*.md")}
    if "--check" in sys.argv:
        stale = sorted(n for n in wanted.keys() | there.keys() if wanted.get(n) != there.get(n))
        print(f"stale pages: {', '.join(stale)}; run python docs/build.py" if stale else "docs: ok")
        return 1 if stale else 0
    for name in there.keys() - wanted.keys():
        (FOLDER / name).unlink()
    for name, text in wanted.items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
