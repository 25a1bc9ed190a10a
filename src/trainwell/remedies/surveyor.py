"""Watches the script's first run for what the remedies need to know."""

from __future__ import annotations

__all__ = ["Surveyor", "columns_of"]

import math
from dataclasses import replace
from typing import Any

import torch
from torch.optim import Optimizer
from torch.utils.data import DataLoader

from trainwell.remedies.live import Live
from trainwell.remedies.moments import Building, Call, Loading, Loss, user_frame
from trainwell.remedies.survey import Built, Columns, Loaded, Survey

_ROWS = 4096
"""Rows of data that are kept: their quartiles are then known to 1 %."""
_BATCH_ROWS = 256
_COLUMNS = 128
_REGRESSION = frozenset({"huber_loss", "l1_loss", "mse_loss", "smooth_l1_loss"})


class _Sample:
    """A sample of rows, each seen row with the same chance (Vitter 1985, algorithm R)."""

    def __init__(self) -> None:
        self.rows: torch.Tensor | None = None
        self.seen = 0
        # One of its own: the script's random numbers stay untouched.
        self._generator = torch.Generator().manual_seed(0)

    def add(self, rows: torch.Tensor) -> None:
        rows = rows.detach().to("cpu", torch.float64)
        if self.rows is None:
            self.rows = rows[:0]
        if rows.shape[1] != self.rows.shape[1]:
            return
        free = _ROWS - len(self.rows)
        self.rows = torch.cat([self.rows, rows[:free]])
        rest = rows[free:]
        if len(rest):
            at = self.seen + free + torch.arange(len(rest))
            slots = (torch.rand(len(rest), generator=self._generator) * (at + 1)).long()
            kept = slots < _ROWS
            self.rows[slots[kept]] = rest[kept]
        self.seen += len(rows)


class Surveyor:
    """Listens at the moments of a live run, and changes nothing.

    Args:
        script: path of the script.
    """

    def __init__(self, script: str) -> None:
        self._script = script
        self._built: dict[int, Built] = {}
        self._order: list[int] = []
        self._pending: list[Built] = []
        self._inputs, self._targets = _Sample(), _Sample()
        self._pictures = False
        self._batch = 0
        self._first: int | None = None
        self._backward: dict[tuple[str, int], None] = {}
        self._calls: dict[bool, dict[tuple[str, int], None]] = {True: {}, False: {}}
        self._loaders: list[Loaded] = []
        self._loader_at: dict[int, int] = {}
        self._reading: int | None = None
        self._evaluations = 0
        self._passes: dict[int, int] = {}

    @property
    def epochs(self) -> int:
        """Passes through the training loaders, of that with the most; 0 without any."""
        return max((n for i, n in self._passes.items() if self._loaders[i].training), default=0)

    def attach(self, live: Live) -> None:
        """Ask to be called."""
        live.on_building.append(self._building)
        live.on_call.append(self._call)
        live.on_loss.append(self._loss)
        live.before_step.append(self._step)
        live.after_backward.append(self._backed)
        live.after_evaluation.append(self._evaluated)
        live.on_loading.append(self._load)
        live.replace(DataLoader, "__iter__", self._iterating)
        self._live = live

    def finish(self) -> Survey:
        """What was learned."""
        # An evaluation after the last backward was never closed.
        trailing = bool(self._live._evaluated)
        return Survey(
            script=self._script,
            optimizers=tuple(self._built[key] for key in self._order),
            unused_optimizers=tuple(
                (built.file, built.line)
                for optimizer, built in zip(self._live.optimizers, self._pending, strict=False)
                if id(optimizer) not in self._built
            ),
            loaders=tuple(self._loaders),
            inputs=columns_of(self._inputs.rows, self._pictures),
            targets=columns_of(self._targets.rows, False),
            backward=tuple(self._backward),
            training_calls=tuple(self._calls[True]),
            evaluation_calls=tuple(self._calls[False]),
            evaluations=self._evaluations + trailing,
            batch=self._batch,
        )

    def _building(self, building: Building) -> None:
        settings = {
            k: v
            for k, v in building.settings.items()
            if isinstance(v, bool | int | float) or (isinstance(v, tuple) and k == "betas")
        }
        self._pending.append(
            Built(
                building.kind,
                building.file,
                building.line,
                {k: list(v) if isinstance(v, tuple) else v for k, v in settings.items()},
                tuple(building.names),
            )
        )

    def _step(self, optimizer: Optimizer) -> None:
        key = id(optimizer)
        if key in self._built:
            return
        at = next((i for i, o in enumerate(self._live.optimizers) if o is optimizer), None)
        if at is None:
            return
        frame = user_frame()
        line = 0 if frame is None else frame.f_lineno
        self._built[key] = replace(self._pending[at], step_line=line)
        self._order.append(key)

    def _call(self, call: Call) -> None:
        frame = user_frame()
        if frame is not None:
            self._calls[call.training][frame.f_code.co_filename, frame.f_lineno] = None
        data = call.data
        if not call.training or data is None or not data.numel() or data.dim() < 1:
            return
        if self._first is None:
            self._first, self._batch = id(call.module), len(data)
        if self._first == id(call.module):
            self._pictures = data.dim() in (4, 5)
            self._inputs.add(_rows(data, pictures=self._pictures))

    def _loss(self, loss: Loss) -> None:
        if loss.training and loss.name in _REGRESSION and loss.target.is_floating_point():
            self._targets.add(_rows(loss.target, pictures=False))

    def _backed(self) -> None:
        frame = user_frame()
        if frame is not None:
            self._backward[frame.f_code.co_filename, frame.f_lineno] = None
        if self._reading is not None:
            at, self._reading = self._reading, None
            self._loaders[at] = replace(self._loaders[at], training=True)

    def _evaluated(self, loss: float) -> None:
        del loss
        self._evaluations += 1

    def _load(self, loading: Loading) -> None:
        given = loading.arguments
        size = given.get("batch_size", 1)
        self._loaders.append(
            Loaded(
                loading.file,
                loading.line,
                training=False,
                shuffled=bool(given.get("shuffle")),
                batch_size=size if isinstance(size, int) else None,
                sampler=given.get("sampler") is not None or given.get("batch_sampler") is not None,
            )
        )

    def _iterating(self, original: Any) -> Any:
        surveyor = self

        def __iter__(loader: DataLoader[Any]) -> Any:  # noqa: N807
            key = id(loader)
            if key not in surveyor._loader_at:
                # The loader that was constructed last under this identity.
                size = getattr(loader, "batch_size", None)
                known = set(surveyor._loader_at.values())
                for at, one in enumerate(surveyor._loaders):
                    if at not in known and one.batch_size == size:
                        surveyor._loader_at[key] = at
                        break
            reading = surveyor._reading = surveyor._loader_at.get(key)
            if reading is not None and torch.is_grad_enabled():
                surveyor._passes[reading] = surveyor._passes.get(reading, 0) + 1
            return original(loader)

        return __iter__


def columns_of(rows: torch.Tensor | None, pictures: bool) -> Columns | None:
    """The columns of a sample of rows.

    Args:
        rows: (rows, columns); values that are not finite are left out.
        pictures: the columns are channels.
    """
    if rows is None or len(rows) < 2 or not rows.shape[1]:
        return None
    if rows.shape[1] > _COLUMNS:
        rows = rows.reshape(-1, 1)
    columns = [c[torch.isfinite(c)] for c in rows.T]
    missing = rows.numel() - sum(len(c) for c in columns)
    if any(len(c) < 2 for c in columns):
        return None
    # A sample of 4,096 rows of 1,000 columns is too long for torch.quantile.
    columns = [c[:: math.ceil(len(c) / 1_000_000)] for c in columns]
    quartiles = [c.quantile(torch.tensor([0.25, 0.5, 0.75], dtype=c.dtype)) for c in columns]
    return Columns(
        rows=len(rows),
        pictures=pictures,
        mean=_digits(c.mean() for c in columns),
        deviation=_digits(c.std() for c in columns),
        low=_digits(c.min() for c in columns),
        high=_digits(c.max() for c in columns),
        median=_digits(q[1] for q in quartiles),
        spread=_digits(q[2] - q[0] for q in quartiles),
        missing=missing,
    )


def _digits(values: Any) -> tuple[float, ...]:
    # What the patch writes is what the trial used.
    return tuple(float(f"{float(v):.6g}") for v in values)


def _rows(data: torch.Tensor, *, pictures: bool) -> torch.Tensor:
    """Examples of a batch as rows: (some rows, columns)."""
    if pictures:
        data = data.movedim(1, -1)
    rows = data.reshape(-1, 1) if data.dim() == 1 else data.reshape(-1, data.shape[-1])
    step = math.ceil(len(rows) / _BATCH_ROWS)
    return rows[::step]
