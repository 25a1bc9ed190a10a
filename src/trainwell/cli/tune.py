"""`trainwell tune`: search for the hyperparameters of an unchanged script."""

from __future__ import annotations

__all__ = ["tune"]

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from trainwell.cli.output import is_coloured, put, terminal_width
from trainwell.cli.times import seconds
from trainwell.cli.tune_input import ask_for_setting, read_table
from trainwell.errors import BadInputError

if TYPE_CHECKING:
    from trainwell.trials.tuning.plan import TunePlan
    from trainwell.trials.tuning.tuned import Tuned


def tune(
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
        typer.Option("-m", metavar="MODULE", help="Tune a module, as python -m runs it."),
    ] = None,
    param: Annotated[
        list[str] | None,
        typer.Option(
            "--param",
            "-p",
            metavar="NAME=RANGE",
            help="What to search. trainwell sets: lr, optimizer, momentum, weight_decay, beta1,"
            " beta2, batch_size, schedule, epochs, clip, dropout, label_smoothing, activation,"
            " initialisation. The script's own: --hidden, env.HIDDEN, train.HIDDEN. Ranges:"
            " 0..0.5, log:1e-5..1e-1, int:16..512, adam,sgd. A condition: 'momentum=0..0.99 if"
            " optimizer=sgd'.",
        ),
    ] = None,
    suggest: Annotated[
        bool, typer.Option("--suggest", help="Run it once, and say what is worth a search.")
    ] = False,
    search: Annotated[
        str,
        typer.Option(
            metavar="HOW",
            help="bayes (gp up to 60 trials, tpe beyond), gp (Gaussian process), tpe, cmaes,"
            " random, quasirandom, grid, manual.",
        ),
    ] = "bayes",
    table: Annotated[
        str | None,
        typer.Option(
            metavar="FILE.csv",
            help="The settings of --search manual, a row each; without it you type them.",
        ),
    ] = None,
    points: Annotated[
        int, typer.Option(min=1, metavar="N", help="Values of a range in --search grid.")
    ] = 5,
    trials: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="How many settings (default: 40; a grid: all)."),
    ] = None,
    budget: Annotated[
        str | None, typer.Option(metavar="TIME", help="Start no trial after this: 90s, 20m, 2h.")
    ] = None,
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
    prune: Annotated[
        bool,
        typer.Option(
            "--prune/--no-prune",
            help="End hopeless trials early, by successive halving; never those that regularise.",
        ),
    ] = True,
    repeats: Annotated[
        int, typer.Option(min=1, metavar="N", help="Run every setting on N seeds.")
    ] = 1,
    top: Annotated[
        int, typer.Option(min=0, metavar="N", help="Score the best N again on fresh seeds.")
    ] = 3,
    seeds: Annotated[int, typer.Option(min=0, metavar="N", help="Those fresh seeds.")] = 5,
    jobs: Annotated[
        int | None,
        typer.Option("--jobs", "-j", min=1, metavar="N", help="Trials at a time (default: cores)."),
    ] = None,
    engine: Annotated[
        str,
        typer.Option(
            metavar="WHERE", help="pool (processes here), inline (one after another), ray."
        ),
    ] = "pool",
    ray_address: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Of a Ray cluster (default: one on this machine)."),
    ] = None,
    storage: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Where the study is kept: a database's URL, so that many machines share the work,"
            " or a file (default: .trainwell/studies.journal).",
        ),
    ] = None,
    study: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Its name; one that is there is joined or gone on with."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the last study, or with --study.")
    ] = False,
    show: Annotated[
        str | None,
        typer.Option(metavar="STUDY", help="Show what a study found; `last` for the newest."),
    ] = None,
    replay: Annotated[
        int | None,
        typer.Option(metavar="TRIAL", help="Run a trial of --study again, and compare."),
    ] = None,
    json: Annotated[
        str | None, typer.Option("--json", metavar="FILE", help="Write what was found as JSON.")
    ] = None,
    html: Annotated[
        str | None,
        typer.Option(
            "--html", metavar="FILE", help="Draw it: importance, history, slices, parallel axes."
        ),
    ] = None,
) -> int:
    r"""Search for the hyperparameters of an unchanged script, and check that the best ones hold.

    The script runs many times, several at a time; its defaults are always among what is tried.
    At the end the best settings and the defaults run again on seeds that the search has not seen.

    \b
    trainwell tune --suggest train.py
    trainwell tune -p lr=log:1e-4..1 -p optimizer=adam,sgd train.py
    trainwell tune -p --hidden=int:16..512 train.py --epochs 5
    trainwell tune --resume
    trainwell tune --show last --html study.html
    """
    for path in (json, html):
        if path is not None and not os.path.isdir(os.path.dirname(os.path.abspath(path))):
            raise BadInputError(f"cannot write `{path}`: its folder does not exist")
    words = script or []
    if show is not None:
        return _give(_shown(storage, None if show == "last" else show), json, html)
    if replay is not None:
        from trainwell.trials.tuning.replaying import replay as run_again

        put(sys.stdout, run_again(storage, study, replay, engine) + "\n")
        return 0
    if maximize and metric is None:
        raise BadInputError("`--maximize` goes with `--metric`")
    from trainwell.trials.tuning.plan import TunePlan

    if resume:
        if words or module or param:
            raise BadInputError("`--resume` takes neither script nor --param: the study knows both")
        plan = _resumed(storage, study, jobs, engine, ray_address, trials, seconds(budget))
    else:
        if module is None and not words:
            raise BadInputError("give the script to tune: trainwell tune SCRIPT [ARGS]")
        if module is None and not os.path.isfile(words[0]):
            # Before a folder for the study is made.
            raise BadInputError(f"no such script: `{words[0]}`")
        if table is not None and search != "manual":
            raise BadInputError("`--table` goes with `--search manual`")
        plan = TunePlan(
            script=module or words[0],
            arguments=tuple(words if module else words[1:]),
            is_module=module is not None,
            folder=os.getcwd(),
            parameters=tuple(param or ()),
            search=search,
            table=() if table is None else read_table(table),
            points=points,
            trials=trials or (10_000 if search == "grid" else 40),
            budget=seconds(budget),
            jobs=jobs,
            engine=engine,
            address=ray_address,
            metric=metric,
            maximize=maximize,
            prune=prune,
            repeats=repeats,
            top=top,
            seeds=seeds,
            storage=storage,
            study=study,
        )
    if suggest:
        return _suggest(plan)
    from trainwell.cli.tune_progress import Shown
    from trainwell.trials.tuning.search import Search

    typed = plan.search == "manual" and not plan.table
    with Shown(live=not typed) as shown:
        found = Search(plan, None, shown.tell, ask_for_setting if typed else None).run()
    status = _give(found, json, html)
    return 130 if found.stopped == "interrupted" else status


def _suggest(plan: TunePlan) -> int:
    from trainwell.report.tuning_suggestions import render_suggestions
    from trainwell.trials.tuning.suggesting import suggest

    text = render_suggestions(
        suggest(plan),
        " ".join(["-m", plan.script] if plan.is_module else [plan.script, *plan.arguments]),
        width=terminal_width(sys.stdout),
        colour=is_coloured(sys.stdout),
    )
    put(sys.stdout, text)
    return 0


def _resumed(
    storage: str | None,
    study: str | None,
    jobs: int | None,
    engine: str,
    address: str | None,
    trials: int | None,
    budget: float,
) -> TunePlan:
    from trainwell.trials.tuning.plan import plan_from_json
    from trainwell.trials.tuning.storage import open_storage, open_study

    found = open_study(open_storage(storage, create=False), study)
    body = found.user_attrs.get("plan")
    if body is None:
        raise BadInputError(f"`{found.study_name}` is no study of trainwell's")
    return plan_from_json(
        body,
        storage=storage,
        study=found.study_name,
        jobs=jobs or body["jobs"],
        engine=engine,
        address=address,
        trials=trials or body["trials"],
        budget=budget,
    )


def _shown(storage: str | None, study: str | None) -> Tuned:
    from trainwell.trials.tuning.showing import show

    return show(storage, study)


def _give(found: Tuned, json: str | None, html: str | None) -> int:
    from trainwell.report.tuning import render_tuned
    from trainwell.report.tuning_json import render_tuned_json

    text = render_tuned(found, width=terminal_width(sys.stdout), colour=is_coloured(sys.stdout))
    put(sys.stdout, text)
    if json is not None:
        with open(json, "w", encoding="utf-8") as file:
            file.write(render_tuned_json(found))
    if html is not None:
        from trainwell.report.tuning_html import render_tuned_html

        with open(html, "w", encoding="utf-8") as file:
            file.write(render_tuned_html(found))
        put(sys.stdout, f"Drawn:       {html}\n")
    return 0
