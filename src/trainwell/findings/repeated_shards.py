"""DST102 repeated-shards."""

from __future__ import annotations

__all__ = ["RepeatedShards"]

from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import Finding, frozen
from trainwell.record import Place, Run, Sighting, Undecided
from trainwell.record.ranks import distances, is_split, replicas, rows_by_step


@frozen
class RepeatedShards(Finding):
    """Ranks that train copies of one network and read the same rows.

    What it looks for:
        Fingerprints of the rows that the network is given in training, on every rank at the same
        steps (0, 1, 2, 4, 5, 8, 10, 16, ...). Either the ranks read the same rows at the same step,
        or they read the same data in another order: rows of one rank come on another one, before
        any row has come twice on one of them.

    Why it hurts:
        Ranks that read the same rows at the same step compute the same gradient: the work of all
        but one is wasted. In another order the work is of use, but an epoch is as many epochs as
        there are ranks: schedules and stopping rules are off by that factor.

    When it is not a fault:
        Parts of one model, which have one loss together, have to read the same rows. Rows that are
        equal by nature (bits, grids, starts of an episode), and rows drawn with replacement, come
        again on the same rank as well. Evaluation rows are not counted. Random augmentation makes
        the rows of every rank different: then this cannot be seen.

    Thresholds:
        share: share of a step's rows that are the same, on average over the steps.
        steps: steps that both ranks must have been looked at.
        rows: different rows that a rank must have read.
        duplicates: share of a rank's rows at one step that are equal to another one, from which
            rows count as equal by nature.
        columns: numbers that make up a row, under which rows count as equal by chance.
        met: rows of another rank's that come before a row comes twice. When epochs are drawn
            without faults, a row is as likely to come again on its own rank: that it comes on the
            other one 20 times in a row has a probability of 2 to the power of -20.

    Sources:
        PyTorch's documentation, torch.utils.data.distributed.DistributedSampler; Goyal et al. 2017,
        "Accurate, Large Minibatch SGD", section 3 (each worker has its own part of the mini-batch).
    """

    code: ClassVar[str] = "DST102"
    slug: ClassVar[str] = "repeated-shards"
    confidence: ClassVar[float] = 0.95
    causes: ClassVar[tuple[str, ...]] = ("overfitting",)
    remedies: ClassVar[tuple[str, ...]] = ("shard_rows", "seed_by_rank")

    share: float = 0.9
    steps: int = 4
    rows: int = 16
    duplicates: float = 0.3
    columns: int = 4
    met: int = 20

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the ranks that read what this one reads, once for the run."""
        if not run.ranks:
            return
        own = run.ranks[0]
        if own.spread:
            yield Undecided("the parameters are spread over the ranks, which may share their rows")
            return
        if not run.siblings:
            yield Undecided(f"the record of no other of the {own.world} ranks was found")
            return
        copies = [other for other in replicas(run)[1:] if not _is_part(run, other)]
        ours = rows_by_step(run)
        if not copies or not ours:
            yield Undecided("no other rank trains a copy, or the network's rows were not seen")
            return
        if own.columns < self.columns or self._equal_by_nature(ours):
            yield Undecided("the rows are equal by nature: they cannot be told apart")
            return
        same: list[tuple[Run, float]] = []
        mixed: list[tuple[Run, int]] = []
        for other in copies:
            theirs = rows_by_step(other)
            common = [step for step in ours if step in theirs]
            if len(common) < self.steps:
                continue
            share = sum(_shared(ours[s], theirs[s]) for s in common) / len(common)
            met = _met({s: ours[s] for s in common}, {s: theirs[s] for s in common})
            if share >= self.share:
                same.append((other, share))
            elif met >= self.met:
                mixed.append((other, met))
        place = _place(run)
        if same:
            other, share = max(same, key=lambda pair: pair[1])
            text = (
                f"{_names(run, other, len(same))} read the same rows at the same step:"
                f" {share:.0%} of the rows looked at, where none is expected"
            )
            evidence = {"share": share, "ranks": len(same) + 1}
            harm = min(1.0, len(same) / own.world)
            yield Sighting(place, text, min(ours), "error", evidence, harm)
        elif mixed:
            other, met = max(mixed, key=lambda pair: pair[1])
            text = (
                f"{_names(run, other, len(mixed))} read the same data in different orders: {met} of"
                " the rows looked at came on both before one came twice"
            )
            yield Sighting(place, text, min(ours), "warning", {"rows": met}, 0.1)

    def _equal_by_nature(self, rows: dict[int, list[float]]) -> bool:
        if len({mark for marks in rows.values() for mark in marks}) < self.rows:
            return True
        shares = [1 - len(set(marks)) / len(marks) for marks in rows.values()]
        return max(shares) >= self.duplicates


def _is_part(run: Run, other: Run) -> bool:
    steps = distances(run, other)
    return bool(steps) and steps[-1].share > 0 and is_split(run, other)


def _shared(ours: list[float], theirs: list[float]) -> float:
    return len(set(ours) & set(theirs)) / len(set(ours))


def _met(ours: dict[int, list[float]], theirs: dict[int, list[float]]) -> int:
    """Rows that came on both ranks, up to the step at which one comes again on its own rank."""
    seen: tuple[set[float], set[float]] = (set(), set())
    for step in sorted(ours):
        now = set(ours[step]), set(theirs[step])
        if now[0] & seen[0] or now[1] & seen[1]:
            break
        seen = seen[0] | now[0], seen[1] | now[1]
    return len(seen[0] & seen[1])


def _names(run: Run, other: Run, count: int) -> str:
    names = f"rank {run.ranks[0].rank} and rank {other.ranks[0].rank}"
    return names if count == 1 else f"{names} (and {count - 1} more)"


def _place(run: Run) -> Place:
    """The line that reads the batches; where no loader does, the one that calls the network."""
    loaders = [at for at in run.loaders.values() if at.batches and at.place.file is not None]
    if loaders:
        return max(loaders, key=lambda at: at.batches).place
    place = run.ranks[0].place
    return place if place.file is not None else run.objectives[0].place
