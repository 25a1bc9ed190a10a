"""The commands, put together."""

from __future__ import annotations

__all__ = ["app"]

import sys
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from trainwell.cli.boltzmann import boltzmann
from trainwell.cli.declarations import for_typer
from trainwell.cli.explain import explain
from trainwell.cli.oneshot import oneshot
from trainwell.cli.output import put
from trainwell.cli.remedies import remedies
from trainwell.cli.run import run
from trainwell.cli.runs import runs
from trainwell.cli.show import show
from trainwell.cli.treat import treat
from trainwell.cli.tune import tune

_EPILOG = """\b
Examples:
  trainwell run train.py --lr 0.1   run a script; its arguments stay behind it
  trainwell run -m package.train    run a module, as `python -m` does
  trainwell treat train.py          try cures, print the patch that won
  trainwell tune --suggest train.py what is worth a search, and the search
  trainwell show                    the last run's diagnosis again
  trainwell show -o report.sarif    and for code scanning
  trainwell explain                 what can be found
  trainwell explain LOS101 --run    a fault and its cure, run before your eyes
"""


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


app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=_EPILOG,
)
app.command(cls=RunCommand)(for_typer(run))
app.command(cls=TrialsCommand)(treat)
app.command(cls=TrialsCommand)(tune)
app.command()(for_typer(show))
app.command()(runs)
app.command()(explain)
app.command()(remedies)
app.add_typer(boltzmann, name="boltzmann")
app.add_typer(oneshot, name="oneshot")


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"trainwell {version('trainwell')}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    """Finds out why your PyTorch network is not learning, and says which line to change."""
