"""NET111 repeated-module."""

from __future__ import annotations

__all__ = ["RepeatedModule"]

from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import Finding, frozen
from trainwell.record import Place, Run, Sighting, Undecided


@frozen
class RepeatedModule(Finding):
    """A list of layers holds the same layer several times.

    What it looks for:
        An `nn.Sequential`, `nn.ModuleList` or `nn.ModuleDict` in which one module with parameters
        stands at several places: `[layer] * n`, or one object under several keys.

    Why it hurts:
        There is one set of weights where several were meant. The network has a fraction of its
        parameters, and each of its layers is pulled in as many directions.

    When it is not a fault:
        Modules without parameters, such as one ReLU; weights that are tied by their parameter; one
        block that a loop applies several times; one network under two attributes (siamese).

    Sources:
        PyTorch forum, "nn.ModuleList([layer] * n)"; `copy.deepcopy` in `nn.TransformerEncoder`.
    """

    code: ClassVar[str] = "NET111"
    slug: ClassVar[str] = "repeated-module"
    confidence: ClassVar[float] = 0.8
    causes: ClassVar[tuple[str, ...]] = ("underfitting", "too-few-epochs")
    remedies: ClassVar[tuple[str, ...]] = ("build_each_layer",)

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the containers."""
        for network in run.networks.values():
            for repeated in network.repeated:
                path = str(repeated["path"])
                kind, count, size = repeated["kind"], repeated["count"], repeated["parameters"]
                line = repeated["line"]
                place = Place(
                    path or None,
                    str(repeated["file"]) if repeated["file"] else network.place.file,
                    line if isinstance(line, int) else network.place.line,
                    str(repeated["code"]) if repeated["code"] else network.place.code,
                )
                where = f"`{path}`" if path else f"`{network.name}`"
                yield Sighting(
                    place,
                    f"{count} entries of {where} are one and the same {kind}, with one set of "
                    f"{size:,} parameters instead of {count}",
                    0,
                    "warning",
                    {"entries": count, "parameters": size},
                    0.5,
                )
