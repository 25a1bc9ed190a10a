"""Sets of weights that a script loads, keeps and saves, as plain data."""

from __future__ import annotations

__all__ = ["Checkpoint"]

from dataclasses import dataclass, field

from trainwell.record.facts import Place


@dataclass(frozen=True)
class Checkpoint:
    """One place at which weights were loaded into a module, read from a file, or saved.

    Attributes:
        action: "load" (`load_state_dict`), "read" (`torch.load`) or "save" (`torch.save`).
        place: the line.
        module: class of the module; of a file that was read, that of the network it is meant for.
        count: how often this line did it; the numbers are those of the worst time.
        step: backward passes made before it.
        tensors: how many the module has.
        given: how many it was given, or the file holds.
        matched: of these, how many have the name of one of the module's.
        aliased: of the matched ones, how many are the module's own memory: nothing is loaded.
        age: backward passes since these were taken by `state_dict()`; None where that is unknown.
        taken_place: the line that took them.
        missing, unexpected: names that only the module has, or only what it was given (16 each).
        renamed: pairs of these names that belong together, "missing <- unexpected" (16 at most);
            `renamed_count` is how many there are.
        weights: tensors of two or more dimensions that were loaded.
        overwritten: of these weights, how many had other values at the next backward although
            no optimizer had stepped; None where that was not seen.
        overwritten_place: a line that initialised them after loading.
        gone: the module did not exist any more at the next backward, and none of its weights was
            anywhere in a network of its class.
        fitting: of a file's tensors, how many have the shape of some parameter of a network.
        reached: of these, how many were found in a parameter at the next backward.
    """

    number: int
    action: str
    place: Place = field(default_factory=Place)
    module: str = ""
    count: int = 1
    step: int = 0
    tensors: int = 0
    given: int = 0
    matched: int = 0
    aliased: int = 0
    age: int | None = None
    taken_place: Place | None = None
    missing: tuple[str, ...] = ()
    unexpected: tuple[str, ...] = ()
    renamed: tuple[str, ...] = ()
    renamed_count: int = 0
    weights: int = 0
    overwritten: int | None = None
    overwritten_place: Place | None = None
    gone: bool = False
    fitting: int = 0
    reached: int | None = None
