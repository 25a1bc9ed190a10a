"""What is wrong with what `trainwell oneshot enroll` enrolled, a line each."""

from __future__ import annotations

__all__ = ["doubts", "told_as_lines"]

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from trainwell.cli.output import put

if TYPE_CHECKING:
    from trainwell.oneshot import OneShotClassifier


def doubts(classifier: OneShotClassifier) -> list[str]:
    """What ONE101 and ONE102 see, with the thresholds that the project settled.

    Args:
        classifier: with something enrolled.
    """
    from trainwell.configuration.settings import settings_for
    from trainwell.findings.catalogue import FINDINGS
    from trainwell.record import Recogniser, Run, Sighting

    name = classifier._used_embedder().name
    run = Run("", "")
    run.recognisers[0] = Recogniser(0, name, **classifier.check().facts())
    settled = settings_for("-m oneshot").findings()
    wanted = [
        finding
        for finding in (FINDINGS.values() if settled is None else settled)
        if finding.code in ("ONE101", "ONE102")
    ]
    return [
        f"{finding.code} {seen.message}"
        for finding in wanted
        for seen in finding.detect(run)
        if isinstance(seen, Sighting)
    ]


@contextmanager
def told_as_lines() -> Iterator[None]:
    """Warnings of the block as lines on standard error, after it."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        try:
            yield
        finally:
            for each in caught:
                put(sys.stderr, f"trainwell: {each.message}\n")
