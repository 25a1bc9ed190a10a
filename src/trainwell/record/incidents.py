"""What happens around the training, as plain data: its loaders, the exception that ended it."""

from __future__ import annotations

__all__ = ["Failure", "Loader", "Trouble"]

from dataclasses import dataclass, field

from trainwell.record.facts import Detail, Place


@dataclass(frozen=True)
class Failure:
    """The exception that ended the script, and what the failing operation was given.

    Attributes:
        type, message: of the exception; of the one behind it, where that alone tells the trouble.
        place: the layer that was running, and the user's line that called it.
        built_place: the line that constructed this layer, when that was seen.
        operation: what failed: "Linear", "cross_entropy", "x @ weight"; None when unknown.
        settings: constants of the layer, such as {"in_features": 64, "out_features": 10}.
        operands: tensors that the operation was given, {"name", "shape", "dtype", "device"} each,
            and "origin", where the tensor came from, when that is known.
        network: class of the outermost module that was running, or None.
        batch: rows of the first tensor that this module was given, or None.
        parameter_count: learned numbers in this module.
        free_bytes: memory that the machine had left, or None; of the CPU only.
    """

    number: int
    type: str
    message: str
    place: Place = field(default_factory=Place)
    built_place: Place | None = None
    operation: str | None = None
    settings: dict[str, Detail] = field(default_factory=dict)
    operands: tuple[dict[str, Detail], ...] = ()
    network: str | None = None
    batch: int | None = None
    parameter_count: int = 0
    free_bytes: int | None = None


@dataclass(frozen=True)
class Loader:
    """A line that reads batches from a `torch.utils.data.DataLoader` and trains on them.

    Attributes:
        place: the line that asks for batches.
        dataset: class of the data set.
        batch_size: rows of a batch; None where the loader does not make them.
        workers: worker processes.
        passes: how often it was begun anew, of the passes during which the network was trained.
        batches: how many were timed: those between which the network was trained.
        waited: seconds in which these were waited for while no device had work.
        busy: seconds between them, trainwell's own left out.
        stream: random numbers that all workers draw alike: "self.rng", "numpy.random"; or None.
        stream_kind: the type of the generator that is copied; "" where all are given one seed.
        stream_place: the line that draws from it, or that gives the seed.
    """

    number: int
    place: Place = field(default_factory=Place)
    dataset: str = ""
    batch_size: int | None = None
    workers: int = 0
    passes: int = 0
    batches: int = 0
    waited: float = 0.0
    busy: float = 0.0
    stream: str | None = None
    stream_kind: str = ""
    stream_place: Place | None = None


@dataclass(frozen=True)
class Trouble:
    """An error of trainwell's own, which ended a part of its work and nothing else.

    Attributes:
        part: what it was doing.
        about: what it met there, such as the number of an operation; None where that is not told.
        error: the whole traceback.
        step: the step of the run.
    """

    number: int
    part: str
    about: str | None = None
    error: str = ""
    step: int = 0
