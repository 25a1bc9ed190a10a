"""The findings about Boltzmann machines, on invented fits."""

from __future__ import annotations

import pytest
from tests.findings.invented import check_words

from trainwell.findings.chains_not_mixing import ChainsNotMixing
from trainwell.findings.data_outside_unit_interval import DataOutsideUnitInterval
from trainwell.findings.dead_hidden_units import DeadHiddenUnits
from trainwell.findings.diverging_weights import DivergingWeights
from trainwell.findings.falling_likelihood import FallingLikelihood
from trainwell.findings.finding import Finding
from trainwell.record import Machine, Place, Run, Series, Sighting, Undecided
from trainwell.record.codec import run_from_json, run_to_json

_PLACE = Place(None, "train.py", 7, "rbm.fit(rows)")


def fit(series: dict[str, list[float]] | None = None, **fields: object) -> Run:
    """A run with one fit whose looks are ten updates apart."""
    run = Run("a", "train.py")
    facts = {"name": "RBM", "place": _PLACE, "algorithm": "pcd", "hidden": 100, "updates": 100}
    run.machines[0] = Machine(0, **(facts | fields))  # type: ignore[arg-type]
    for quantity, values in (series or {}).items():
        steps = [10 * (i + 1) for i in range(len(values))]
        run.vitals["machine", 0, quantity] = Series(steps, list(values))
    return run


def seen(finding: Finding, run: Run) -> list[Sighting]:
    # Every finding reads the record as it comes back from its file.
    found = list(finding.detect(run_from_json(run_to_json(run))))
    for sighting in found:
        if isinstance(sighting, Sighting):
            check_words(sighting.message)
    return [s for s in found if isinstance(s, Sighting)]


def test_chains_that_do_not_cover_the_data() -> None:
    far = {"chain_distance": [1.0] * 8 + [30.0] * 4}
    (sighting,) = seen(ChainsNotMixing(), fit(far))
    assert sighting.severity == "error"
    assert sighting.where == _PLACE
    (sighting,) = seen(ChainsNotMixing(), fit({"chain_distance": [1.0] * 8 + [6.0] * 4}))
    assert sighting.severity == "warning"
    assert seen(ChainsNotMixing(), fit(far, algorithm="cd")) == []
    assert seen(ChainsNotMixing(), fit({"chain_distance": [50.0] * 8 + [1.5] * 4})) == []
    assert seen(ChainsNotMixing(), fit({"chain_distance": [50.0] * 3})) == []
    assert seen(ChainsNotMixing(), fit()) == []


def test_a_likelihood_that_falls() -> None:
    rising = [-5.0, -4.0, -3.0, -2.0, -1.0, -0.5]
    falling = [-10.0, -5.0, -4.0, -6.0, -8.0, -9.0]
    width = [0.0] * 6
    looks = {"log_likelihood": falling, "pseudo_likelihood": rising, "bracket": width}
    (sighting,) = seen(FallingLikelihood(), fit(looks))
    assert sighting.step == 30
    assert "fell from -4 at update 30 to -9 nats" in sighting.message
    assert sighting.severity == "error"
    assert seen(FallingLikelihood(), fit(looks | {"bracket": [0.0] * 5 + [3.0]})) == []
    assert seen(FallingLikelihood(), fit(looks | {"pseudo_likelihood": falling})) == []
    assert seen(FallingLikelihood(), fit(looks | {"log_likelihood": rising})) == []
    (unknown,) = FallingLikelihood().detect(fit({"pseudo_likelihood": rising}))
    assert isinstance(unknown, Undecided)
    assert "likelihood_every" in unknown.reason


@pytest.mark.parametrize(("share", "severity"), [(0.3, "warning"), (0.9, "error")])
def test_dead_units(share: float, severity: str) -> None:
    looks = {"dead_hidden": [0.0, 0.1, share], "largest_weight": [1.0, 2.0, 3.0]}
    (sighting,) = seen(DeadHiddenUnits(), fit(looks))
    assert sighting.severity == severity
    assert sighting.evidence["dead"] == round(100 * share)
    assert seen(DeadHiddenUnits(), fit(looks | {"largest_weight": [0.1] * 3})) == []
    assert seen(DeadHiddenUnits(), fit(looks | {"dead_hidden": [1.0, 1.0, 0.1]})) == []


def test_weights_that_run_away() -> None:
    (sighting,) = seen(DivergingWeights(), fit({"largest_weight": [1.0, 5.0, 20.0, 80.0]}))
    assert sighting.severity == "warning"
    (sighting,) = seen(DivergingWeights(), fit({"largest_weight": [1.0, 5.0, 20.0, 8e9]}))
    assert sighting.severity == "error"
    (sighting,) = seen(DivergingWeights(), fit(stopped="diverged", learning_rate=2.0))
    assert sighting.severity == "error"
    assert seen(DivergingWeights(), fit({"largest_weight": [1.0, 20.0, 22.0, 24.0]})) == []
    assert seen(DivergingWeights(), fit({"largest_weight": [0.1, 1.0, 4.0, 9.0]})) == []


def test_data_that_were_refused() -> None:
    run = fit(low=0.0, high=16.0, outside=0.4, visible="bernoulli")
    (sighting,) = seen(DataOutsideUnitInterval(), run)
    assert "between 0 and 16, 40.0% of them outside [0, 1]" in sighting.message
    assert seen(DataOutsideUnitInterval(), fit()) == []
