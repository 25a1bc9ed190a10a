"""The deep belief network as an estimator."""

from __future__ import annotations

__all__ = ["DBN"]

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import torch
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data
from torch import nn

from trainwell.boltzmann.announcement import Announcement
from trainwell.boltzmann.belief import Belief, Directed
from trainwell.boltzmann.clamping import known_units
from trainwell.boltzmann.data import BadDataError, MappedRows, Rows, check_rows
from trainwell.boltzmann.draws import Draws
from trainwell.boltzmann.estimator import tensor_dtype
from trainwell.boltzmann.learner import Learner
from trainwell.boltzmann.modules import encoder
from trainwell.boltzmann.rbm import RBM
from trainwell.boltzmann.rules import Rules
from trainwell.boltzmann.training import Callback
from trainwell.boltzmann.updown import untied, updown
from trainwell.errors import BadInputError

_BLOCK = 8192


class DBN(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """A deep belief network: restricted machines, each trained on what the one below makes of rows.

    Args:
        layers: hidden units of each machine, the lowest first; any depth.
        visible, n_categories: the kind of the visible units, as in `RBM`.
        algorithm, n_gibbs_steps, n_chains, n_temperatures, centered, learning_rate, schedule,
        momentum, weight_decay, batch_size: of every machine, as in `RBM`.
        n_iter: epochs of every machine.
        refine_iter: epochs of up-down refinement of the whole afterwards.
        refine_learning_rate: at its start; falls to 0.
        annealing_temperatures: for the top machine's log Z.
        precision, dtype, device, verbose, random_state, callbacks: as in `RBM`.

    Attributes:
        machines_: the trained `RBM` of every layer, as they were before refinement.
        belief_: the network.

    Example:
        >>> import numpy as np
        >>> rows = np.eye(4)[[0, 1, 2, 3] * 10]
        >>> DBN((6, 3), n_iter=5, random_state=0).fit(rows).transform(rows).shape
        (40, 3)

    Sources:
        Hinton, Osindero & Teh 2006, "A fast learning algorithm for deep belief nets".
    """

    def __init__(
        self,
        layers: Sequence[int] = (500, 500, 2000),
        *,
        visible: str = "bernoulli",
        n_categories: int | None = None,
        algorithm: str = "pcd",
        n_gibbs_steps: int = 1,
        n_chains: int = 100,
        n_temperatures: int = 10,
        centered: bool = True,
        learning_rate: float | str = "auto",
        schedule: str = "linear",
        momentum: float = 0.0,
        weight_decay: float = 0.0,
        batch_size: int | str = "auto",
        n_iter: int = 10,
        refine_iter: int = 0,
        refine_learning_rate: float = 0.01,
        annealing_temperatures: int = 1000,
        precision: str = "float32",
        dtype: str = "float32",
        device: str = "cpu",
        verbose: bool = False,
        random_state: int | None = None,
        callbacks: Sequence[Callback] | None = None,
    ) -> None:
        self.layers = layers
        self.visible = visible
        self.n_categories = n_categories
        self.algorithm = algorithm
        self.n_gibbs_steps = n_gibbs_steps
        self.n_chains = n_chains
        self.n_temperatures = n_temperatures
        self.centered = centered
        self.learning_rate = learning_rate
        self.schedule = schedule
        self.momentum = momentum
        self.weight_decay = weight_decay
        self.batch_size = batch_size
        self.n_iter = n_iter
        self.refine_iter = refine_iter
        self.refine_learning_rate = refine_learning_rate
        self.annealing_temperatures = annealing_temperatures
        self.precision = precision
        self.dtype = dtype
        self.device = device
        self.verbose = verbose
        self.random_state = random_state
        self.callbacks = callbacks

    def fit(self, X: Any, y: Any = None) -> Self:
        """Train the machines one after another, then refine the whole where asked to.

        What a layer makes of the rows is computed a batch at a time and never kept.

        Args:
            X: (rows, columns), dense, memory-mapped or sparse.
            y: not used.

        Raises:
            BadDataError: if X does not fit the units.
            BadInputError: if a parameter is out of its range.
        """
        del y
        if len(self.layers) < 1:
            raise BadInputError(f"`layers` must name one layer or more, got {self.layers!r}")
        X = self._checked(X, reset=True)
        seed = check_random_state(self.random_state).randint(2**31 - 1 - 10 * len(self.layers))
        draws = Draws(seed, tensor_dtype(self.dtype), self.device)
        self._draws = draws
        rows = Rows(X, draws.dtype, draws.device)
        self.machines_: list[RBM] = []
        at: Rows = rows
        for number, units in enumerate(self.layers):
            machine = self._machine(number, units, seed)
            own = Draws(seed + 10 * number, draws.dtype, draws.device)
            machine._learn(
                at, None, own, seed + 10 * number, Announcement(machine, machine.visible, at.width)
            )
            machine.n_features_in_ = at.width
            self.machines_.append(machine)
            at = MappedRows(at, machine.machine_.hidden_probability, units)
        self.belief_ = self._belief()
        if self.refine_iter:
            self._refine(rows, draws)
        return self

    def _machine(self, number: int, units: int, seed: int) -> RBM:
        return RBM(
            units,
            visible=self.visible if number == 0 else "bernoulli",
            n_categories=self.n_categories if number == 0 else None,
            algorithm=self.algorithm,
            n_gibbs_steps=self.n_gibbs_steps,
            n_chains=self.n_chains,
            n_temperatures=self.n_temperatures,
            centered=self.centered,
            learning_rate=self.learning_rate,
            schedule=self.schedule,
            momentum=self.momentum,
            weight_decay=self.weight_decay,
            batch_size=self.batch_size,
            n_iter=self.n_iter,
            annealing_temperatures=self.annealing_temperatures,
            precision=self.precision,
            dtype=self.dtype,
            device=self.device,
            verbose=self.verbose,
            random_state=seed + 10 * number,
            callbacks=self.callbacks,
        )

    def _belief(self) -> Belief:
        directed = []
        for machine in self.machines_[:-1]:
            own = machine.machine_
            directed.append(
                Directed(
                    own.weights.clone(),
                    own.hidden_bias.clone(),
                    own.weights.clone(),
                    own.visible_bias.clone(),
                    own.units,
                )
            )
        return Belief(directed, self.machines_[-1].machine_)

    def _refine(self, rows: Rows, draws: Draws) -> None:
        self.belief_ = untied(self.belief_)
        top = self.machines_[-1]
        rules = Rules(
            algorithm="pt" if self.algorithm == "pt" else "pcd",
            n_gibbs_steps=self.n_gibbs_steps,
            n_chains=self.n_chains,
            n_temperatures=self.n_temperatures,
            centered=self.centered,
            precision=self.precision,
        )
        learner = Learner(self.belief_.top, rules, draws, top.base_bias_, top._mean)
        total = self.refine_iter * rows.batches_per_epoch(self.batch_size)
        done = 0
        for _ in range(self.refine_iter):
            for x in rows.batches(self.batch_size, draws):
                rate = self.refine_learning_rate * (1.0 - done / total)
                updown(self.belief_, learner, x, rate, draws)
                done += 1
        top._partition = None

    def _checked(self, X: Any, *, reset: bool) -> Any:
        try:
            X = validate_data(self, X, reset=reset, accept_sparse="csr", dtype="numeric")
        except ValueError as error:
            raise BadDataError(str(error)) from error
        check_rows(X, self.visible, self.n_categories)
        return X

    def _by_block(self, X: Any, compute: Any) -> np.ndarray[Any, Any]:
        check_is_fitted(self, "belief_")
        rows = Rows(self._checked(X, reset=False), self._draws.dtype, self._draws.device)
        done = [
            compute(rows.take(slice(first, first + _BLOCK))).cpu().numpy()
            for first in range(0, len(rows), _BLOCK)
        ]
        return np.concatenate(done)

    def transform(self, X: Any) -> np.ndarray[Any, Any]:
        """Probabilities of the uppermost units given each row, (rows, layers[-1])."""
        check_is_fitted(self, "belief_")
        return self._by_block(X, self.belief_.up)

    def inverse_transform(self, H: Any) -> np.ndarray[Any, Any]:
        """Expected visible units given the uppermost ones, (rows, columns).

        Args:
            H: (rows, layers[-1]) in [0, 1].
        """
        check_is_fitted(self, "belief_")
        h = torch.as_tensor(np.asarray(H), dtype=self._draws.dtype, device=self._draws.device)
        top = self.belief_.top
        below = top.units.mean(top.visible_activation(h))
        array: np.ndarray[Any, Any] = self.belief_.down(below).cpu().numpy()
        return array

    def reconstruct(self, X: Any) -> np.ndarray[Any, Any]:
        """Expected visible units after going up and down again, (rows, columns)."""
        check_is_fitted(self, "belief_")
        belief, top = self.belief_, self.belief_.top

        def back(x: torch.Tensor) -> torch.Tensor:
            return belief.down(top.units.mean(top.visible_activation(belief.up(x))))

        return self._by_block(X, back)

    def sample(
        self, n_samples: int = 1, *, n_gibbs_steps: int = 1000, random_state: int = 0
    ) -> np.ndarray[Any, Any]:
        """Expected visible units of draws from the network, (n_samples, columns).

        Args:
            n_samples: how many.
            n_gibbs_steps: transitions of the top machine before going down.
            random_state: seed.
        """
        check_is_fitted(self, "belief_")
        draws = Draws(random_state, self._draws.dtype, self._draws.device)
        top, machine = self.belief_.top, self.machines_[-1]
        start = top.units.sample(machine.base_bias_.repeat(n_samples, 1), draws)
        chains = machine.learner_.chains
        if chains is not None:
            start = chains[torch.arange(n_samples, device=start.device) % len(chains)].clone()
        state = top.gibbs(start, draws, n_gibbs_steps)
        array: np.ndarray[Any, Any] = self._visible_of(state, draws).cpu().numpy()
        return array

    def _visible_of(self, state: torch.Tensor, draws: Draws) -> torch.Tensor:
        return self.belief_.down(state, draws) if self.belief_.layers else state

    def conditional_sample(
        self, X: Any, known: Any, *, n_gibbs_steps: int = 200, random_state: int = 0
    ) -> np.ndarray[Any, Any]:
        """Rows with their unknown units completed, (rows, columns).

        The rows go up, the top machine makes a transition, they come down, and the known units are
        put back, over and over: an approximation, as the way up is one.

        Args:
            X: (rows, columns); what stands in unknown units is not looked at.
            known: (columns,) or (rows, columns) of bool.
            n_gibbs_steps: how often.
            random_state: seed.
        """
        check_is_fitted(self, "belief_")
        mask = known_units(known, np.shape(X), self._draws.device)
        filled = np.where(mask.cpu().numpy(), np.asarray(X), 0.0)
        given = Rows(self._checked(filled, reset=False), self._draws.dtype, self._draws.device)
        x = given.take(slice(0, len(given)))
        draws = Draws(random_state, self._draws.dtype, self._draws.device)
        v = torch.where(mask, x, self.machines_[0]._mean)
        for _ in range(n_gibbs_steps):
            state = self.belief_.top.gibbs(self.belief_.sample_up(v, draws)[-1], draws)
            v = torch.where(mask, x, self._visible_of(state, draws))
        array: np.ndarray[Any, Any] = v.cpu().numpy()
        return array

    def score_samples(self, X: Any, *, n_draws: int = 10) -> np.ndarray[Any, Any]:
        """A lower bound of each row's log-likelihood, nats, (rows,).

        The bound is averaged over draws of the hidden layers; log Z of the top machine is exact
        where it can be enumerated, and annealed where not.

        Args:
            X: (rows, columns).
            n_draws: of the hidden layers.
        """
        check_is_fitted(self, "belief_")
        partition = self.machines_[-1]._cached_partition().value

        def bound(x: torch.Tensor) -> torch.Tensor:
            draws = Draws(0, self._draws.dtype, self._draws.device)
            some = [self.belief_.bound(x, partition, draws) for _ in range(n_draws)]
            return torch.stack(some).mean(0)

        return self._by_block(X, bound)

    def score(self, X: Any, y: Any = None) -> float:
        """Mean lower bound of rows, nats."""
        del y
        return float(np.mean(self.score_samples(X)))

    def to_module(self) -> nn.Sequential:
        """The way up as a plain module: linear layers and sigmoids with copies of the weights."""
        check_is_fitted(self, "belief_")
        pairs = [(layer.up, layer.up_bias) for layer in self.belief_.layers]
        top = self.belief_.top
        return encoder([*pairs, (top.weights, top.hidden_bias)])

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = []
        return tags
