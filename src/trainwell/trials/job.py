"""One trial: what it runs, and how it ended, as plain data between two processes."""

from __future__ import annotations

__all__ = ["Job", "Outcome"]

import json
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Job:
    """A script, to be run once.

    Attributes:
        script: its path, or the dotted name of a module.
        arguments: what stands behind it.
        seed: of the trial; 0 leaves the script's own seeds as they are.
        remedies: as `Remedy.to_json` gives them.
        survey: learn what the remedies need to know.
        record: send the whole record back, for a diagnosis.
        evaluates_at: (file, line) of losses that evaluate though gradients are on.
        is_module: run it as `python -m` does.
        folder: the working directory.
        scratch: run in a mirror of that folder without these files: the script writes them.
        threads: how many PyTorch may use.
        environment: set before the script runs.
        home: the folder of the user's own code.
        settings: hyperparameters by name, of those that trainwell sets itself ("lr": 0.1); or what
            a function is called with.
        constants: values that take the place of the script's own, by "module.NAME".
        follow: tell of every evaluation as soon as it has ended.
    """

    script: str
    arguments: tuple[str, ...] = ()
    seed: int = 0
    remedies: tuple[dict[str, Any], ...] = ()
    survey: bool = False
    record: bool = False
    evaluates_at: tuple[tuple[str, int], ...] = ()
    is_module: bool = False
    folder: str = "."
    scratch: tuple[str, ...] = ()
    threads: int = 1
    environment: dict[str, str] = field(default_factory=dict)
    home: str = "."
    settings: dict[str, Any] = field(default_factory=dict)
    constants: dict[str, Any] = field(default_factory=dict)
    follow: bool = False

    def to_text(self) -> str:
        """One line of JSON."""
        return json.dumps(asdict(self))

    @staticmethod
    def from_text(text: str) -> Job:
        """The job that gave this line."""
        body = json.loads(text)
        body["arguments"] = tuple(body["arguments"])
        body["remedies"] = tuple(body["remedies"])
        body["scratch"] = tuple(body["scratch"])
        body["evaluates_at"] = tuple((f, n) for f, n in body["evaluates_at"])
        return Job(**body)


@dataclass(frozen=True)
class Outcome:
    """How a trial ended.

    Attributes:
        status: the script's exit status; negative: the signal that ended it.
        error: the exception that ended it, in one line, or "".
        curves: by evaluation (an opaque key) its points: [step, loss, accuracy or None, rows].
        output: the end of what the script printed, both streams.
        seconds: wall time of the script.
        steps: backward passes.
        unused: names of remedies that did nothing, with the reason.
        survey: what was learned for the remedies, as JSON; None when not asked for.
        run: the record as JSON, when asked for.
        notes: what could not be seen.
        written: files that the script wrote, relative to its working directory; only with `survey`.
        written_whole: those of them that it named by their whole path.
        options: the script's own command-line options as `argparse` has them; only with `survey`,
            None when it uses no argparse.
        epochs: how often the script went through its training data; 0 when unknown.
    """

    status: int
    error: str = ""
    curves: dict[str, list[list[float | None]]] = field(default_factory=dict)
    output: str = ""
    seconds: float = 0.0
    steps: int = 0
    unused: dict[str, str] = field(default_factory=dict)
    survey: dict[str, Any] | None = None
    run: dict[str, Any] | None = None
    notes: tuple[str, ...] = ()
    written: tuple[str, ...] = ()
    written_whole: tuple[str, ...] = ()
    options: list[dict[str, Any]] | None = None
    epochs: int = 0

    @property
    def failed(self) -> bool:
        """It ended by an exception, by a signal, or with an exit status of its own."""
        return self.status != 0

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)

    @staticmethod
    def from_json(body: dict[str, Any]) -> Outcome:
        """The outcome that gave this."""
        lists = {k: tuple(body[k]) for k in ("notes", "written", "written_whole")}
        return Outcome(**{**body, **lists})
