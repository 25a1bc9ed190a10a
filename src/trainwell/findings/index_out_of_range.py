"""RES107 index-out-of-range."""

from __future__ import annotations

__all__ = ["IndexOutOfRange"]

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import ClassVar

from trainwell.findings.finding import Finding, frozen
from trainwell.record import Detail, Failure, Run, Sighting, Undecided
from trainwell.record.operands import evidence, head
from trainwell.record.troubles import gist, trouble


@frozen
class IndexOutOfRange(Finding):
    """The script died of an index that is too large or too small for what it points into.

    What it looks for:
        An exception out of a PyTorch operation whose text tells of an index: a token number beyond
        the rows of an embedding, a class label beyond the outputs of the network, an index beyond
        a dimension. Told with it are the range of the indices, and how many there may be.

    Why it hurts:
        The run is over. The usual causes are a padding or unknown token that the vocabulary's size
        does not count, labels that begin at 1, and a last layer with too few outputs.

    When it is not a fault:
        An error that the script catches is not seen, and none of the program's business.

    Sources:
        The texts of PyTorch 2.13; PyTorch documentation of `torch.nn.Embedding` and
        `torch.nn.CrossEntropyLoss`.
    """

    code: ClassVar[str] = "RES107"
    slug: ClassVar[str] = "index-out-of-range"
    confidence: ClassVar[float] = 0.95
    remedies: ClassVar[tuple[str, ...]] = ("fit_indices",)

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the operation that failed."""
        for failure in run.failures.values():
            if trouble(failure.type, failure.message) != "index":
                continue
            indices = next((o for o in failure.operands if "high" in o), None)
            rows = _rows(failure, indices)
            place = failure.place
            text = f"{head(failure)} failed: {gist(failure.message)}"
            shown = evidence(failure, "shape")
            if indices is not None and rows is not None:
                low, high = indices["low"], indices["high"]
                text = f"{_holder(failure, rows)} and was given {indices.get('name')} from {low} to"
                text += f" {high}, valid are 0 to {rows - 1}{_advice(failure, low, high, rows)}"
                shown = {"low": low, "high": high, "size": rows, **shown}
                built = failure.built_place
                if failure.operation == "Embedding" and built is not None and built.line:
                    # Its size is what does not fit, wherever it is called.
                    called = f" (called at {os.path.basename(place.file or '')}:{place.line})"
                    text += called if place.line else ""
                    place = replace(built, layer=place.layer)
            yield Sighting(place, text, run.steps, "error", shown, 1.0)


def _rows(failure: Failure, indices: Mapping[str, Detail] | None) -> int | None:
    """How many rows, classes or positions there are."""
    if failure.operation == "Embedding":
        found = failure.settings.get("num_embeddings")
        shapes = [o.get("shape") for o in failure.operands if str(o.get("name")) == "weight"]
        shape = shapes[0] if shapes else None
        return found if isinstance(found, int) else _first(shape)
    if "out of bounds" in failure.message and "Target" in failure.message:
        floats = [o for o in failure.operands if o is not indices]
        shape = floats[0].get("shape") if floats else None
        if isinstance(shape, list) and shape:
            found = shape[1] if len(shape) > 1 else shape[0]
            return found if isinstance(found, int) else None
    return None


def _first(shape: Detail) -> int | None:
    first = shape[0] if isinstance(shape, list) and shape else None
    return first if isinstance(first, int) else None


def _holder(failure: Failure, rows: int) -> str:
    if failure.operation == "Embedding":
        name = failure.place.layer or "the embedding"
        return f"`{name}` (Embedding) has {rows} rows"
    return f"the network has {rows} outputs"


def _advice(failure: Failure, low: Detail, high: Detail, rows: int) -> str:
    if not isinstance(low, int) or not isinstance(high, int):
        return ""
    wanted = "num_embeddings" if failure.operation == "Embedding" else "outputs"
    if low >= 1 and high == rows and failure.operation != "Embedding":
        return f": the labels begin at {low}; subtract 1, or use {high + 1} outputs"
    if low < 0:
        return f": {low} is no index" + ("" if high < rows else f", and {wanted} = {high + 1}")
    return f": {wanted} = {high + 1} would do"
