"""The general Boltzmann machine as an estimator."""

from __future__ import annotations

__all__ = ["SWEEPS", "BoltzmannMachine"]

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted
from torch.nn.functional import pad

from trainwell.boltzmann.clamping import known_units
from trainwell.boltzmann.connectivity import links
from trainwell.boltzmann.couplings import Couplings
from trainwell.boltzmann.couplings_learner import POSITIVE, CouplingsLearner, hidden_given
from trainwell.boltzmann.data import Rows
from trainwell.boltzmann.draws import Draws
from trainwell.boltzmann.estimator import BoltzmannEstimator
from trainwell.boltzmann.paths import CouplingsPath
from trainwell.boltzmann.sweeps import settle, sweep
from trainwell.boltzmann.tempering import Tempering
from trainwell.boltzmann.training import Callback, Learning
from trainwell.boltzmann.units import BernoulliUnits
from trainwell.errors import BadInputError, UnknownNameError

SWEEPS = 20
"""Sweeps of clamped Gibbs sampling in the positive phase."""


class BoltzmannMachine(BoltzmannEstimator[Couplings]):
    """A Boltzmann machine whose binary units, visible or hidden, may be linked in any way.

    Chains are sampled block by block: units that are not linked are drawn at once, linked ones one
    after another. With 20 units or fewer everything can be enumerated.

    Args:
        n_components: hidden units, 0 or more.
        connectivity: "full" (every pair), "semi" (no links between hidden units), "restricted"
            (visible with hidden units only), or an array; see `trainwell.boltzmann.connectivity`.
        algorithm: "pcd", "cd", "pt" (parallel tempering) or "exact".
        positive: how hidden units are found given the data where they are linked to each other:
            "mean_field", "gibbs" or "exact"; None: "exact" for algorithm="exact" and for up to 10
            hidden units, "mean_field" for more.
        n_gibbs_steps, n_chains, n_temperatures, centered, weight_scale: as in `RBM`, like all that
        follow.

    Attributes:
        weights_: (units, units), symmetric; visible units first.
        intercept_: (units,) biases.
        history_: what was measured after each epoch.
        n_iter_: epochs made.

    Example:
        >>> import numpy as np
        >>> xor = np.array([[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 0]])
        >>> machine = BoltzmannMachine(2, algorithm="exact", n_iter=300, learning_rate=4.0,
        ...                            weight_scale=1.0, random_state=0).fit(xor)
        >>> bool(machine.score(xor) > -1.6)  # log 1/4 is the most there can be
        True
    """

    precision = "float32"

    def __init__(
        self,
        n_components: int = 0,
        *,
        connectivity: Any = "full",
        algorithm: str = "pcd",
        positive: str | None = None,
        n_gibbs_steps: int = 1,
        n_chains: int = 100,
        n_temperatures: int = 10,
        centered: bool = True,
        weight_scale: float = 0.01,
        learning_rate: float | str = 0.05,
        schedule: str = "linear",
        momentum: float = 0.0,
        weight_decay: float = 0.0,
        batch_size: int | str = "auto",
        n_iter: int = 10,
        likelihood_every: int | None = None,
        annealing_temperatures: int = 1000,
        early_stopping: int = 0,
        validation_fraction: float = 0.1,
        dtype: str = "float32",
        device: str = "cpu",
        verbose: bool = False,
        random_state: int | None = None,
        callbacks: Sequence[Callback] | None = None,
    ) -> None:
        self.n_components = n_components
        self.connectivity = connectivity
        self.algorithm = algorithm
        self.positive = positive
        self.n_gibbs_steps = n_gibbs_steps
        self.n_chains = n_chains
        self.n_temperatures = n_temperatures
        self.centered = centered
        self.weight_scale = weight_scale
        self.learning_rate = learning_rate
        self.schedule = schedule
        self.momentum = momentum
        self.weight_decay = weight_decay
        self.batch_size = batch_size
        self.n_iter = n_iter
        self.likelihood_every = likelihood_every
        self.annealing_temperatures = annealing_temperatures
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.dtype = dtype
        self.device = device
        self.verbose = verbose
        self.random_state = random_state
        self.callbacks = callbacks

    def _build(self, rows: Rows, mean: torch.Tensor, draws: Draws) -> tuple[Couplings, Learning]:
        if self.n_components < 0:
            raise BadInputError(f"`n_components` must be 0 or more, got {self.n_components}")
        visible, units = rows.width, rows.width + self.n_components
        linked = links(self.connectivity, visible, self.n_components).to(draws.device)
        self.base_bias_ = torch.zeros(units, dtype=draws.dtype, device=draws.device)
        self.base_bias_[:visible] = BernoulliUnits().bias_of(mean, len(rows))
        weights = draws.normal(units, units).mul_(self.weight_scale).triu_(1)
        weights = (weights + weights.t()) * linked
        machine = Couplings.of(weights, self.base_bias_.clone(), linked, visible)
        learner = CouplingsLearner(
            machine, self._rules(), draws, self.base_bias_, mean, self._positive(), SWEEPS
        )
        return machine, learner

    def _positive(self) -> str:
        if self.positive is None:
            small = self.n_components <= 10
            return "exact" if self.algorithm == "exact" or small else "mean_field"
        if self.positive not in POSITIVE:
            raise UnknownNameError("positive", str(self.positive), POSITIVE)
        return self.positive

    def _parameters(self) -> tuple[torch.Tensor, ...]:
        return self.machine_.weights, self.machine_.bias

    @property
    def weights_(self) -> np.ndarray[Any, Any]:
        """(units, units), symmetric; visible units first."""
        return self._numpy(0)

    @property
    def intercept_(self) -> np.ndarray[Any, Any]:
        """(units,) biases."""
        return self._numpy(1)

    def _numpy(self, which: int) -> np.ndarray[Any, Any]:
        if not hasattr(self, "machine_"):
            raise AttributeError("this machine is not fitted yet")
        array: np.ndarray[Any, Any] = self._parameters()[which].cpu().numpy()
        return array

    def transform(self, X: Any) -> np.ndarray[Any, Any]:
        """Expected hidden units given each row, (rows, hidden).

        Exact where no two hidden units are linked; their mean-field values where some are.
        """
        n = self.machine_.n_visible if hasattr(self, "machine_") else 0
        return self._by_block(X, lambda x: self._given(x)[n:].t())

    def reconstruct(self, X: Any) -> np.ndarray[Any, Any]:
        """Expected visible units, each given the others of the row and the expected hidden ones."""

        def back(x: torch.Tensor) -> torch.Tensor:
            n = self.machine_.n_visible
            return self.machine_.field(slice(0, n), self._given(x)).sigmoid_().t()

        return self._by_block(X, back)

    def inverse_transform(self, H: Any) -> np.ndarray[Any, Any]:
        """Expected visible units given hidden ones, (rows, visible); mean-field where linked.

        Args:
            H: (rows, hidden) in [0, 1].

        Raises:
            BadInputError: if H has another width than there are hidden units.
        """
        check_is_fitted(self, "machine_")
        h = torch.as_tensor(np.asarray(H), dtype=self._draws.dtype, device=self._draws.device)
        n, units = self.machine_.n_visible, self.machine_.n_units
        if h.ndim != 2 or h.shape[1] != units - n:
            raise BadInputError(f"`H` must be (rows, {units - n}), got {tuple(h.shape)}")
        start = self.base_bias_[:n].sigmoid().unsqueeze(1).expand(n, len(h))
        state = torch.cat([start, h.t()])
        held = torch.zeros_like(state, dtype=torch.bool)
        held[n:] = True
        array: np.ndarray[Any, Any] = settle(self.machine_, state, held=held)[:n].t().cpu().numpy()
        return array

    def _given(self, x: torch.Tensor) -> torch.Tensor:
        return hidden_given(self.machine_, x, "mean_field", self._draws, 1)

    def energy(self, X: Any, H: Any) -> np.ndarray[Any, Any]:
        """Joint energies of visible and hidden units, nats, (rows,).

        Args:
            X: (rows, visible).
            H: (rows, hidden).
        """
        h = torch.as_tensor(np.asarray(H), dtype=self._draws.dtype, device=self._draws.device)
        at = iter(torch.split(h, 8192))
        return self._by_block(
            X, lambda x: self.machine_.energy(torch.cat([x, next(at)], 1).t().contiguous())
        )

    def sample(
        self,
        n_samples: int = 1,
        *,
        n_gibbs_steps: int = 1000,
        method: str = "gibbs",
        hidden: bool = False,
        random_state: int = 0,
    ) -> np.ndarray[Any, Any]:
        """Draws from the machine, (n_samples, visible).

        Args:
            n_samples: how many.
            n_gibbs_steps: sweeps before they are taken; each draw is a chain of its own.
            method: "gibbs", from the persistent chains where learning left some; "pt".
            hidden: give the hidden units too, behind the visible ones.
            random_state: seed.

        Raises:
            UnknownNameError: if there is no such method.
        """
        check_is_fitted(self, "machine_")
        draws = Draws(random_state, self._draws.dtype, self._draws.device)
        if method == "pt":
            path = CouplingsPath(self.machine_, self.base_bias_)
            tempering = Tempering(path, self.n_temperatures, n_samples, draws)
            for _ in range(n_gibbs_steps):
                tempering.step()
            states = tempering.coldest
        elif method == "gibbs":
            states = self._start(n_samples, draws)
            chains = self.learner_.chains
            if chains is not None:
                states = chains[torch.arange(n_samples, device=states.device) % len(chains)]
            columns = states.t().clone(memory_format=torch.contiguous_format)
            for _ in range(n_gibbs_steps):
                sweep(self.machine_, columns, draws)
            states = columns.t()
        else:
            raise UnknownNameError("method", str(method), ("gibbs", "pt"))
        shown = states if hidden else states[:, : self.machine_.n_visible]
        array: np.ndarray[Any, Any] = shown.cpu().numpy()
        return array

    def conditional_sample(
        self,
        X: Any,
        known: Any,
        *,
        n_gibbs_steps: int = 1000,
        mean: bool = True,
        random_state: int = 0,
    ) -> np.ndarray[Any, Any]:
        """Rows with their unknown units drawn given the known ones.

        Args:
            X: (rows, visible); what stands in unknown units is not looked at.
            known: (visible,) or (rows, visible) of bool.
            n_gibbs_steps: sweeps.
            mean: give the unknown units' probabilities in the last state, not their draws.
            random_state: seed.

        Raises:
            BadInputError: if `known` has the wrong shape.
        """
        check_is_fitted(self, "machine_")
        mask = known_units(known, np.shape(X), self._draws.device)
        filled = np.where(mask.cpu().numpy(), np.asarray(X), 0.0)
        rows = Rows(self._checked(filled, reset=False), self._draws.dtype, self._draws.device)
        draws = Draws(random_state, self._draws.dtype, self._draws.device)
        given = rows.take(slice(0, len(rows))).t()
        n, hidden = self.machine_.n_visible, self.machine_.n_units - self.machine_.n_visible
        held = pad(mask.t(), (0, 0, 0, hidden))
        state = self._start(len(rows), draws).t().contiguous()
        state[:n] = torch.where(mask.t(), given, state[:n])
        for _ in range(n_gibbs_steps):
            sweep(self.machine_, state, draws, held=held)
        if mean:
            expected = self.machine_.field(slice(0, n), state).sigmoid_()
            state[:n] = torch.where(mask.t(), given, expected)
        array: np.ndarray[Any, Any] = state[:n].t().cpu().numpy()
        return array
