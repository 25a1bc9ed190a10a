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
        reason: why autograd raised: "carried" (a tensor of the step before still holds its graph),
            "cut" (an operation without a gradient); "" where that is not known.
        reason_name: that tensor as the source names it, or that operation.
        reason_place: the line that made it.
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
    reason: str = ""
    reason_name: str = ""
    reason_place: Place = field(default_factory=Place)


@dataclass(frozen=True)
class Loader:
    """A line that reads batches of one data set from a `torch.utils.data.DataLoader`.

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
        length: examples of the data set; None where it does not tell.
        source_length: examples of the data set that a `Subset` is taken from; None without one.
        sampler: class of what chooses the rows.
        weights: how many weights a `WeightedRandomSampler` was given; None without one.
        choices: rows that the sampler is limited to by its own list; None without one.
        drop_last: a last batch that is not full is left out.
        read: batches that were made.
        iterators: how often it was iterated.
        trained: batches of these that a step followed before another batch was read.
        draws: rows that were chosen, repeated ones counted every time.
        drawn: different rows among them, where `length` is known.
        in_order: the rows came in the order of the data set, always.
        elsewhere: rows of the data set that this line never drew and another loader did.
        built_place: the line that built the loader, when that was seen.
        sampler_place: the line that built a `WeightedRandomSampler`, when that was seen.
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
    length: int | None = None
    source_length: int | None = None
    sampler: str = ""
    weights: int | None = None
    choices: int | None = None
    drop_last: bool = False
    read: int = 0
    iterators: int = 0
    trained: int = 0
    draws: int = 0
    drawn: int = 0
    in_order: bool = True
    elsewhere: int = 0
    built_place: Place | None = None
    sampler_place: Place | None = None

    @property
    def trains(self) -> bool:
        """Whether its batches are trained on, mostly."""
        return 2 * self.trained >= self.read > 0


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
