"""`trainwell treat`: try cures on an unchanged script, and prove which one works."""

from __future__ import annotations

__all__ = ["treat"]

import os
import sys
from typing import Annotated

import typer

from trainwell.cli.output import is_coloured, put, terminal_width
from trainwell.cli.times import seconds
from trainwell.errors import BadInputError


def treat(
    script: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SCRIPT [ARGS]",
            help="The script, and behind it its own arguments, just as for python.",
            show_default=False,
        ),
    ] = None,
    module: Annotated[
        str | None,
        typer.Option("-m", metavar="MODULE", help="Treat a module, as python -m runs it."),
    ] = None,
    remedies: Annotated[
        str | None,
        typer.Option(
            "--with",
            metavar="NAMES",
            help="Try these remedies, as in scale_inputs,clip_gradients=1.0, instead of those of"
            " the findings. `trainwell remedies` lists them.",
        ),
    ] = None,
    patches: Annotated[
        list[str] | None,
        typer.Option(
            "--patch",
            metavar="FILE.diff",
            help="Judge this change of the script, and only it; may be given again.",
        ),
    ] = None,
    candidates: Annotated[
        list[str] | None,
        typer.Option(
            "--candidate",
            metavar="COMMAND",
            help="Judge another script, or other arguments: 'train.py --lr 0.01'; may be given"
            " again.",
        ),
    ] = None,
    overfitting: Annotated[
        bool, typer.Option("--overfitting", help="Try all remedies against overfitting as well.")
    ] = False,
    metric: Annotated[
        str | None,
        typer.Option(
            metavar="REGEX",
            help=r"Judge by a number that the script prints, the last match: 'accuracy: ([\d.]+)'"
            " (default: the evaluation loss that the probe sees, else the number that stands"
            " beside a word such as `val acc`).",
        ),
    ] = None,
    maximize: Annotated[
        bool, typer.Option("--maximize", help="With --metric: higher is better.")
    ] = False,
    budget: Annotated[
        str, typer.Option(metavar="TIME", help="Start no trial after this time: 90s, 20m, 2h.")
    ] = "20m",
    trials: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Run the script N times at most.")
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option("--jobs", "-j", min=1, metavar="N", help="Trials at a time (default: cores)."),
    ] = None,
    seeds: Annotated[
        int, typer.Option(min=3, max=100, metavar="N", help="Seeds of the last arms at most.")
    ] = 10,
    exact: Annotated[
        bool,
        typer.Option(
            "--exact",
            help="Decide by the exact sign-flip test over all arms: it assumes nothing about the"
            " noise, and takes three times as many runs.",
        ),
    ] = False,
    quick: Annotated[
        bool,
        typer.Option(
            "--quick",
            help="Look at the most probable remedy on one seed: two runs, and no proof.",
        ),
    ] = False,
    apply: Annotated[
        bool, typer.Option("--apply", help="Write the patch into the script, if it was proven.")
    ] = False,
    json: Annotated[
        str | None, typer.Option("--json", metavar="FILE", help="Write the answer as JSON.")
    ] = None,
    plot: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Draw effects and intervals into a .png, .svg or .pdf."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the last treatment of this folder.")
    ] = False,
) -> int:
    """Try cures on an unchanged script, prove over seeds which one works, and print the patch.

    The script runs many times, with imposed seeds, several at a time. It is not changed unless
    --apply is given. Files that it writes by relative paths, each trial writes into a mirror of
    the working directory of its own.
    """
    from trainwell.record.store import RECORD, Store
    from trainwell.record.treatments import Treatments
    from trainwell.report.treatment import render_treatment
    from trainwell.report.treatment_json import render_treatment_json
    from trainwell.trials.applying import apply_patch
    from trainwell.trials.plan import Plan, plan_from_json
    from trainwell.trials.treatment import Treatment

    words = script or []
    for path in (json, plot):
        if path is not None and not os.path.isdir(os.path.dirname(os.path.abspath(path))):
            raise BadInputError(f"cannot write `{path}`: its folder does not exist")
    if maximize and metric is None:
        raise BadInputError("`--maximize` goes with `--metric`")
    limit = seconds(budget)
    if words and module is None and not resume and not os.path.isfile(words[0]):
        # Before a folder for the record is made.
        raise BadInputError(f"no such script: `{words[0]}`")
    store = Store(RECORD, create=not resume)
    try:
        treatments = Treatments(store)
        name = None
        if resume:
            if words or module:
                raise BadInputError("`--resume` takes no script: it goes on with the last one")
            last = treatments.latest()
            plan = plan_from_json(last.plan, budget=limit)
            name = last.id
        else:
            if module is None and not words:
                raise BadInputError("give the script to treat: trainwell treat SCRIPT [ARGS]")
            plan = Plan(
                script=module or words[0],
                arguments=tuple(words if module else words[1:]),
                is_module=module is not None,
                folder=os.getcwd(),
                budget=limit,
                trials=trials,
                jobs=jobs,
                metric=metric,
                maximize=maximize,
                overfitting=overfitting,
                remedies=remedies,
                most=seeds,
                exact=exact,
                quick=quick,
                patches=tuple(patches or ()),
                commands=tuple(candidates or ()),
            )
        with _Shown() as shown:
            answer = Treatment(plan, treatments, shown.tell, resume=name).run()
    finally:
        store.close()
    text = render_treatment(
        answer, width=terminal_width(sys.stdout), colour=is_coloured(sys.stdout)
    )
    put(sys.stdout, text)
    if json is not None:
        with open(json, "w", encoding="utf-8") as file:
            file.write(render_treatment_json(answer))
    if plot is not None:
        answer.plot().savefig(plot)
    if apply:
        put(sys.stdout, apply_patch(answer) + "\n")
    return 130 if answer.stopped.startswith("interrupted") else 0


class _Shown:
    """How the treatment stands, on standard error: a live line in a terminal, else new stages."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

        console = Console(stderr=True)
        self._stage = ""
        self._console = console
        self._live = console.is_terminal
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=20),
            TextColumn("{task.completed} trials, {task.fields[left]} min left"),
            TextColumn("{task.fields[best]}", style="green", markup=False),
            console=console,
            transient=True,
            disable=not self._live,
        )
        self._task = self._progress.add_task("starting", total=None, best="", left="")

    def __enter__(self) -> _Shown:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def tell(self, progress: object) -> None:
        """Show it."""
        from trainwell.trials.plan import Progress

        assert isinstance(progress, Progress)
        if progress.news:
            # Above the live line, where there is one.
            self._console.print(
                f"trainwell: {progress.news}", markup=False, highlight=False, soft_wrap=True
            )
        if not self._live and progress.stage != self._stage:
            put(sys.stderr, f"trainwell: {progress.stage}\n")
        self._stage = progress.stage
        self._progress.update(
            self._task,
            description=progress.stage,
            completed=progress.done,
            total=progress.done + progress.wanted,
            best=f"ahead: {progress.best}" if progress.best else "",
            left=f"{progress.left / 60:.0f}",
        )
