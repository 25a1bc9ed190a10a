"""The commands, put together."""

from __future__ import annotations

__all__ = ["app"]

from typing import Annotated

import typer

from trainwell.cli.boltzmann import boltzmann
from trainwell.cli.explain import explain
from trainwell.cli.oneshot import oneshot
from trainwell.cli.remedies import remedies
from trainwell.cli.run import RunCommand, TrialsCommand, run
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

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=_EPILOG,
)
app.command(cls=RunCommand)(run)
app.command(cls=TrialsCommand)(treat)
app.command(cls=TrialsCommand)(tune)
app.command()(show)
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
