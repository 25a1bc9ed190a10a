"""NET121 untied-weights."""

from __future__ import annotations

__all__ = ["UntiedWeights"]

import os
from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import Parameter, Run, Sighting, Undecided
from trainwell.record.reading import harm


@frozen
class UntiedWeights(Finding):
    """An output layer that starts as a copy of the embedding and is trained apart from it.

    What it looks for:
        An embedding and a linear layer over as many words whose weights are two tensors, in
        memory of their own, with the very same random numbers at the first step, and which are
        both trained. Nobody draws the same numbers twice: one was copied from the other.

    Why it hurts:
        Weights that were meant to be shared get different gradients from the first step on. There
        are twice as many to learn, rare words are learned from one side only, and a word's input
        and its output mean different things.

    When it is not a fault:
        An output layer that is to start from the embedding and go its own way. Layers that PyTorch
        copies (`nn.TransformerEncoder`) are no pair of an embedding and an output.

    Sources:
        Press & Wolf 2017, "Using the output embedding to improve language models"; public threads
        on `decoder.weight.data.copy_(encoder.weight)` and `clone()` in place of
        `decoder.weight = encoder.weight`.
    """

    code: ClassVar[str] = "NET121"
    slug: ClassVar[str] = "untied-weights"
    confidence: ClassVar[float] = 0.6
    causes: ClassVar[tuple[str, ...]] = ("overfitting", *SYMPTOMS)
    remedies: ClassVar[tuple[str, ...]] = ("tie_weights",)

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the pairs that began as one."""
        for seen in run.twins.values():
            known = [
                run.parameters[n] for n in (seen.embedding, seen.output) if n in run.parameters
            ]
            if len(known) < 2 or not all(p.trainable for p in known):
                continue
            names = [_named(p) for p in known]
            shape = "x".join(map(str, seen.shape))
            yield Sighting(
                seen.place if seen.place.line is not None else known[1].place,
                f"{names[1]} starts with the very numbers of the embedding {names[0]} ({shape}),"
                " but is another tensor and is trained apart from it: it was copied and is not"
                " tied; assign the parameter itself (output.weight = embedding.weight)",
                0,
                "warning",
                {"shape": list(seen.shape)},
                harm(run, run.objectives.get(seen.objective)),
            )


def _named(parameter: Parameter) -> str:
    """Its name, and the line that built its layer where that is known."""
    place = parameter.place
    at = f" ({os.path.basename(place.file)}:{place.line})" if place.file and place.line else ""
    return f"`{parameter.name}`{at}"
