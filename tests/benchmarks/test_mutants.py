"""Mutants of healthy scripts: each has one fault, on the line that is told, and compiles."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest
from benchmarks.mutants.operators import OPERATORS, mutants

from trainwell.findings.catalogue import FINDINGS

_ROOT = Path(__file__).parents[2]
_SCRIPTS = sorted((_ROOT / "tests/healthy").glob("*.py"))
_SOURCE = """\
import torch
from torch import nn
layers = nn.Sequential(*[nn.Linear(4, 4) for _ in range(3)], nn.ReLU(), nn.Dropout(0.1))
optimizer = torch.optim.SGD(layers.parameters(), lr=0.1)
for x, y in torch.utils.data.DataLoader([], shuffle=True):
    loss = nn.functional.cross_entropy(layers(x), y)
    loss = loss + nn.functional.mse_loss(layers(x), y)
    loss = loss + nn.functional.binary_cross_entropy_with_logits(layers(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
layers.eval()
layers.train()
"""


def test_every_operator_fits_somewhere() -> None:
    assert {m.operator.name for m in mutants(_SOURCE, OPERATORS)} == {o.name for o in OPERATORS}
    assert len({o.name for o in OPERATORS}) == len(OPERATORS)


@pytest.mark.parametrize("script", _SCRIPTS, ids=lambda s: s.stem)
def test_a_mutant_differs_at_its_line(script: Path) -> None:
    source = script.read_text()
    for mutant in mutants(source, OPERATORS):
        compile(mutant.source, str(script), "exec")
        old, new = source.splitlines(), mutant.source.splitlines()
        changes = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
        changed = [(tag, a, b) for tag, a, b, _, _ in changes if tag != "equal"]
        assert changed
        assert all(mutant.line - 1 <= a + 1 and b <= mutant.line + 12 for _, a, b in changed)


def test_most_accepted_names_are_findings() -> None:
    # The others belong to findings that are still to be written.
    slugs = {finding.slug for finding in FINDINGS.values()}
    named = [o for o in OPERATORS if set(o.accepted) & slugs]
    assert len(named) >= len(OPERATORS) - 4
