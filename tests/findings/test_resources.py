"""RES102, RES103 and DAT108 on invented runs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.findings.invented import Invention, mlp, only, sightings

from trainwell.findings.duplicate_worker_streams import DuplicateWorkerStreams
from trainwell.findings.growing_memory import GrowingMemory
from trainwell.findings.input_bound import InputBound
from trainwell.record import Loader, Place

# RES102 growing-memory


def keeping(counts: list[float], held: list[float] | None = None) -> Invention:
    made = mlp()
    made.measure("objective", 0, kept_graphs=counts, kept_losses=held or [0.0] * len(counts))
    return made


ALL = [float(n) for n in range(20)]


def test_all_graphs_are_kept() -> None:
    seen = only(GrowingMemory(), keeping(ALL))
    assert (seen.severity, seen.harm, seen.where.line) == ("warning", 1.0, 90)
    assert "19 of the 19 steps looked at" in seen.message
    assert "part of a sum" in seen.message
    assert seen.evidence == {"kept": 19.0, "looked_at": 19}
    assert seen.step == 4


def test_losses_that_are_held_are_told_from_sums() -> None:
    assert "in a list" in only(GrowingMemory(), keeping(ALL, ALL)).message
    assert "part of a sum" in only(GrowingMemory(), keeping(ALL, [1.0] * 20)).message


@pytest.mark.parametrize(("looks", "found"), [(4, 0), (5, 1)])
def test_both_sides_of_the_looks(looks: int, found: int) -> None:
    assert len(sightings(GrowingMemory(), keeping(ALL[:looks]))) == found


@pytest.mark.parametrize(("steps", "found"), [(49, 0), (50, 1)])
def test_both_sides_of_the_steps(steps: int, found: int) -> None:
    made = keeping(ALL)
    made.run.objectives[0] = replace(made.run.objectives[0], steps=steps)
    assert len(sightings(GrowingMemory(), made)) == found


@pytest.mark.parametrize(("end", "found"), [(7.0, 0), (8.0, 1)])
def test_both_sides_of_the_share(end: float, found: int) -> None:
    # Ten earlier looks; what is wanted of them is four fifths.
    assert len(sightings(GrowingMemory(), keeping([0.0] * 10 + [end]))) == found


@pytest.mark.parametrize(("peak", "found"), [(15, 0), (16, 1)])
def test_a_sum_that_is_freed_at_times_is_a_remark(peak: int, found: int) -> None:
    counts = [float(n) for n in range(1, peak + 1)] * 4
    seen = sightings(GrowingMemory(), keeping([*counts, 1.0]))
    assert [s.severity for s in seen] == ["info"] * found


@pytest.mark.parametrize("counts", [[], [0.0] * 40, [0.0, 1.0] * 20, [1.0] * 40])
def test_runs_that_keep_nothing(counts: list[float]) -> None:
    assert not sightings(GrowingMemory(), keeping(counts))


# RES103 input-bound


def reading(batches: int = 50, each: float = 0.04, step: float = 0.004, **fields: Any) -> Invention:
    """A loader whose batches take `each` seconds, before steps that take `step`."""
    made = mlp()
    place = Place(None, "train.py", 30, "for x, y in loader:")
    made.run.loaders[0] = Loader(
        0,
        place,
        "Pictures",
        32,
        batches=batches,
        waited=batches * each,
        busy=batches * step,
        **fields,
    )
    return made


def test_a_network_that_waits() -> None:
    seen = only(InputBound(), reading())
    assert (seen.severity, seen.where.line, seen.step) == ("warning", 30, 0)
    assert "91% of the time: 40 ms for a batch of Pictures" in seen.message
    assert "in the training process itself, and 4 ms for the step" in seen.message
    assert "from 2 workers" in only(InputBound(), reading(workers=2)).message


@pytest.mark.parametrize(("step", "found"), [(0.026, 1), (0.027, 0)])
def test_both_sides_of_the_share_of_waiting(step: float, found: int) -> None:
    assert len(sightings(InputBound(), reading(step=step))) == found


@pytest.mark.parametrize(("batches", "found"), [(9, 0), (10, 1)])
def test_both_sides_of_the_batches(batches: int, found: int) -> None:
    assert len(sightings(InputBound(), reading(batches, each=1.0))) == found


@pytest.mark.parametrize(("each", "found"), [(0.0199, 0), (0.0201, 1)])
def test_both_sides_of_the_wait_for_a_batch(each: float, found: int) -> None:
    assert len(sightings(InputBound(), reading(60, each=each, step=0.001))) == found


@pytest.mark.parametrize(("batches", "found"), [(24, 0), (26, 1)])
def test_both_sides_of_the_wait_in_all(batches: int, found: int) -> None:
    assert len(sightings(InputBound(), reading(batches, each=0.02001, step=0.001))) == found


@pytest.mark.parametrize(("batches", "found"), [(59_000, 0), (61_000, 1)])
def test_short_waits_count_in_a_long_run(batches: int, found: int) -> None:
    assert len(sightings(InputBound(), reading(batches, each=0.001, step=0.0001))) == found


# DAT108 duplicate-worker-streams

COPIED: dict[str, Any] = {
    "stream": "self.rng",
    "stream_kind": "numpy Generator",
    "stream_place": Place(None, "train.py", 20, "return x + self.rng.normal()"),
}


def test_a_generator_that_is_copied() -> None:
    seen = only(DuplicateWorkerStreams(), reading(workers=2, **COPIED))
    assert (seen.severity, seen.where.line) == ("warning", 20)
    assert seen.message.startswith("`self.rng` (numpy Generator) is copied into each of the 2")


def test_one_seed_for_all() -> None:
    fields = COPIED | {"stream": "numpy.random", "stream_kind": ""}
    seen = only(DuplicateWorkerStreams(), reading(workers=4, **fields))
    assert seen.message.startswith("all 4 workers that read Pictures are given one seed")


@pytest.mark.parametrize(
    "made",
    [
        reading(workers=2),
        reading(workers=1, **COPIED),
        reading(0, workers=2, **COPIED),  # nothing was trained on what it read
    ],
)
def test_workers_that_differ(made: Invention) -> None:
    assert not sightings(DuplicateWorkerStreams(), made)
