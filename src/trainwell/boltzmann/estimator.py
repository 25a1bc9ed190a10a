"""What all machines have in common as scikit-learn estimators: fitting, scoring, likelihood."""

from __future__ import annotations

__all__ = ["BoltzmannEstimator", "Machine", "tensor_dtype"]

from abc import abstractmethod
from typing import Any, Generic, Self, TypeVar

import numpy as np
import torch
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from trainwell.boltzmann.announcement import Announcement
from trainwell.boltzmann.couplings import Couplings
from trainwell.boltzmann.data import BadDataError, OutsideError, Rows, batch_of, check_rows
from trainwell.boltzmann.draws import Draws
from trainwell.boltzmann.estimates import LogLikelihood, LogPartition
from trainwell.boltzmann.history import History
from trainwell.boltzmann.likelihood import free_energies, is_exact, log_likelihood, log_partition
from trainwell.boltzmann.monitor import Monitor
from trainwell.boltzmann.plots import Plots
from trainwell.boltzmann.restricted import Restricted
from trainwell.boltzmann.rules import Rules, first_rate
from trainwell.boltzmann.training import Learning, Plan, train
from trainwell.errors import BadInputError, UnknownNameError

Machine = TypeVar("Machine", Restricted, Couplings)

_LOOKED_AT = 1000
"""Rows that each look at a machine measures."""

_BLOCK = 8192
"""Rows that are transformed or scored at once."""


class BoltzmannEstimator(Plots, TransformerMixin, BaseEstimator, Generic[Machine]):  # type: ignore[misc]
    """A machine that learns p(v) from rows; subclasses build the machine and its learner."""

    machine_: Machine
    learner_: Learning
    base_bias_: torch.Tensor
    history_: History
    n_iter_: int
    _draws: Draws
    _mean: torch.Tensor
    _partition: LogPartition | None

    @abstractmethod
    def _build(self, rows: Rows, mean: torch.Tensor, draws: Draws) -> tuple[Machine, Learning]:
        """A new machine for the data and what makes its learning steps; sets `base_bias_`."""

    @abstractmethod
    def _parameters(self) -> tuple[torch.Tensor, ...]:
        """The tensors that learning changes."""

    @property
    def _visible(self) -> str:
        """The kind of the visible units."""
        return "bernoulli"

    def fit(self, X: Any, y: Any = None, *, validation: Any = None) -> Self:
        """Learn from rows, from the beginning.

        Args:
            X: (rows, columns), dense, memory-mapped or sparse; in [0, 1] for Bernoulli units.
            y: not used.
            validation: held-out rows for early stopping; a share of X is held out when None.

        Raises:
            BadDataError: if X does not fit the units.
            BadInputError: if a parameter is out of its range.
            DivergedError: if the parameters are not finite any more.
        """
        del y
        announcement = Announcement(self, self._visible)
        X = self._checked(X, reset=True, announcement=announcement)
        self._plan()
        seed = check_random_state(self.random_state).randint(2**31 - 1)
        draws = Draws(seed, tensor_dtype(self.dtype), self.device)
        X, held_out = self._split(X, validation, draws)
        self._learn(Rows(X, draws.dtype, draws.device), held_out, draws, seed, announcement)
        return self

    def _learn(
        self,
        rows: Rows,
        held_out: torch.Tensor | None,
        draws: Draws,
        seed: int,
        announcement: Announcement,
    ) -> None:
        """Learn from rows that are checked already."""
        plan = self._plan(rows.width)
        self._begin(rows, draws)
        monitor = Monitor(
            self.machine_,
            self.base_bias_,
            rows.some(_LOOKED_AT, Draws(seed + 1, draws.dtype, draws.device)),
            self._mean,
            held_out,
            self.likelihood_every,
            self.annealing_temperatures,
            seed + 2,
        )
        try:
            train(
                self,
                self.learner_,
                self._parameters(),
                rows,
                plan,
                draws,
                monitor,
                [announcement.looked, *(self.callbacks or ())],
                self.history_,
            )
        finally:
            announcement.fitted(self.history_)
        self._partition = None
        self.n_iter_ = len(self.history_)

    def partial_fit(self, X: Any, y: Any = None) -> Self:
        """Learn from some rows, once, in batches; the rate does not fall.

        The first call fixes the number of columns and starts the biases at these rows' mean. Rows
        may come from a memory map of any length: a batch at a time is read.

        Raises:
            BadDataError: if X does not fit the units, or has another width than before.
        """
        del y
        first = not hasattr(self, "machine_")
        X = self._checked(X, reset=first)
        if first:
            seed = check_random_state(self.random_state).randint(2**31 - 1)
            draws = Draws(seed, tensor_dtype(self.dtype), self.device)
            self._begin(Rows(X, draws.dtype, draws.device), draws)
        rows = Rows(X, self._draws.dtype, self._draws.device)
        rate = self._rate(rows.width)
        for x in rows.batches(self.batch_size, self._draws):
            self.learner_.step(x, rate)
        self._partition = None
        self.n_iter_ += 1
        return self

    def free_energy(self, X: Any) -> np.ndarray[Any, Any]:
        """-log of the sum over the hidden units of exp(-energy), nats, (rows,)."""
        return self._by_block(X, self._free_energies)

    def score_samples(self, X: Any) -> np.ndarray[Any, Any]:
        """Log-likelihood of each row, nats, (rows,).

        log Z is enumerated where it can be, and annealed with `annealing_temperatures` where not;
        it is found once for a fitted machine. `log_likelihood` tells how sure it is.
        """
        energies = self.free_energy(X)
        scores: np.ndarray[Any, Any] = -energies.astype(np.float64) - self._cached_partition().value
        return scores

    def score(self, X: Any, y: Any = None) -> float:
        """Mean log-likelihood of rows, nats."""
        del y
        return float(np.mean(self.score_samples(X)))

    def log_partition(
        self,
        method: str | None = None,
        *,
        n_chains: int = 100,
        n_temperatures: int | None = None,
        random_state: int = 0,
    ) -> LogPartition:
        """Log Z, nats, with its standard error and effective sample size.

        Args:
            method: "exact", "ais" (on average too low), "reverse_ais" (on average too high); None:
                "exact" where it can be enumerated, "ais" where not.
            n_chains: independent walks of annealing.
            n_temperatures: of each walk; `annealing_temperatures` when None.
            random_state: seed of the walks.

        Raises:
            UnknownNameError: if there is no such method.
            BadInputError: if "exact" is asked of too many units.
        """
        check_is_fitted(self, "machine_")
        chosen = method or ("exact" if is_exact(self.machine_) else "ais")
        draws = Draws(random_state, self._draws.dtype, self._draws.device)
        start = self.learner_.chains
        if start is None and chosen == "reverse_ais":
            start = self._start(n_chains, draws)
        return log_partition(
            self.machine_,
            chosen,
            self.base_bias_,
            draws,
            chains=n_chains,
            n_temperatures=n_temperatures or self.annealing_temperatures,
            start=start,
        )

    def log_likelihood(self, X: Any, method: str | None = None, **annealing: Any) -> LogLikelihood:
        """Mean log-likelihood of rows, nats, with its interval.

        Args:
            X: (rows, columns).
            method: as in `log_partition`.
            annealing: as in `log_partition`.

        Raises:
            BadDataError: if X does not fit the machine.
            BadInputError: as `log_partition`.
        """
        energies = torch.from_numpy(self.free_energy(X))
        partition = (
            self.log_partition(method, **annealing)
            if method or annealing
            else self._cached_partition()
        )
        return log_likelihood(energies, partition)

    def _start(self, count: int, draws: Draws) -> torch.Tensor:
        """States to start Gibbs sampling from where no chains were kept, (count, units)."""
        probability = self.base_bias_.sigmoid().repeat(count, 1)
        return draws.bernoulli(probability)

    def _free_energies(self, x: torch.Tensor) -> torch.Tensor:
        draws = Draws(0, self._draws.dtype, self._draws.device)
        return free_energies(self.machine_, x, self.base_bias_, draws)

    def _cached_partition(self) -> LogPartition:
        check_is_fitted(self, "machine_")
        if self._partition is None:
            self._partition = self.log_partition()
        return self._partition

    def _begin(self, rows: Rows, draws: Draws) -> None:
        self._draws = draws
        self._mean = rows.mean()
        self.history_ = History()
        self.n_iter_ = 0
        self._partition = None
        self.machine_, self.learner_ = self._build(rows, self._mean, draws)

    def _rules(self) -> Rules:
        return Rules(
            algorithm=self.algorithm,
            n_gibbs_steps=self.n_gibbs_steps,
            n_chains=self.n_chains,
            n_temperatures=self.n_temperatures,
            centered=self.centered,
            momentum=self.momentum,
            weight_decay=self.weight_decay,
            precision=self.precision,
        )

    def _plan(self, width: int = 1) -> Plan:
        self._rules()
        batch_of(self.batch_size, 1)
        for name, low in (("n_iter", 1), ("early_stopping", 0)):
            value = getattr(self, name)
            if int(value) != value or value < low:
                raise BadInputError(f"`{name}` must be a whole number from {low} on, got {value}")
        return Plan(
            n_iter=self.n_iter,
            batch_size=self.batch_size,
            learning_rate=self._rate(width),
            schedule=self.schedule,
            patience=int(self.early_stopping),
            shown=bool(self.verbose),
        )

    def _rate(self, width: int) -> float:
        return first_rate(self.learning_rate, self._visible, width)

    def _split(self, X: Any, validation: Any, draws: Draws) -> tuple[Any, torch.Tensor | None]:
        """Training rows and held-out rows."""
        if validation is not None:
            held_out = Rows(self._checked(validation, reset=False), draws.dtype, draws.device)
            return X, held_out.some(10 * _LOOKED_AT, draws)
        if not self.early_stopping:
            return X, None
        order = draws.permutation(X.shape[0])
        count = max(1, round(self.validation_fraction * len(order)))
        if count >= len(order):
            raise BadDataError(
                f"early stopping holds out {count} rows, and `X` has only {len(order)}"
            )
        held_out = Rows(X[np.sort(order[:count])], draws.dtype, draws.device)
        return X[np.sort(order[count:])], held_out.some(10 * _LOOKED_AT, draws)

    def _checked(self, X: Any, *, reset: bool, announcement: Announcement | None = None) -> Any:
        try:
            X = validate_data(self, X, reset=reset, accept_sparse="csr", dtype="numeric")
        except ValueError as error:
            raise BadDataError(str(error)) from error
        if announcement is not None:
            announcement.given(X)
        try:
            check_rows(X, self._visible, getattr(self, "n_categories", None))
        except OutsideError as error:
            if announcement is not None:
                announcement.refused(error.low, error.high, error.share)
            raise
        return X

    def _by_block(self, X: Any, compute: Any) -> np.ndarray[Any, Any]:
        """Apply a function of tensors to rows, some at a time."""
        check_is_fitted(self, "machine_")
        rows = Rows(self._checked(X, reset=False), self._draws.dtype, self._draws.device)
        done = [
            compute(rows.take(slice(first, first + _BLOCK))).cpu().numpy()
            for first in range(0, len(rows), _BLOCK)
        ]
        return np.concatenate(done)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        # What comes out has the precision that learning had.
        tags.transformer_tags.preserves_dtype = []
        return tags


def tensor_dtype(name: str) -> torch.dtype:
    """The dtype of parameters by its name.

    Raises:
        UnknownNameError: if it is neither "float32" nor "float64".
    """
    known = {"float32": torch.float32, "float64": torch.float64}
    if name not in known:
        raise UnknownNameError("dtype", str(name), known)
    return known[name]
