"""Pages of findings, and the list of them."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from syrupy.assertion import SnapshotAssertion

from trainwell.findings.catalogue import FINDINGS
from trainwell.findings.finding import Finding
from trainwell.record import Run, Sighting, Undecided
from trainwell.report.page import FAMILIES, render_catalogue, render_page


@dataclass(frozen=True)
class _WetRelu(Finding):
    """ReLU units that are wet, on a line that is so long that it has to be wrapped around.

    What it looks for:
        Units of `nn.ReLU` that are *wet*: see ``wetness`` in the numbers, which must not
        be above the share in `threshold`.

        A second paragraph.

    Why it hurts:
        - wet units rust
        - rust costs learning

    Thresholds:
        threshold: largest share of wet units.
        looks: how many looks it takes, at least, before anything is said about it, and
            why.
    """

    code: ClassVar[str] = "ACT999"
    slug: ClassVar[str] = "wet-relu"
    causes: ClassVar[tuple[str, ...]] = ("vanishing-gradient", "rust")
    remedies: ClassVar[tuple[str, ...]] = ("use_leaky_relu", "dry_units")

    threshold: float = 0.5

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        yield from ()


_SICK = "import torch\nx = 1\nnet = wet(x)\nprint(net)\nprint(x)\nprint(torch)\n"


def test_a_page(snapshot: SnapshotAssertion) -> None:
    page = render_page(
        _WetRelu(),
        caused_by=[FINDINGS["LOS101"]],
        specimens=(_SICK, _SICK.replace("wet(x)", "dry(x)")),
        width=80,
    )
    assert page == snapshot


def test_every_page_can_be_made() -> None:
    for finding in FINDINGS.values():
        page = render_page(finding, width=80)
        assert page.startswith(f"{finding.code} {finding.slug}\n\n")
        headings = ["What it looks for", "Why it hurts", "When it is not a fault", "Sources"]
        if dataclasses.fields(finding):
            headings.append("Thresholds")
        for heading in headings:
            assert f"\n{heading}\n  " in page, (finding.code, heading)
        for field in dataclasses.fields(finding):
            assert f"\n  {field.name} (" in page, (finding.code, field.name)
        # Nothing of the docstring is lost on the way.
        page, text = (
            set(re.findall(r"[\w.]+", t.replace("*", "")))
            for t in (page, type(finding).__doc__ or "")
        )
        assert text <= page


def test_the_catalogue_lists_every_finding_under_its_family() -> None:
    text = render_catalogue(FINDINGS.values(), width=200)
    for finding in FINDINGS.values():
        assert f"  {finding.code}  {finding.slug} " in text
        assert finding.code[:3] in FAMILIES
        assert f"\n{FAMILIES[finding.code[:3]]}\n" in "\n" + text
    assert all(
        len(line) <= 80 for line in render_catalogue(FINDINGS.values(), width=80).split("\n")
    )
