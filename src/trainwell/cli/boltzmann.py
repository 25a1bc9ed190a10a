"""`trainwell boltzmann`: fit a restricted Boltzmann machine to a file of rows, and use it."""

from __future__ import annotations

__all__ = ["boltzmann"]

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trainwell.cli.output import put
from trainwell.errors import BadInputError

if TYPE_CHECKING:
    import numpy as np

boltzmann = typer.Typer(
    help="Fit a restricted Boltzmann machine to rows of 0 to 1, sample, score and complete.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

_Data = Annotated[str, typer.Argument(metavar="DATA", help="Rows: a .npy or .npz file.")]
_Model = Annotated[str, typer.Argument(metavar="MODEL", help="A folder that `fit -o` wrote.")]
_Output = Annotated[str, typer.Option("-o", "--output", metavar="FILE", help="Where to write.")]
_Seed = Annotated[int, typer.Option("--seed", help="Of the random numbers.")]
_Steps = Annotated[int, typer.Option("--steps", min=1, help="Transitions of the chains.")]


@boltzmann.command()
def fit(
    data: _Data,
    output: Annotated[
        str, typer.Option("-o", "--output", metavar="MODEL", help="The folder to write.")
    ],
    hidden: Annotated[int, typer.Option("--hidden", min=1, help="Hidden units.")] = 256,
    visible: Annotated[
        str, typer.Option("--visible", help="bernoulli, gaussian or softmax.")
    ] = "bernoulli",
    algorithm: Annotated[str, typer.Option("--algorithm", help="pcd, cd, pt or exact.")] = "pcd",
    epochs: Annotated[int, typer.Option("--epochs", min=1, help="Passes over the rows.")] = 10,
    rate: Annotated[
        float | None,
        typer.Option(
            "--rate", help="Learning rate at the start (default: 0.1, less for gaussian units)."
        ),
    ] = None,
    batch: Annotated[
        int | None,
        typer.Option(
            "--batch", min=1, help="Rows of a batch (default: a hundredth of all, 10 to 100)."
        ),
    ] = None,
    every: Annotated[
        int | None,
        typer.Option("--likelihood-every", min=1, help="Epochs between annealed likelihoods."),
    ] = None,
    seed: _Seed = 0,
) -> int:
    """Fit a machine; Ctrl-C keeps what was learned."""
    from trainwell.boltzmann import RBM, save

    rows = _rows(data)
    machine = RBM(
        hidden,
        visible=visible,
        algorithm=algorithm,
        n_iter=epochs,
        learning_rate="auto" if rate is None else rate,
        batch_size="auto" if batch is None else batch,
        likelihood_every=every,
        verbose=sys.stderr.isatty(),
        random_state=seed,
    ).fit(rows)
    save(machine, output)
    last = machine.history_.moments[-1] if len(machine.history_) else None
    told = "" if last is None else f", reconstruction error {last.reconstruction_error:.4f}"
    if last is not None and last.log_likelihood is not None:
        low, high = last.log_likelihood
        told += f", log-likelihood {low:.2f} to {high:.2f}"
    put(sys.stdout, f"{output}: {hidden} hidden units, {machine.n_iter_} epochs{told}\n")
    return 0


@boltzmann.command()
def sample(
    model: _Model,
    output: _Output,
    count: Annotated[int, typer.Option("-n", "--count", min=1, help="How many rows.")] = 100,
    steps: _Steps = 1000,
    seed: _Seed = 0,
) -> int:
    """Draw rows from a machine."""
    machine = _machine(model, "sample")
    rows = machine.sample(count, n_gibbs_steps=steps, random_state=seed)
    _write(output, rows)
    put(sys.stdout, f"{output}: {rows.shape[0]} rows of {rows.shape[1]}\n")
    return 0


@boltzmann.command()
def score(
    model: _Model,
    data: _Data,
    method: Annotated[
        str | None, typer.Option("--method", help="exact, ais or reverse_ais (default: best).")
    ] = None,
    temperatures: Annotated[
        int, typer.Option("--temperatures", min=2, help="Of annealing.")
    ] = 10_000,
) -> int:
    """The mean log-likelihood of rows, with its interval."""
    machine = _machine(model, "log_likelihood")
    found = machine.log_likelihood(_rows(data), method, n_temperatures=temperatures)
    low, high = found.interval
    part = found.partition
    put(
        sys.stdout,
        f"log-likelihood {found.value:.3f} nats a row, 95% interval {low:.3f} to {high:.3f}\n"
        f"log Z {part.value:.3f} by {part.method}, standard error {part.standard_error:.3f}, "
        f"effective sample size {part.effective_sample_size:.0f}\n",
    )
    return 0


@boltzmann.command()
def complete(
    model: _Model,
    data: _Data,
    output: _Output,
    known: Annotated[
        str | None,
        typer.Option(
            "--known", metavar="FIRST:LAST", help="Columns that are known; else those not NaN."
        ),
    ] = None,
    steps: _Steps = 1000,
    seed: _Seed = 0,
) -> int:
    """Fill in the unknown columns of rows: NaN, or all but those of --known."""
    import numpy as np

    machine = _machine(model, "conditional_sample")
    rows = _rows(data)
    mask = ~np.isnan(rows.astype(float))
    if known is not None:
        inside = np.zeros(rows.shape[1], dtype=bool)
        inside[_span(known)] = True
        mask &= inside
    done = machine.conditional_sample(rows, mask, n_gibbs_steps=steps, random_state=seed)
    _write(output, done)
    put(sys.stdout, f"{output}: {(~mask).sum()} values in {len(rows)} rows completed\n")
    return 0


def _span(text: str) -> slice:
    first, colon, last = text.partition(":")
    if not colon or not all(part.isdigit() or not part for part in (first, last)):
        raise BadInputError(f"`--known` must be FIRST:LAST, got `{text}`")
    return slice(int(first) if first else None, int(last) if last else None)


def _machine(path: str, method: str) -> Any:
    from trainwell.boltzmann import load

    machine = load(path)
    if not hasattr(machine, method):
        raise BadInputError(f"`{path}` is a {type(machine).__name__}, which cannot do that")
    return machine


def _rows(path: str) -> np.ndarray[Any, Any]:
    """The array of a .npy file (memory-mapped), or the first two-dimensional one of a .npz."""
    import numpy as np

    try:
        if path.endswith(".npy"):
            found = np.load(path, mmap_mode="r", allow_pickle=False)
            tables = [found] if found.ndim == 2 else []
        else:
            with np.load(path, allow_pickle=False) as archive:
                tables = [a for a in (archive[k] for k in archive.files) if a.ndim == 2]
    except (OSError, ValueError, TypeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise BadInputError(f"`{path}` cannot be read: {reason}") from error
    if not tables:
        raise BadInputError(f"`{path}` holds no table of rows and columns")
    table: np.ndarray[Any, Any] = tables[0]
    return table


def _write(path: str, rows: np.ndarray[Any, Any]) -> None:
    import numpy as np

    try:
        if path.endswith(".npy"):
            np.save(path, rows)
        else:
            np.savez_compressed(path, rows=rows)
    except OSError as error:
        raise BadInputError(f"`{path}` cannot be written: {error.strerror}") from error
