"""ONE103 foreign-queries."""

from __future__ import annotations

__all__ = ["ForeignQueries"]

from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import Finding, frozen
from trainwell.record import Run, Sighting, Undecided


@frozen
class ForeignQueries(Finding):
    """Queries to a one-shot classifier that are off its embedder's ground.

    What it looks for:
        The share of queries whose best similarity, with the enrolled examples and with the cohort,
        is below what 99 % of the cohort's own examples have with its other labels.

    Why it hurts:
        The embedder was trained on other things. Where everything is unlike everything, the nearest
        label is chance, and thresholds and probabilities say nothing.

    When it is not a fault:
        Queries that are meant to be refused, asked on purpose with `unknown=True`.

    Thresholds:
        share: of the queries, from which it is reported.
        queries: how many there must be.

    Sources:
        By construction 1 % of queries on the embedder's ground are below. With 20 of them, half are
        by chance less than once in a billion times.
    """

    code: ClassVar[str] = "ONE103"
    slug: ClassVar[str] = "foreign-queries"
    remedies: ClassVar[tuple[str, ...]] = ("change_embedder", "share_preprocessing")

    share: float = 0.5
    queries: int = 20

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the classifiers that were asked such queries."""
        for each in run.recognisers.values():
            if each.queries < self.queries:
                continue
            if each.off_ground is None:
                yield Undecided(
                    f"the one-shot classifier on `{each.name}` has no cohort to compare its "
                    "queries with"
                )
                continue
            share = each.off_ground / each.queries
            if share < self.share:
                continue
            yield Sighting(
                each.place,
                f"{each.off_ground} of {each.queries} queries ({share:.0%}, where "
                f"{self.share:.0%} is the limit) are unlike all that the embedder `{each.name}` "
                "is known to take",
                0,
                "warning",
                {"queries": each.queries, "off_ground": each.off_ground},
                share,
            )
