"""The training is bit-identical with and without the probe."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.forked import run_forked

_KINDS = sorted((Path(__file__).parent.parent / "kinds").glob("*.py"))


def test_there_are_enough_kinds() -> None:
    assert len(_KINDS) >= 10


@pytest.mark.parametrize("script", _KINDS, ids=lambda p: p.stem)
def test_losses_weights_and_random_states_are_equal(script: Path) -> None:
    bare = run_forked(script, "3", probed=False)
    assert bare.error == ""
    assert "digest" in bare.output
    for every in (1, 7):
        probed = run_forked(script, "3", every=every)
        assert probed.error == ""
        assert probed.output == bare.output
        assert probed.run is not None
        assert probed.run.steps > 0
        assert not [n for n in probed.run.notes if "failed" in n]
        assert any(s for s in probed.run.vitals.values()), "the probe saw nothing"


@pytest.mark.parametrize("script", _KINDS, ids=lambda p: p.stem)
def test_nothing_wrong_is_found_in_a_healthy_kind(script: Path) -> None:
    # Cut short on purpose, some of them are seen to be.
    assert set(run_forked(script, "1", every=2).codes) <= {"GEN104"}


@pytest.mark.parametrize("script", _KINDS, ids=lambda p: p.stem)
def test_remembering_steps_changes_nothing_either(
    script: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TRAINWELL_DEBUG", raising=False)
    bare = run_forked(script, "3", probed=False)
    probed = run_forked(script, "3", probing=True)
    assert (probed.output, probed.error) == (bare.output, "")
    assert probed.run is not None
    assert not [n for n in probed.run.notes if "failed" in n]
    tried = len(probed.run.counterfactuals)
    refused = any(n.startswith("no other settings") for n in probed.run.notes)
    assert tried >= 3 or refused or probed.run.ranks
