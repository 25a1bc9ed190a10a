"""DST101 diverging-replicas."""

from __future__ import annotations

__all__ = ["DivergingReplicas"]

from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import Finding, frozen
from trainwell.record import Place, Run, Sighting, Undecided
from trainwell.record.ranks import Distance, distances, is_split, replicas, unlike_movement


@frozen
class DivergingReplicas(Finding):
    """Ranks that train copies of one network, whose weights differ.

    What it looks for:
        The weights of every rank at the same steps (0, 1, 2, 4, 5, 8, 10, 16, ...): of each
        parameter a number whose differences tell how far two ranks are apart. Where they start
        apart and move alike, only the gradients are shared; where they start alike and come apart,
        the gradients of some parameters, or of all, are not.

    Why it hurts:
        Averaged gradients are the gradient of one network. Applied to copies that differ they are
        right for none of them, and what is evaluated and saved is only the copy of one rank. Copies
        whose gradients are not averaged are trained on a part of the data each.

    When it is not a fault:
        Parts of one model (pipeline and tensor parallelism, FSDP) are no copies: their names and
        shapes differ, or they have one loss together. Copies that are averaged every so many steps
        (local SGD, federated averaging) are alike again at some step: that is only a remark. An
        ensemble, a network of its own on every rank, is meant to differ: suppress this there.

    Thresholds:
        tolerance: distance, as a share of the weights' norm, under which copies count as alike.
        shared: difference of two ranks' movements, as a share of the movement, under which they
            follow the same gradients.
        looks: steps that both ranks must have been looked at.

    Sources:
        Li et al. 2020, "PyTorch Distributed: Experiences on Accelerating Data Parallel Training",
        section 3.2 (replicas must start from the same state and apply the same gradients); Stich
        2019, "Local SGD Converges Fast and Communicates Little"; Alon, Matias & Szegedy 1996,
        section 2.2, for the distance.
    """

    code: ClassVar[str] = "DST101"
    slug: ClassVar[str] = "diverging-replicas"
    confidence: ClassVar[float] = 0.95
    causes: ClassVar[tuple[str, ...]] = ("oscillating-loss", "noisy-batches", "underfitting")
    remedies: ClassVar[tuple[str, ...]] = ("wrap_in_ddp", "broadcast_weights", "average_gradients")

    tolerance: float = 1e-6
    shared: float = 0.3
    looks: int = 2

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield how far the copies are apart, once for the run."""
        if not run.ranks:
            return
        own = run.ranks[0]
        if own.spread:
            yield Undecided("the parameters are spread over the ranks, so there are no copies")
            return
        if not run.siblings:
            yield Undecided(f"the record of no other of the {own.world} ranks was found")
            return
        others = replicas(run)[1:]
        if not others:
            yield Undecided("no two ranks train the same network from the same line")
            return
        pairs = [(other, distances(run, other)) for other in others]
        pairs = [(o, d) for o, d in pairs if len(d) >= self.looks and d[-1].share > 0]
        apart = [(o, d) for o, d in pairs if any(at.share > self.tolerance for at in d)]
        if not apart:
            return
        if all(is_split(run, other) for other, _ in apart):
            yield Undecided("ranks with different weights have the same losses: parts of one model")
            return
        worst, steps = max(apart, key=lambda pair: pair[1][-1].share)
        yield self._judge(run, worst, steps, len(apart))

    def _judge(self, run: Run, other: Run, steps: list[Distance], count: int) -> Sighting:
        first = next(d for d in steps if d.share > self.tolerance)
        last = steps[-1]
        ranks = f"rank {run.ranks[0].rank} and rank {other.ranks[0].rank}"
        if count > 1:
            ranks += f" (and {count - 1} more)"
        begin = f"the weights of {ranks} differ by {last.share:.2g} of their size"
        evidence: dict[str, float] = {"distance": last.share, "ranks_apart": count}
        alike = [d.step for d in steps if d.step > first.step and d.share <= self.tolerance]
        if alike:
            text = (
                f"the weights of {ranks} differ from step {first.step} on, and are alike again at"
                f" step {alike[0]}: they are averaged at times, not at every step"
            )
            return Sighting(_line(run), text, first.step, "info", evidence)
        if first is not steps[0]:
            names = last.apart(self.tolerance)
            total = len(last.parameters)
            if len(names) < total:
                more = f" and {len(names) - 1} more" if len(names) > 1 else ""
                text = (
                    f"{begin}: `{names[0]}`{more} of {total} parameters came apart after step"
                    f" {steps[0].step}, so its gradient is not shared between the ranks"
                )
                where = _parameter(run, names[0])
            else:
                text = (
                    f"{begin}: they were alike until step {steps[0].step} and came apart, so the"
                    " gradients are not shared between the ranks"
                )
                where = _line(run)
            return Sighting(where, text, first.step, "error", evidence, min(1.0, last.share))
        if unlike_movement(run, steps) <= self.shared:
            text = (
                f"{begin}: they started apart and move alike, so the gradients are shared and the"
                " first weights were not"
            )
            return Sighting(_network(run), text, 0, "error", evidence, min(1.0, last.share))
        text = (
            f"{begin}: they started apart and move apart, so each rank trains a network of its own"
        )
        return Sighting(_network(run), text, 0, "warning", evidence, min(1.0, last.share))


def _line(run: Run) -> Place:
    return run.objectives[0].place


def _network(run: Run) -> Place:
    built = [n.place for n in run.networks.values() if n.place.file is not None]
    return built[0] if built else _line(run)


def _parameter(run: Run, name: str) -> Place:
    places = [p.place for p in run.parameters.values() if p.name == name]
    return places[0] if places and places[0].file is not None else _line(run)
