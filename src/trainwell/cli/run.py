"""`trainwell run`: run a script and say what is wrong with its training."""

from __future__ import annotations

__all__ = ["run"]

import os
from typing import TYPE_CHECKING, Annotated

from trainwell.cli.declarations import Argument, Option
from trainwell.cli.options import (
    FailOnOption,
    FormatOption,
    IgnoreOption,
    IsolatedOption,
    JsonOption,
    OutputOption,
    SelectOption,
    VerboseOption,
    choose_findings,
    choose_format,
)
from trainwell.cli.output import Output
from trainwell.cli.session import Session
from trainwell.configuration.options import BUDGET, FailOn, parse_budget
from trainwell.configuration.settings import settings_for
from trainwell.errors import BadInputError
from trainwell.probes.script import load

if TYPE_CHECKING:
    from trainwell.remedies.remedy import Remedy


def run(
    script: Annotated[
        list[str] | None,
        Argument(
            metavar="SCRIPT [ARGS]",
            help="The script, and behind it its own arguments, just as for python.",
            show_default=False,
        ),
    ] = None,
    module: Annotated[
        str | None,
        Option("-m", metavar="MODULE", help="Run a module, as python -m does."),
    ] = None,
    select: SelectOption = None,
    ignore: IgnoreOption = None,
    budget: Annotated[
        str | None,
        Option(
            metavar="SHARE", help="Share of the run's time that watching may cost (default: 3%)."
        ),
    ] = None,
    every: Annotated[
        int | None,
        Option(min=1, metavar="N", help="Look at every Nth step, whatever it costs."),
    ] = None,
    probe: Annotated[
        bool | None,
        Option(
            "--probe/--no-probe",
            help="When the script has ended, try other learning rates, batches, more steps and"
            " Adam for up to 20 seconds, with steps that were remembered (default: no).",
            show_default=False,
        ),
    ] = None,
    remedies: Annotated[
        str | None,
        Option(
            "--with",
            metavar="NAMES",
            help="Apply remedies to the run, as in initialise_he,clip_gradients=1.0; the script"
            " stays as it is. `trainwell remedies` lists them.",
        ),
    ] = None,
    keras_on_torch: Annotated[
        bool,
        Option(
            "--keras-on-torch",
            help="Let Keras 3 run on PyTorch (KERAS_BACKEND=torch), where its training can be"
            " watched.",
        ),
    ] = False,
    fail_on: FailOnOption = None,
    report_format: FormatOption = None,
    json: JsonOption = False,
    output: OutputOption = None,
    verbose: VerboseOption = False,
    quiet: Annotated[bool, Option("--quiet", help="Keep the record, print nothing.")] = False,
    no_record: Annotated[bool, Option("--no-record", help="Keep nothing in .trainwell/.")] = False,
    isolated: IsolatedOption = False,
) -> Session:
    """Run an unchanged script, and say at its end why its network is not learning.

    Options stand before the script; everything behind it is the script's. What stands under
    [tool.trainwell] in the pyproject.toml nearest to the script holds where no option is given.
    """
    if quiet and (json or output or report_format):
        raise BadInputError(
            "`--quiet` prints no report: it goes with none of `--format`, `--json` and `-o`"
        )
    words = script or []
    if json and words and words[0].endswith(".json") and module is None:
        raise BadInputError(
            f"`--json` takes no value, and `{words[0]}` is no script: to write the JSON into it,"
            f" give `--json -o {words[0]}`"
        )
    if module is None and not words:
        raise BadInputError("give the script to run: trainwell run SCRIPT [ARGS]")
    share = None if budget is None else parse_budget(budget)
    if keras_on_torch:
        os.environ["KERAS_BACKEND"] = "torch"
    name, arguments = (words[0], words[1:]) if module is None else (module, words)
    chosen: list[Remedy] = []
    if remedies is None:
        loaded = load(name, tuple(arguments), is_module=module is not None)
    else:
        # These need torch; only then it is imported before the script does.
        from trainwell.remedies.catalogue import parse
        from trainwell.trials.loading import load_treated

        chosen = parse(remedies)
        loaded = load_treated(name, tuple(arguments), chosen, is_module=module is not None)
    settings = settings_for("-m " if module else loaded.name, isolated=isolated)
    return Session(
        loaded,
        Output(
            format=choose_format(report_format, json, output, settings.format),
            file=output,
            verbose=verbose,
            quiet=quiet,
        ),
        findings=choose_findings(settings, select, ignore),
        budget=share or settings.budget or BUDGET,
        every=every,
        probing=bool(settings.probe if probe is None else probe),
        fail_on=fail_on or settings.fail_on or FailOn.NEVER,
        keep=not no_record,
        remedies=chosen,
    )
