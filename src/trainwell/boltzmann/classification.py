"""The classification restricted Boltzmann machine as an estimator."""

from __future__ import annotations

__all__ = ["ClassificationRBM"]

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import torch
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from trainwell.boltzmann.data import BadDataError, LabelledRows, Rows, batch_of, check_rows
from trainwell.boltzmann.draws import Draws
from trainwell.boltzmann.estimator import tensor_dtype
from trainwell.boltzmann.history import History
from trainwell.boltzmann.labels import OBJECTIVES, LabelLearner, LabelMonitor, label_scores
from trainwell.boltzmann.learner import Learner
from trainwell.boltzmann.restricted import Restricted
from trainwell.boltzmann.rules import Rules, first_rate
from trainwell.boltzmann.training import Callback, Plan, train
from trainwell.boltzmann.units import LabelledUnits, units_of
from trainwell.errors import UnknownNameError

_LOOKED_AT = 1000
_BLOCK = 2048


class ClassificationRBM(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A restricted machine over rows and their labels, which classifies by p(label | row).

    Args:
        n_components: hidden units.
        objective: "discriminative" maximises log p(label | row), "generative" log p(row, label),
            "hybrid" the first plus `generative_weight` times the second.
        generative_weight: of "hybrid"; 0.01, Larochelle & Bengio 2008, section 6.1.
        visible: "bernoulli" or "gaussian" rows.
        algorithm, n_gibbs_steps, n_chains, n_temperatures, centered: of the generative part; as in
            `RBM`.
        weight_scale: standard deviation of the first weights.
        learning_rate: at the start; "auto": 0.5, and for Gaussian units at most 0.1 and 10 by the
            number of columns.
        schedule: "linear", down to 0 at the end, or "constant".
        weight_decay: L2 penalty.
        batch_size: rows of a batch; "auto": a hundredth of the rows, from 10 to 100.
        n_iter: epochs.
        early_stopping: epochs without a lower held-out error before learning ends; the best weights
            are kept. 0: no early stopping.
        validation_fraction: share of the rows that early stopping holds out.
        precision, dtype, device, verbose, random_state, callbacks: as in `RBM`.

    Attributes:
        classes_: the labels.
        history_: what was measured after each epoch.
        n_iter_: epochs made.

    Example:
        >>> import numpy as np
        >>> rows = np.eye(4)[[0, 1, 2, 3] * 10]
        >>> machine = ClassificationRBM(4, n_iter=200, learning_rate=1.0, random_state=0)
        >>> machine.fit(rows, ["even", "odd"] * 20).predict(np.eye(4)).tolist()
        ['even', 'odd', 'even', 'odd']

    Sources:
        Larochelle & Bengio 2008, "Classification using discriminative restricted Boltzmann
        machines".
    """

    def __init__(
        self,
        n_components: int = 500,
        *,
        objective: str = "hybrid",
        generative_weight: float = 0.01,
        visible: str = "bernoulli",
        algorithm: str = "pcd",
        n_gibbs_steps: int = 1,
        n_chains: int = 100,
        n_temperatures: int = 10,
        centered: bool = True,
        weight_scale: float = 0.01,
        learning_rate: float | str = "auto",
        schedule: str = "linear",
        weight_decay: float = 0.0,
        batch_size: int | str = "auto",
        n_iter: int = 10,
        early_stopping: int = 0,
        validation_fraction: float = 0.1,
        precision: str = "float32",
        dtype: str = "float32",
        device: str = "cpu",
        verbose: bool = False,
        random_state: int | None = None,
        callbacks: Sequence[Callback] | None = None,
    ) -> None:
        self.n_components = n_components
        self.objective = objective
        self.generative_weight = generative_weight
        self.visible = visible
        self.algorithm = algorithm
        self.n_gibbs_steps = n_gibbs_steps
        self.n_chains = n_chains
        self.n_temperatures = n_temperatures
        self.centered = centered
        self.weight_scale = weight_scale
        self.learning_rate = learning_rate
        self.schedule = schedule
        self.weight_decay = weight_decay
        self.batch_size = batch_size
        self.n_iter = n_iter
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.precision = precision
        self.dtype = dtype
        self.device = device
        self.verbose = verbose
        self.random_state = random_state
        self.callbacks = callbacks

    def fit(self, X: Any, y: Any) -> Self:
        """Learn from rows and their labels.

        Args:
            X: (rows, columns), dense, memory-mapped or sparse; in [0, 1] for Bernoulli units.
            y: (rows,) labels of any type.

        Raises:
            BadDataError: if X does not fit the units, or y holds one class only.
            BadInputError: if a parameter is out of its range.
            DivergedError: if the parameters are not finite any more.
        """
        X, codes = self._prepared(X, y)
        classes = len(self.classes_)
        seed = check_random_state(self.random_state).randint(2**31 - 1)
        draws = Draws(seed, tensor_dtype(self.dtype), self.device)
        rows = LabelledRows(Rows(X, draws.dtype, draws.device), codes, classes)
        held_out = None
        if self.early_stopping:
            order = draws.permutation(len(rows))
            count = max(1, round(self.validation_fraction * len(rows)))
            held_out = rows.take(np.sort(order[:count]))
            kept = np.sort(order[count:])
            rows = LabelledRows(Rows(X[kept], draws.dtype, draws.device), codes[kept], classes)
        learner = self._build(rows, draws)
        self._draws = draws
        self.history_ = History()
        sample = rows.some(_LOOKED_AT, Draws(seed + 1, draws.dtype, draws.device))
        train(
            self,
            learner,
            (self.machine_.weights, self.machine_.visible_bias, self.machine_.hidden_bias),
            rows,
            self._plan(rows.width - classes),
            draws,
            LabelMonitor(self.machine_, classes, sample, held_out),
            self.callbacks or (),
            self.history_,
        )
        self.n_iter_ = len(self.history_)
        return self

    def _prepared(self, X: Any, y: Any) -> tuple[Any, Any]:
        try:
            X, y = validate_data(self, X, y, accept_sparse="csr", dtype="numeric")
            check_classification_targets(y)
        except ValueError as error:
            raise BadDataError(str(error)) from error
        check_rows(X, self.visible)
        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise BadDataError(f"`y` must hold two classes or more, got {len(self.classes_)} class")
        return X, codes.astype(np.int64)

    def _build(self, rows: LabelledRows, draws: Draws) -> LabelLearner:
        if self.objective not in OBJECTIVES:
            raise UnknownNameError("objective", str(self.objective), OBJECTIVES)
        classes = len(self.classes_)
        inner = units_of(self.visible, rows.width - classes, None)
        units = LabelledUnits(inner, classes)
        mean = rows.mean()
        base_bias = units.bias_of(mean, len(rows))
        weights = draws.normal(rows.width, self.n_components).mul_(self.weight_scale)
        hidden_bias = torch.zeros(self.n_components, dtype=draws.dtype, device=draws.device)
        self.machine_ = Restricted(weights, base_bias.clone(), hidden_bias, units)
        rules = Rules(
            algorithm=self.algorithm,
            n_gibbs_steps=self.n_gibbs_steps,
            n_chains=self.n_chains,
            n_temperatures=self.n_temperatures,
            centered=self.centered,
            weight_decay=self.weight_decay,
            precision=self.precision,
        )
        shares = {
            "discriminative": (1.0, 0.0),
            "generative": (0.0, 1.0),
            "hybrid": (1.0, self.generative_weight),
        }
        learner = Learner(self.machine_, rules, draws, base_bias, mean)
        return LabelLearner(learner, classes, *shares[self.objective])

    def _plan(self, width: int) -> Plan:
        batch_of(self.batch_size, 1)
        return Plan(
            n_iter=self.n_iter,
            batch_size=self.batch_size,
            learning_rate=first_rate(self.learning_rate, self.visible, width, 0.5),
            schedule=self.schedule,
            patience=int(self.early_stopping),
            shown=bool(self.verbose),
        )

    def _scores(self, X: Any) -> torch.Tensor:
        check_is_fitted(self, "machine_")
        try:
            X = validate_data(self, X, reset=False, accept_sparse="csr", dtype="numeric")
        except ValueError as error:
            raise BadDataError(str(error)) from error
        check_rows(X, self.visible)
        rows = Rows(X, self._draws.dtype, self._draws.device)
        return torch.cat(
            [
                label_scores(
                    self.machine_, rows.take(slice(first, first + _BLOCK)), len(self.classes_)
                )
                for first in range(0, len(rows), _BLOCK)
            ]
        )

    def predict_proba(self, X: Any) -> np.ndarray[Any, Any]:
        """p(label | row), exact, (rows, classes)."""
        array: np.ndarray[Any, Any] = self._scores(X).double().softmax(1).cpu().numpy()
        return array

    def predict_log_proba(self, X: Any) -> np.ndarray[Any, Any]:
        """Log p(label | row), (rows, classes)."""
        array: np.ndarray[Any, Any] = self._scores(X).double().log_softmax(1).cpu().numpy()
        return array

    def predict(self, X: Any) -> np.ndarray[Any, Any]:
        """The most probable label of each row, (rows,)."""
        best = self._scores(X).argmax(1).cpu().numpy()
        labels: np.ndarray[Any, Any] = self.classes_[best]
        return labels

    def sample(
        self,
        n_samples: int = 1,
        *,
        label: Any = None,
        n_gibbs_steps: int = 1000,
        random_state: int = 0,
    ) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """Draws of rows and labels, (n_samples, columns) and (n_samples,).

        Args:
            n_samples: how many.
            label: all rows shall have this one; drawn too when None.
            n_gibbs_steps: transitions.
            random_state: seed.

        Raises:
            UnknownNameError: if there is no such label.
        """
        check_is_fitted(self, "machine_")
        machine, classes = self.machine_, len(self.classes_)
        draws = Draws(random_state, self._draws.dtype, self._draws.device)
        v = machine.units.sample(machine.visible_bias.repeat(n_samples, 1), draws)
        held: torch.Tensor | None = None
        if label is not None:
            at = np.flatnonzero(self.classes_ == label)
            if not len(at):
                raise UnknownNameError("label", str(label), map(str, self.classes_))
            held = torch.zeros(classes, dtype=v.dtype, device=v.device)
            held[int(at[0])] = 1.0
            v[:, -classes:] = held
        for _ in range(n_gibbs_steps):
            v = machine.gibbs(v, draws)
            if held is not None:
                v[:, -classes:] = held
        rows: np.ndarray[Any, Any] = v[:, :-classes].cpu().numpy()
        return rows, self.classes_[v[:, -classes:].argmax(1).cpu().numpy()]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
