"""`trainwell oneshot`: recognise new labels from one example each."""

from __future__ import annotations

__all__ = ["oneshot"]

import typer

from trainwell.cli.oneshot_pretrain import PRETRAIN_EPILOG, pretrain

oneshot = typer.Typer(
    help="Recognise new labels from one example each.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
oneshot.command(epilog=PRETRAIN_EPILOG)(pretrain)
