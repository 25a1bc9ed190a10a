"""What a script's first run tells the remedies beside its record: lines, names and columns."""

from __future__ import annotations

__all__ = ["Built", "Columns", "Loaded", "Survey"]

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Built:
    """An optimizer that took steps.

    Attributes:
        kind: its class name.
        file, line: where it was built.
        settings: its defaults, numbers and flags only.
        models: how the code at that line calls each model that it trains; None when unknown.
        step_line: the line that calls its `step()`; 0 when unknown.
    """

    kind: str
    file: str
    line: int
    settings: dict[str, Any]
    models: tuple[str | None, ...]
    step_line: int = 0

    @property
    def model(self) -> str | None:
        """The name of its one model."""
        return self.models[0] if len(self.models) == 1 else None


@dataclass(frozen=True)
class Columns:
    """Columns of the training data, or of regression targets, from a sample of rows.

    Six significant digits each. More than 128 columns are taken as one.

    Attributes:
        rows: examples seen.
        pictures: the columns are channels.
        mean, deviation, low, high, median, spread: of each column; `spread` is how far its 25th
            and 75th percentile are apart.
        missing: NaN and infinite values in the sample.
    """

    rows: int
    pictures: bool
    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    median: tuple[float, ...]
    spread: tuple[float, ...]
    missing: int = 0


@dataclass(frozen=True)
class Loaded:
    """A `DataLoader` of the script.

    Attributes:
        file, line: where it was constructed.
        training: its batches were trained on.
        shuffled: constructed with `shuffle=True`.
        batch_size: as it was given; None when it was not.
        sampler: it was given a sampler of its own.
    """

    file: str
    line: int
    training: bool
    shuffled: bool
    batch_size: int | None
    sampler: bool


@dataclass(frozen=True)
class Survey:
    """What was learned of a script while it ran as it is.

    Attributes:
        script: its path.
        optimizers: those that took steps, in the order of their first one.
        unused_optimizers: (file, line) of those that never did.
        loaders: its data loaders.
        inputs: the training data as the first model was given them; None when they are no
            floating point tensor.
        targets: targets of a regression loss; None for other losses.
        backward: (file, line) of the calls of `backward()`.
        training_calls, evaluation_calls: (file, line) where networks are called for either.
        evaluations: how many evaluations were seen.
        batch: rows of the first training batch.
    """

    script: str
    optimizers: tuple[Built, ...] = ()
    unused_optimizers: tuple[tuple[str, int], ...] = ()
    loaders: tuple[Loaded, ...] = ()
    inputs: Columns | None = None
    targets: Columns | None = None
    backward: tuple[tuple[str, int], ...] = ()
    training_calls: tuple[tuple[str, int], ...] = ()
    evaluation_calls: tuple[tuple[str, int], ...] = ()
    evaluations: int = 0
    batch: int = 0

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)

    @staticmethod
    def from_json(body: dict[str, Any]) -> Survey:
        """The survey that gave this."""

        def columns(value: dict[str, Any] | None) -> Columns | None:
            if value is None:
                return None
            given: dict[str, Any] = {
                k: tuple(v) if isinstance(v, list) else v for k, v in value.items()
            }
            return Columns(**given)

        def places(value: list[list[Any]]) -> tuple[tuple[str, int], ...]:
            return tuple((file, line) for file, line in value)

        return Survey(
            script=body["script"],
            optimizers=tuple(
                Built(**{**o, "models": tuple(o["models"])}) for o in body["optimizers"]
            ),
            unused_optimizers=places(body["unused_optimizers"]),
            loaders=tuple(Loaded(**one) for one in body["loaders"]),
            inputs=columns(body["inputs"]),
            targets=columns(body["targets"]),
            backward=places(body["backward"]),
            training_calls=places(body["training_calls"]),
            evaluation_calls=places(body["evaluation_calls"]),
            evaluations=body["evaluations"],
            batch=body["batch"],
        )
