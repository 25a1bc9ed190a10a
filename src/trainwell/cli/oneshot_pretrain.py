"""`trainwell oneshot pretrain`: an embedder from a folder of folders of pictures."""

from __future__ import annotations

__all__ = ["PRETRAIN_EPILOG", "pretrain"]

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from trainwell.cli.oneshot_doubts import told_as_lines
from trainwell.cli.output import is_coloured, put, terminal_width
from trainwell.errors import BadInputError

if TYPE_CHECKING:
    from trainwell.oneshot import NetworkEmbedder

PRETRAIN_EPILOG = """\b
The folder holds a folder of pictures for each label, however deep:
  letters/Greek/alpha/01.png   the label is Greek/alpha
Labels to be recognised later need not be among them; the more of the
same kind there are, the better: 30 is few, 200 are good.

\b
Examples:
  trainwell oneshot pretrain letters -o lettering
  trainwell oneshot pretrain letters -o e --hold-out Korean
  trainwell oneshot pretrain photos -o e --ink none --colour --turns 1

Ctrl-C ends it early and keeps the embedder. With --checkpoint FILE the
same command goes on from there, to the very same weights.
"""


def pretrain(
    folder: Annotated[
        str, typer.Argument(metavar="FOLDER", help="A folder of folders of pictures.")
    ],
    output: Annotated[
        str, typer.Option("-o", "--output", metavar="EMBEDDER", help="The folder to write.")
    ],
    steps: Annotated[int, typer.Option("--steps", min=1, help="Batches to learn from.")] = 2400,
    batch: Annotated[int, typer.Option("--batch", min=4, help="Pictures of a batch.")] = 128,
    rate: Annotated[float, typer.Option("--rate", help="The highest learning rate.")] = 0.1,
    size: Annotated[
        int, typer.Option("--size", min=8, max=512, help="Pictures' side for the network, pixels.")
    ] = 32,
    widths: Annotated[
        str, typer.Option("--widths", metavar="N,N,..", help="Channels of the network's stages.")
    ] = "32,64,96",
    colour: Annotated[bool, typer.Option("--colour", help="Keep colours.")] = False,
    ink: Annotated[
        str,
        typer.Option(
            "--ink",
            help="What is drawn: dark or light on the ground; any: by each picture's border; none:"
            " these are photographs.",
        ),
    ] = "any",
    objective: Annotated[
        str, typer.Option("--objective", help="episodes, classification or both.")
    ] = "episodes",
    turns: Annotated[
        int,
        typer.Option(
            "--turns",
            help="8: a turned or mirrored picture is another label; 4: a turned one; 1: neither.",
        ),
    ] = 8,
    hold_out: Annotated[
        list[str] | None,
        typer.Option(
            "--hold-out",
            metavar="LABEL",
            help="Labels that tell when to stop: a share of them (default: 0.1; 0 for none), or the"
            " beginning of names. May be given again.",
        ),
    ] = None,
    checkpoint: Annotated[
        str | None,
        typer.Option("--checkpoint", metavar="FILE", help="Go on from here after Ctrl-C."),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Of the random numbers.")] = 0,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress, no report.")] = False,
) -> int:
    """Learn an embedder of pictures from labels of your own.

    It tells later labels from one example each, which none of these need to
    be. For hand-drawn characters there is one in trainwell already.
    """
    from trainwell.oneshot import Preparation, save_embedder
    from trainwell.oneshot import pretrain as learn

    _check_output(output)
    preparation = Preparation(size=size, channels=3 if colour else 1, ink=ink, centre=ink != "none")
    with told_as_lines():
        embedder = learn(
            folder,
            preparation=preparation,
            widths=_numbers(widths),
            objective=objective,
            turns=turns,
            steps=steps,
            batch_size=batch,
            learning_rate=rate,
            held_out=_held_out(hold_out),
            checkpoint=checkpoint,
            seed=seed,
            verbose=sys.stderr.isatty() and not quiet,
            name=os.path.basename(os.path.abspath(output)),
        )
    save_embedder(embedder, output)
    if not quiet:
        put(sys.stdout, _told(embedder, output))
        _report(embedder)
    return 0


def _told(embedder: NetworkEmbedder, output: str) -> str:
    text = f"{output}: vectors of {embedder.network.width} numbers"
    if not embedder.looks:
        return text + "\n"
    best = min(
        embedder.looks,
        key=lambda look: -look.step if look.held_out_loss is None else look.held_out_loss,
    )
    text += f", {best.step} steps, {embedder.looks[-1].cpu_seconds:.0f} CPU seconds\n"
    if best.error is not None:
        right = 100 * (1 - best.error)
        text += f"labels held out: {right:.1f}% told rightly from one example each\n"
    return text


def _report(embedder: NetworkEmbedder) -> None:
    """What the probe found in the training, if anything."""
    if embedder.record is None:
        return
    from trainwell.diagnosis import diagnose
    from trainwell.findings.catalogue import FINDINGS
    from trainwell.report.text import render_text

    diagnosis = diagnose(embedder.record, tuple(FINDINGS.values()))
    if diagnosis.at_least("warning"):
        put(
            sys.stdout,
            render_text(
                diagnosis,
                folder=".",
                width=terminal_width(sys.stdout),
                colour=is_coloured(sys.stdout),
            ),
        )


def _check_output(path: str) -> None:
    """Refuse before the work what cannot be written after it."""
    above = os.path.dirname(os.path.abspath(path))
    if os.path.exists(path) and not os.path.isdir(path):
        raise BadInputError(f"`{path}` is no folder: `-o` names one")
    if not os.path.isdir(above):
        raise BadInputError(f"`{path}` cannot be written: its folder does not exist")
    if not os.access(path if os.path.exists(path) else above, os.W_OK):
        raise BadInputError(f"`{path}` cannot be written: no permission")
    there = os.listdir(path) if os.path.exists(path) else []
    if there and "embedder.json" not in there:
        raise BadInputError(f"`{path}` is a folder of other things: name another for `-o`")


def _numbers(text: str) -> list[int]:
    words = [word.strip() for word in text.split(",")]
    if not all(word.isdigit() and int(word) for word in words):
        raise BadInputError(f"`--widths` must be whole numbers with commas, got `{text}`")
    return [int(word) for word in words]


def _held_out(words: list[str] | None) -> float | list[str]:
    if not words:
        return 0.1
    if len(words) == 1:
        try:
            return float(words[0])
        except ValueError:
            return words
    return words
