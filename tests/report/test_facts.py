"""The facts: at most 6 kB, most telling first, of every record."""

from __future__ import annotations

import copy
import json
import random
from dataclasses import replace

import pytest
from tests.findings.invented import Invention, mlp
from tests.findings.test_robustness import WRONG, thinned
from tests.report.conftest import FOLDER, make_run

from trainwell.diagnosis import diagnose
from trainwell.record import (
    Attention,
    Examples,
    Loader,
    Network,
    Ordering,
    PaddingRead,
    Place,
    Run,
    Series,
)
from trainwell.report.facts import LIMIT, facts_of, render_facts, render_facts_json


def told(run: Run) -> str:
    return render_facts(diagnose(run), folder=FOLDER)


def lines(run: Run, about: str) -> list[str]:
    return [line for line in told(run).splitlines() if line.startswith(about)]


def test_the_usual_run_is_told_in_order() -> None:
    text = told(make_run())
    assert text.startswith("facts of train.py: 1,240 steps, 4 evaluations, 6.5 s\n")
    assert "training loss 2.3 at the start" in text
    assert "evaluation loss 2.31 first" in text
    weights = [s.weight for s in facts_of(diagnose(make_run()), FOLDER)]
    assert weights == sorted(weights, reverse=True)
    assert all(0 <= w <= 1 for w in weights)
    assert "\nnot looked at: " in text
    assert "\nlooked for and not found: " in text


@pytest.mark.parametrize("limit", [1_500, 3_000, LIMIT])
def test_no_record_needs_more_room(limit: int) -> None:
    diagnosis = diagnose(WRONG)
    text = render_facts(diagnosis, folder=FOLDER, limit=limit)
    assert len(text.encode()) <= max(limit, 2_300)
    if limit == LIMIT:
        assert len(text.encode()) > 4_000
        assert "left out for length: " in text
    body = render_facts_json(diagnosis, folder=FOLDER, limit=limit)
    assert len(body.encode()) <= limit
    assert json.loads(body)["left_out"] > 0


def test_json_holds_the_same_statements() -> None:
    diagnosis = diagnose(make_run())
    body = json.loads(render_facts_json(diagnosis, folder=FOLDER))
    text = render_facts(diagnosis, folder=FOLDER)
    assert body["steps"] == 1240
    assert body["left_out"] == 0
    for fact in body["facts"]:
        assert f"{fact['about']:<8} {fact['text']}" in text
    indented = render_facts_json(diagnosis, folder=FOLDER, indent=2)
    assert json.loads(indented) == body
    assert indented.startswith('{\n  "')


@pytest.mark.parametrize("seed", range(30))
def test_records_may_lack_anything(seed: int) -> None:
    run = thinned(WRONG, random.Random(seed))
    assert len(told(run).encode()) <= LIMIT
    json.loads(render_facts_json(diagnose(run), folder=FOLDER))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 0.0, -1.0, 1e200])
def test_numbers_may_be_none(value: float) -> None:
    run = copy.deepcopy(WRONG)
    for series in run.vitals.values():
        series.values[:] = [value] * len(series)
    assert len(told(run).encode()) <= LIMIT
    json.loads(render_facts_json(diagnose(run), folder=FOLDER))


def test_an_empty_record_says_so() -> None:
    assert told(Run("empty", "train.py")).startswith("facts of train.py: 0 steps, did not end\n")


def test_a_crash_stands_in_the_first_line() -> None:
    run = make_run()
    run.error = {"type": "ValueError", "message": "no such column", "file": None, "line": None}
    assert "crashed: ValueError: no such column" in told(run).splitlines()[0]


# What must come first


def first(made: Invention | Run) -> str:
    run = made.run if isinstance(made, Invention) else made
    text = told(run).splitlines()[2:]
    return next(line for line in text if not line.startswith("named"))


def test_rows_that_are_never_drawn_come_first() -> None:
    run = make_run()
    loader = Loader(0, Place(None, f"{FOLDER}/train.py", 30), "Table", 64, length=2200, draws=33000)
    run.loaders[0] = replace(loader, drawn=2, read=525, trained=525, iterators=15, weights=2)
    line = first(run)
    assert "2,200 examples, 2 different ones drawn in 33,000 draws" in line
    assert line.endswith("[train.py:30]")


def test_labels_that_nothing_tells_come_first() -> None:
    run = make_run()
    body = {"agreement": 0.1, "agreement_chance": 0.1, "agreement_sigmas": 0.2, "linear": 0.11}
    run.examples_seen[0] = Examples(0, 0, labels="classes", training=body)
    assert "no better than chance: the inputs do not tell the labels" in first(run)


def test_columns_in_another_order_come_first() -> None:
    run = make_run()
    run.examples_seen[0] = Examples(0, 0, order=([2, 4], [4, 2]))
    assert "evaluation columns look like other columns of training: 2 like 4, 4 like 2" in first(
        run
    )


def test_statistics_of_other_data_come_first() -> None:
    run = make_run()
    run.networks[0] = Network(0, "Net", norms={"norm": {"shift": 120.0, "ratio": 0.01}})
    assert "into the batch norm `norm` flow means 120 running deviations off" in first(run)


def test_a_rate_that_is_nothing_for_most_of_the_run_is_told() -> None:
    run = mlp().run
    run.vitals["optimizer", 0, "learning_rate"] = Series([0, 1, 2, 3], [0.1, 1e-5, 1e-6, 1e-6])
    (line,) = lines(run, "rates")
    assert "below a hundredth of the highest for 75% of the samples" in line


def test_padding_attention_and_positions_are_told() -> None:
    run = make_run()
    place = Place(None, f"{FOLDER}/train.py", 30)
    run.paddings[0] = PaddingRead(
        *(0, 0, 0, place), looks=2, word=0, length=30, rows=0.9, positions=0.4, gradient=0.95
    )
    run.attentions[0] = Attention(
        *(0, 0, 0, place), looks=4, axis="keys", depth=8, top=0.9, latest=0.95, keys=12.0
    )
    run.orderings[0] = Ordering(0, 0, 0, place, looks=2, length=9, pairs=50, contradicted=0.5)
    text = "\n".join(lines(run, "outputs"))
    assert "90% of the sequences of 30 are filled up with token 0 on the right" in text
    assert "95% of the gradient" in text
    assert "the largest of 12 weights is 0.90 at step 0, 0.95 at the end" in text
    assert "nothing tells the network the positions of its words" in text
