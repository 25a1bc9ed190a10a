"""One run of a script from begin to end: record, probe, script, diagnosis, report."""

from __future__ import annotations

__all__ = ["Session"]

import gc
import os
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from trainwell.cli.options import fails
from trainwell.cli.output import Output, put
from trainwell.configuration.options import FailOn
from trainwell.errors import BadInputError, TrainwellError
from trainwell.probes.arrival import when_imported
from trainwell.probes.ending import Ending
from trainwell.probes.offspring import Inheritance, Offspring
from trainwell.probes.script import Script, execute
from trainwell.probes.tracebacks import describe_error
from trainwell.record import FACT_KINDS, Fact, Run
from trainwell.record.gathering import gather, wait_for_ranks
from trainwell.record.run import new_id
from trainwell.record.store import RECORD, Store

if TYPE_CHECKING:
    from trainwell.diagnosis import Diagnosis
    from trainwell.findings.finding import Finding
    from trainwell.probes.probe import Probe
    from trainwell.remedies.live import Live
    from trainwell.remedies.remedy import Remedy


class Session:
    """A script that is about to run under watch.

    Args:
        script: what to run.
        output: where the report goes.
        findings: what to look for; all of the catalogue when None.
        budget: share of the run's time that watching may cost.
        every: look at every Nth step instead.
        probing: try other settings when the script has ended by itself.
        fail_on: what makes the exit status 1.
        remedies: applied to the run.
        keep: keep a record in `.trainwell/`.

    Raises:
        RecordError: if the record cannot be written. The script has not run then.
    """

    def __init__(
        self,
        script: Script,
        output: Output,
        *,
        findings: Sequence[Finding] | None = None,
        budget: float,
        every: int | None,
        probing: bool,
        fail_on: FailOn,
        keep: bool,
        remedies: Sequence[Remedy] = (),
    ) -> None:
        self._script = script
        self._output = output
        self._findings = findings
        self._budget = budget
        self._every = every
        self._probing = probing
        self._remedies = remedies
        self._live: Live | None = None
        self._fail_on = fail_on
        self._errors = sys.stderr
        self._process = os.getpid()
        self._probe: Probe | None = None
        self._misused = False
        self._blind = False
        self._run = Run(
            id=new_id(),
            script=f"-m {script.name}" if script.is_module else script.name,
            arguments=list(script.arguments),
            started=time.time(),
        )
        self._store = Store(os.path.abspath(RECORD)) if keep else None
        # Ranks that the script starts need a file to tell their parent what they saw.
        folder = os.path.join(tempfile.gettempdir(), f"trainwell-{self._run.id}")
        self._passing = None if keep else folder
        self._offspring = Offspring(
            Inheritance(
                record=self._store.path if self._store else os.path.join(folder, "runs.db"),
                parent=self._run.id,
                script=self._run.script,
                arguments=tuple(self._run.arguments),
                budget=budget,
                every=every,
                home=self._home(),
            )
        )
        if self._store is not None:
            self._store.begin(self._run)
        self._ending = Ending(self._end)

    def run_script(self) -> BadInputError | None:
        """Run the script; the report follows when the process ends.

        Returns:
            Why it could not start.

        Raises:
            BaseException: whatever the script raises.
        """
        self._ending.arm()
        when_imported("torch", self._attach)
        problem = execute(self._script, self._ending, self._note_error)
        if problem is not None:
            self._misused = True
            self._ending.status = 2
        return problem

    def _attach(self) -> None:
        if os.getpid() != self._process:
            return
        try:
            with self._ending.own_path(), _no_collection():
                from trainwell.probes.probe import Probe

                self._probe = Probe(
                    self._run,
                    self._write,
                    budget=self._budget,
                    every=self._every,
                    home=self._home(),
                    yields=True,
                )
                if self._probing:
                    from trainwell.probes.rehearsal import Rehearsal

                    self._probe.rehearsal = Rehearsal()
                self._probe.attach()
                self._offspring.attach()
                if self._remedies:
                    self._treat()
        except Exception as error:  # noqa: BLE001 - the script goes on without us
            self._blind = True
            self._say_trouble("cannot watch this run", error)

    def _treat(self) -> None:
        import torch

        from trainwell.remedies.live import Live

        # Compiled code would run without them.
        torch.compiler.set_stance("force_eager")
        self._live = Live()
        self._live.attach(self._remedies)

    def _say_unused(self) -> None:
        if self._live is not None:
            for name, reason in self._live.unused(self._remedies).items():
                put(self._errors, f"trainwell: `{name}` did nothing: {reason}\n")

    def _home(self) -> str:
        if self._script.is_module:
            return self._output.folder
        return os.path.dirname(os.path.realpath(self._script.name))

    def _write(
        self, facts: Iterable[Fact], vitals: Iterable[tuple[str, int, str, int, float]]
    ) -> None:
        # A forked worker inherits the probe, but the record is its parent's.
        if self._store is None or os.getpid() != self._process:
            return
        try:
            with self._ending.shield():
                self._store.write(self._run, facts, vitals)
        except TrainwellError as error:
            self._store = None
            self._say_trouble("the rest of this run is not recorded", error)

    def _note_error(self, error: BaseException) -> None:
        self._run.error = describe_error(error)
        if self._probe is not None:
            with self._ending.own_path():
                self._probe.failed(error)

    def _end(self) -> int:
        run = self._run
        self._offspring.detach()
        self._say_unused()
        try:
            if self._probe is not None:
                self._probe.finish()
                self._try_others(self._probe)
            run.ended = time.time()
            run.exit_status = self._ending.status
            if self._store is not None:
                self._store.finish(run)
            if not run.ranks or run.ranks[0].rank == 0:
                run = self._gathered(run)
        except TrainwellError as error:
            self._say_trouble("the end of this run is not recorded", error)
        finally:
            if self._store is not None:
                self._store.close()
        if self._run.ranks and self._run.ranks[0].rank > 0:
            return self._leave_the_word(run)
        if self._misused:
            return 0
        if self._blind:
            return 0
        if _is_empty(run):
            # Importing the catalogue would only delay the answer.
            return self._say_nothing()
        try:
            with _no_collection():
                from trainwell.diagnosis import diagnose

                return self._report(diagnose(run, self._findings))
        except Exception as error:  # noqa: BLE001 - the record is safe, the script is over
            self._say_trouble("cannot show the diagnosis", error)
            return 0

    def _gathered(self, run: Run) -> Run:
        """The run that speaks for all ranks, when the script is one of several processes."""
        if self._store is not None:
            wait_for_ranks(self._store, run)
            return gather(self._store, run)
        if self._passing is None or not os.path.isdir(self._passing):
            return run
        store = Store(os.path.join(self._passing, "runs.db"), create=False)
        try:
            return gather(store, run, kept=False)
        finally:
            store.close()
            shutil.rmtree(self._passing, ignore_errors=True)

    def _leave_the_word(self, run: Run) -> int:
        """Say nothing: rank 0 speaks for all, but it cannot know why another one died."""
        error = run.error
        if error is not None and self._store is not None:
            rank = run.ranks[0].rank
            put(
                self._errors,
                f"trainwell: rank {rank} died of {error['type']}: `trainwell show {run.id}` says"
                " more\n",
            )
        return 0

    def _try_others(self, probe: Probe) -> None:
        # After a crash or an interrupt the reader wants the report, and now.
        if probe.rehearsal is None or self._run.error is not None or self._ending.status < 0:
            return
        from trainwell.probes.counterfactuals import ask

        ask(probe.rehearsal, probe.ledger)

    def _report(self, diagnosis: Diagnosis) -> int:
        run = diagnosis.run
        if not (run.steps or run.machines or run.recognisers or diagnosis.roots):
            return self._say_nothing()
        self._output.show(diagnosis)
        return 1 if fails(diagnosis, self._fail_on) else 0

    def _say_nothing(self) -> int:
        # The script has done what it was asked to: its exit status is its own.
        if self._output.quiet:
            return 0
        # Trouble of trainwell's own must not look like a script that trains nothing.
        for note in self._run.notes:
            put(self._errors, f"trainwell: {note}\n")
        put(self._errors, f"trainwell: {_why_nothing()}\n")
        return 0

    def _say_trouble(self, what: str, error: Exception) -> None:
        reason = str(error) if isinstance(error, TrainwellError) else repr(error)
        self._run.notes.append(f"{what}: {reason}")
        put(self._errors, f"trainwell: {what}: {reason}\n")
        if self._output.verbose and not isinstance(error, TrainwellError):
            put(self._errors, "".join(traceback.format_exception(error)))


def _why_nothing() -> str:
    """Why nothing was seen to be trained, in one line."""
    backend = getattr(sys.modules.get("keras.src.backend.config"), "_BACKEND", "torch")
    if "keras" in sys.modules and backend != "torch":
        return (
            f"this script trains with Keras on {backend}, which is not watched; try it on PyTorch:"
            " trainwell run --keras-on-torch SCRIPT"
        )
    return "saw no backward(): nothing was trained, so there is nothing to diagnose"


def _is_empty(run: Run) -> bool:
    """Whether nothing was seen in which a finding could see anything."""
    seen = run.steps or run.vitals or run.siblings or run.error is not None
    return not seen and not any(run.table(kind) for kind in FACT_KINDS)


@contextmanager
def _no_collection() -> Iterator[None]:
    """Collect no garbage inside: it would be looked for among all of PyTorch's objects, 70 ms.

    What is imported and rendered inside leaves too little to be worth that.
    """
    wanted = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if wanted:
            gc.enable()
