"""Pictures of a machine, with matplotlib where it is installed."""

from __future__ import annotations

__all__ = ["Plots", "mosaic"]

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from trainwell.errors import BadInputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def _figure(width: float, height: float) -> Figure:
    """An empty figure that belongs to no window.

    Raises:
        BadInputError: if matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise BadInputError("pictures need matplotlib: pip install 'trainwell[plots]'") from error
    return Figure(figsize=(width, height), layout="constrained")


def mosaic(rows: Any, shape: tuple[int, int] | None, columns: int) -> np.ndarray[Any, Any]:
    """Pictures side by side, with lines of NaN between them.

    Args:
        rows: (pictures, pixels).
        shape: (height, width) of a picture; square when None.
        columns: pictures in a row.

    Raises:
        BadInputError: if the pixels do not fill the shape.
    """
    table = np.asarray(rows, dtype=float)
    side = math.isqrt(table.shape[1])
    height, width = (side, side) if shape is None else shape
    if height * width != table.shape[1]:
        raise BadInputError(
            f"`shape` must hold the {table.shape[1]} visible units, got {height} x {width}"
        )
    lines = -(-len(table) // columns)
    tiles = np.full((lines * columns, height + 1, width + 1), np.nan)
    tiles[: len(table), :height, :width] = table.reshape(-1, height, width)
    grid = tiles.reshape(lines, columns, height + 1, width + 1).transpose(0, 2, 1, 3)
    return grid.reshape(lines * (height + 1), columns * (width + 1))[:-1, :-1]


class Plots:
    """The `plot_*` methods: each returns a figure of matplotlib, to be shown or saved."""

    def plot_filters(
        self, n_filters: int = 100, *, shape: tuple[int, int] | None = None, columns: int = 10
    ) -> Figure:
        """The weights of the first hidden units, each as a picture of the visible ones.

        Args:
            n_filters: how many.
            shape: (height, width) of a picture; square when None.
            columns: pictures in a row.

        Raises:
            BadInputError: if matplotlib is missing, or the shape does not fit.
        """
        filters = self._filters()[:n_filters]
        limit = float(np.abs(filters).max()) if filters.size else 1.0
        return _shown(mosaic(filters, shape, columns), "RdBu", -limit, limit, "weights, nats")

    def plot_samples(
        self,
        n_samples: int = 100,
        *,
        shape: tuple[int, int] | None = None,
        columns: int = 10,
        **sampling: Any,
    ) -> Figure:
        """Draws from the machine.

        Args:
            n_samples: how many.
            shape: (height, width) of a picture; square when None.
            columns: pictures in a row.
            sampling: what `sample` takes.

        Raises:
            BadInputError: if matplotlib is missing, or the shape does not fit.
        """
        rows = self.sample(n_samples, **sampling)  # type: ignore[attr-defined]
        return _shown(mosaic(rows, shape, columns), "gray", None, None, None)

    def plot_chains(
        self,
        n_chains: int = 8,
        *,
        n_pictures: int = 12,
        every: int = 10,
        shape: tuple[int, int] | None = None,
        random_state: int = 0,
    ) -> Figure:
        """Chains over time: a chain a line, a picture each `every` transitions.

        Args:
            n_chains: how many.
            n_pictures: of each chain.
            every: transitions between them.
            shape: (height, width) of a picture; square when None.
            random_state: seed.

        Raises:
            BadInputError: if matplotlib is missing, or the shape does not fit.
        """
        pictures = [
            # The same seed gives the same chain, a little longer each time.
            self.sample(  # type: ignore[attr-defined]
                n_chains, n_gibbs_steps=every * (number + 1), random_state=random_state
            )
            for number in range(n_pictures)
        ]
        rows = np.stack(pictures, axis=1).reshape(n_chains * n_pictures, -1)
        return _shown(mosaic(rows, shape, n_pictures), "gray", None, None, None)

    def plot_likelihood(self) -> Figure:
        """Curves of the fit: the bracketed log-likelihood, held-out rows, pseudo-likelihood.

        Raises:
            BadInputError: if matplotlib is missing.
        """
        figure = _figure(7, 4)
        axes = figure.add_subplot()
        history = self.history_  # type: ignore[attr-defined]
        for name, colour in (("log_likelihood", "C0"), ("held_out", "C1")):
            looks = [m for m in history if getattr(m, name) is not None]
            if looks:
                epochs, values = history.curve(name)
                low, high = zip(*(getattr(m, name) for m in looks), strict=True)
                label = {"log_likelihood": "log-likelihood", "held_out": "held-out rows"}[name]
                axes.fill_between(epochs, low, high, color=colour, alpha=0.3)
                axes.plot(epochs, values, color=colour, label=label)
        epochs, values = history.curve("pseudo_likelihood")
        if epochs:
            axes.plot(epochs, values, color="C2", linestyle="--", label="pseudo-likelihood")
        axes.set_xlabel("epoch")
        axes.set_ylabel("nats a row")
        if axes.has_data():
            axes.legend()
        return figure

    def _filters(self) -> np.ndarray[Any, Any]:
        """(hidden, visible) weights."""
        machine = self.machine_  # type: ignore[attr-defined]
        visible = machine.n_visible
        # A general machine's weights link all units with all others.
        weights = machine.weights[:visible, visible:] if hasattr(machine, "linked") else None
        chosen = machine.weights if weights is None else weights
        array: np.ndarray[Any, Any] = chosen.t().cpu().numpy()
        return array


def _shown(
    picture: np.ndarray[Any, Any],
    colours: str,
    low: float | None,
    high: float | None,
    label: str | None,
) -> Figure:
    scale = 8 / max(picture.shape)
    figure = _figure(max(2.0, picture.shape[1] * scale), max(2.0, picture.shape[0] * scale))
    axes = figure.add_subplot()
    image = axes.imshow(picture, cmap=colours, vmin=low, vmax=high, interpolation="nearest")
    axes.set_axis_off()
    if label is not None:
        figure.colorbar(image, ax=axes, label=label, shrink=0.6)
    return figure
