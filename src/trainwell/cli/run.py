"""`trainwell run`: run a script and say what is wrong with its training."""

from __future__ import annotations

__all__ = ["RunCommand", "TrialsCommand", "run"]

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

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
from trainwell.cli.output import Output, put
from trainwell.cli.session import Session
from trainwell.configuration.options import BUDGET, FailOn, parse_budget
from trainwell.configuration.settings import settings_for
from trainwell.errors import BadInputError
from trainwell.probes.script import load

if TYPE_CHECKING:
    from trainwell.remedies.remedy import Remedy


class RunCommand(TyperCommand):
    """Leaves everything behind the script, or behind `-m MODULE`, to the script."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put `--` where the script's own arguments begin."""
        valued = {
            name
            for parameter in self.params
            if not getattr(parameter, "is_flag", True)
            for name in parameter.opts
        }
        at = 0
        while at < len(args) and args[at].startswith("-") and args[at] not in ("-", "--"):
            if args[at].startswith("-m"):
                at += 2 if args[at] == "-m" else 1
                break
            at += 2 if args[at] in valued else 1
        if at < len(args) and args[at] != "--":
            self.check_arguments(args[at:])
            args = [*args[:at], "--", *args[at:]]
        return super().parse_args(ctx, args)

    def check_arguments(self, words: list[str]) -> None:
        """Look at what is left to the script, the script's name included."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """The two forms of the command."""
        del ctx
        return ["[OPTIONS]", "SCRIPT | -m MODULE", "[ARGS]..."]


class TrialsCommand(RunCommand):
    """Runs a script many times: a misplaced option would be noticed too late."""

    def check_arguments(self, words: list[str]) -> None:
        """Name the script's arguments that look like options of this command."""
        own = {name for parameter in self.params for name in parameter.opts if name[:2] == "--"}
        found = [name for word in words if (name := word.partition("=")[0]) in own]
        if found:
            names = ", ".join(f"`{name}`" for name in dict.fromkeys(found))
            put(
                sys.stderr,
                f"trainwell: {names} behind the script: given to the script; trainwell's own"
                " options stand before it\n",
            )


def run(
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
        typer.Option("-m", metavar="MODULE", help="Run a module, as python -m does."),
    ] = None,
    select: SelectOption = None,
    ignore: IgnoreOption = None,
    budget: Annotated[
        str | None,
        typer.Option(
            metavar="SHARE", help="Share of the run's time that watching may cost (default: 3%)."
        ),
    ] = None,
    every: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Look at every Nth step, whatever it costs."),
    ] = None,
    probe: Annotated[
        bool | None,
        typer.Option(
            "--probe/--no-probe",
            help="When the script has ended, try other learning rates, batches, more steps and"
            " Adam for up to 20 seconds, with steps that were remembered (default: no).",
            show_default=False,
        ),
    ] = None,
    remedies: Annotated[
        str | None,
        typer.Option(
            "--with",
            metavar="NAMES",
            help="Apply remedies to the run, as in initialise_he,clip_gradients=1.0; the script"
            " stays as it is. `trainwell remedies` lists them.",
        ),
    ] = None,
    fail_on: FailOnOption = None,
    report_format: FormatOption = None,
    json: JsonOption = False,
    output: OutputOption = None,
    verbose: VerboseOption = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Keep the record, print nothing.")] = False,
    no_record: Annotated[
        bool, typer.Option("--no-record", help="Keep nothing in .trainwell/.")
    ] = False,
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
