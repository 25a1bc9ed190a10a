"""`watch`: the diagnosis for a training loop in a notebook or in a program of one's own."""

from __future__ import annotations

__all__ = ["Watch", "watch"]

import os
import random
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING

from trainwell.configuration.selection import select_findings
from trainwell.diagnosis import Diagnosis, diagnose
from trainwell.errors import BadInputError
from trainwell.record import Fact, Run
from trainwell.record.run import new_id
from trainwell.record.store import RECORD, Store

if TYPE_CHECKING:
    from torch import nn

    from trainwell.probes.probe import Probe


class Watch:
    """A training loop under watch; use it in a `with` statement.

    Attributes:
        record: the live record of the loop.
    """

    def __init__(
        self,
        models: Mapping[str, nn.Module],
        *,
        budget: float,
        every: int | None,
        probe: bool,
        keep: bool,
    ) -> None:
        self.record = Run(new_id(), _caller(), started=time.time())
        self._models = models
        self._budget = budget
        self._every = every
        self._probing = probe
        self._store = Store(os.path.abspath(RECORD)) if keep else None
        self._probe: Probe | None = None
        self._outer: list[Probe] = []

    def __enter__(self) -> Watch:
        """Start to watch.

        Raises:
            BadInputError: if another `watch` is watching already. `trainwell run` makes way for a
                `watch` of the script's own, and goes on after it.
        """
        from trainwell.probes.probe import Probe, attached_probes

        if self._probe is not None:
            raise BadInputError("a `watch` serves for one `with`: call trainwell.watch() again")
        probe = Probe(
            self.record,
            self._write,
            budget=self._budget,
            every=self._every,
            home=os.path.dirname(os.path.abspath(self.record.script)),
        )
        if self._probing:
            from trainwell.probes.rehearsal import Rehearsal

            probe.rehearsal = Rehearsal()
        # The probe comes last: what fails before it leaves nothing behind.
        if self._store is not None:
            self._store.begin(self.record)
        self._outer = attached_probes()
        probe.attach()
        self._probe = probe
        for name, model in self._models.items():
            probe.watch(model, name)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop watching; exceptions pass."""
        if self._probe is not None:
            if isinstance(error, Exception):
                self._probe.failed(error)
            self._probe.finish()
            for outer in self._outer:
                outer.resume()
            if kind is None and self._probe.rehearsal is not None:
                from trainwell.probes.counterfactuals import ask

                ask(self._probe.rehearsal, self._probe.ledger)
        self.record.ended = time.time()
        self.record.exit_status = 0 if kind is None else 1
        if kind is not None:
            line = None if trace is None else trace.tb_lineno
            file = None if trace is None else trace.tb_frame.f_code.co_filename
            self.record.error = {
                "type": kind.__name__,
                "message": str(error),
                "file": file,
                "line": line,
            }
        if self._store is not None:
            self._store.finish(self.record)
            self._store.close()
            self._store = None

    def diagnosis(
        self, *, select: Sequence[str] = ("ALL",), ignore: Sequence[str] = ()
    ) -> Diagnosis:
        """What is wrong so far; may be called inside the `with` statement and after it.

        Comments in the source (`# trainwell: ignore`) count; a pyproject.toml does not.

        Args:
            select: what to look for: codes, slugs, families such as "ACT".
            ignore: what not to look for.

        Raises:
            BadInputError: if a name names no finding, or none is left.
        """
        return diagnose(self.record, select_findings(select, ignore))

    def report(
        self,
        *,
        select: Sequence[str] = ("ALL",),
        ignore: Sequence[str] = (),
        width: int = 100,
        colour: bool = False,
        verbose: bool = False,
    ) -> str:
        """The diagnosis as `trainwell run` prints it.

        Args:
            select: what to look for: codes, slugs, families such as "ACT".
            ignore: what not to look for.
            width: columns.
            colour: with the escape codes of a terminal.
            verbose: also say what could not be judged, and why; and what comments suppress.

        Raises:
            BadInputError: if a name names no finding, or none is left.
        """
        # What draws the report draws random numbers as well, from the script's own generator.
        state = random.getstate()
        try:
            from trainwell.report.text import render_text

            return render_text(
                self.diagnosis(select=select, ignore=ignore),
                folder=os.getcwd(),
                width=width,
                colour=colour,
                verbose=verbose,
            )
        finally:
            random.setstate(state)

    def _write(
        self, facts: Iterable[Fact], vitals: Iterable[tuple[str, int, str, int, float]]
    ) -> None:
        if self._store is not None:
            self._store.write(self.record, facts, vitals)


def watch(
    *models: nn.Module | Mapping[str, nn.Module],
    budget: float = 0.03,
    every: int | None = None,
    probe: bool = False,
    record: bool = True,
) -> Watch:
    """Watch a training loop, and find out why it is not learning.

        with trainwell.watch(model) as run:
            train(model)
        print(run.diagnosis())

    Everything that trains inside the `with` statement is seen, however many models and optimizers
    there are; naming the models gives their layers their names before they are called.

    Args:
        models: modules, or mappings from names to modules.
        budget: share of the loop's time that watching may cost, in (0, 1].
        every: look at every N-th backward instead, whatever it costs.
        probe: after the loop, try other settings for up to 20 seconds in a copy of the process.
        record: keep a record in `.trainwell/` of the working directory, for `trainwell show`.

    Returns:
        What to put into the `with` statement; its `diagnosis()` is a `Diagnosis`, its `report()`
        a text.

    Raises:
        BadInputError: if an argument is out of its range or no module.
        RecordError: if the record cannot be written.
    """
    if not 0 < budget <= 1:
        raise BadInputError(f"`budget` must be above 0 and at most 1, got {budget}")
    if every is not None and every < 1:
        raise BadInputError(f"`every` must be 1 or more, got {every}")
    named: dict[str, nn.Module] = {}
    for model in models:
        pairs = model.items() if isinstance(model, Mapping) else [(type(model).__name__, model)]
        for name, module in pairs:
            if not hasattr(module, "named_parameters"):
                kind = type(module).__name__
                raise BadInputError(f"`models` must be modules of torch.nn, got {kind} `{name}`")
            unique = name if name not in named else f"{name} {len(named) + 1}"
            named[unique] = module
    return Watch(named, budget=budget, every=every, probe=probe, keep=record)


def _caller() -> str:
    """The file that calls `watch`; in a notebook, a name in the working directory."""
    file = sys._getframe(3).f_code.co_filename
    if file.startswith("<") or "ipykernel" in file:
        return os.path.join(os.getcwd(), "notebook")
    return file
