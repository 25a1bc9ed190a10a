"""The restricted Boltzmann machine as an estimator."""

from __future__ import annotations

__all__ = ["RBM"]

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted

from trainwell.boltzmann.clamping import known_units
from trainwell.boltzmann.data import Rows
from trainwell.boltzmann.draws import Draws
from trainwell.boltzmann.estimator import BoltzmannEstimator
from trainwell.boltzmann.learner import Learner
from trainwell.boltzmann.paths import RestrictedPath
from trainwell.boltzmann.restricted import Restricted
from trainwell.boltzmann.tempering import Tempering
from trainwell.boltzmann.training import Callback, Learning
from trainwell.boltzmann.units import units_of
from trainwell.errors import BadInputError, UnknownNameError


class RBM(BoltzmannEstimator[Restricted]):
    """A restricted Boltzmann machine: visible and hidden units, links only between the layers.

    Learns by centred persistent contrastive divergence unless told otherwise; see
    `trainwell.boltzmann.rules.Rules` for the algorithms and their sources.

    Args:
        n_components: hidden units, 0 or 1.
        visible: "bernoulli" (data in [0, 1]), "gaussian" (real data, standardised: the variance
            given the hidden units is 1), or "softmax" (one-hot groups).
        n_categories: columns of a one-hot group; None: all columns are one group.
        algorithm: "pcd", "cd", "pt" (parallel tempering) or "exact".
        n_gibbs_steps: transitions between two updates.
        n_chains: persistent chains (of "pt": at each temperature).
        n_temperatures: of "pt".
        centered: centred gradients, with moving averages as offsets.
        weight_scale: standard deviation of the first weights; 0.01, Hinton 2010, section 8.
        learning_rate: at the start, of the mean log-likelihood in nats; "auto": 0.1, and for
            Gaussian units at most 10 by the number of columns.
        schedule: "linear", down to 0 at the end of `fit`, or "constant".
        momentum: share of the last update that is made again, in [0, 1).
        weight_decay: L2 penalty.
        batch_size: rows of a batch; "auto": a hundredth of the rows, from 10 to 100.
        n_iter: epochs.
        likelihood_every: epochs between brackets of the log-likelihood by annealing; None: none,
            but where enumeration is cheap the exact likelihood is followed anyway.
        annealing_temperatures: of annealing, where no other number is asked for.
        early_stopping: looks at the held-out likelihood without a better one before learning ends;
            the best weights are kept. 0: no early stopping.
        validation_fraction: share of the rows that early stopping holds out.
        precision: "float32", or "bf16" for matrix products whose factors are rounded to bfloat16,
            on GPUs and processors that have instructions for it; the weights stay float32.
        dtype: "float32" or "float64", of the parameters.
        device: of PyTorch: "cpu", "cuda", ...
        verbose: draw a progress bar.
        random_state: seed, or a generator of NumPy.
        callbacks: called after each epoch with the estimator and a `Moment`; true ends learning.

    Attributes:
        components_: (hidden, visible) weights.
        intercept_visible_, intercept_hidden_: biases.
        history_: what was measured after each epoch.
        n_iter_: epochs made.

    Example:
        >>> import numpy as np
        >>> stripes = np.kron(np.eye(2), np.ones((8, 3)))
        >>> rbm = RBM(4, algorithm="exact", n_iter=300, learning_rate=0.5, random_state=0)
        >>> bool(rbm.fit(stripes).score(stripes) > -1.0)  # log 1/2 is the most there can be
        True
    """

    def __init__(
        self,
        n_components: int = 256,
        *,
        visible: str = "bernoulli",
        n_categories: int | None = None,
        algorithm: str = "pcd",
        n_gibbs_steps: int = 1,
        n_chains: int = 100,
        n_temperatures: int = 10,
        centered: bool = True,
        weight_scale: float = 0.01,
        learning_rate: float | str = "auto",
        schedule: str = "linear",
        momentum: float = 0.0,
        weight_decay: float = 0.0,
        batch_size: int | str = "auto",
        n_iter: int = 10,
        likelihood_every: int | None = None,
        annealing_temperatures: int = 1000,
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
        self.visible = visible
        self.n_categories = n_categories
        self.algorithm = algorithm
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
        self.precision = precision
        self.dtype = dtype
        self.device = device
        self.verbose = verbose
        self.random_state = random_state
        self.callbacks = callbacks

    @property
    def _visible(self) -> str:
        return self.visible

    def _build(self, rows: Rows, mean: torch.Tensor, draws: Draws) -> tuple[Restricted, Learning]:
        if self.n_components < 1:
            raise BadInputError(f"`n_components` must be 1 or more, got {self.n_components}")
        units = units_of(self.visible, rows.width, self.n_categories)
        self.base_bias_ = units.bias_of(mean, len(rows))
        # Hinton 2010, section 8: small random weights, visible biases at the data's log-odds.
        weights = draws.normal(rows.width, self.n_components).mul_(self.weight_scale)
        hidden_bias = torch.zeros(self.n_components, dtype=draws.dtype, device=draws.device)
        machine = Restricted(weights, self.base_bias_.clone(), hidden_bias, units)
        return machine, Learner(machine, self._rules(), draws, self.base_bias_, mean)

    def _parameters(self) -> tuple[torch.Tensor, ...]:
        return self.machine_.weights, self.machine_.visible_bias, self.machine_.hidden_bias

    @property
    def components_(self) -> np.ndarray[Any, Any]:
        """(hidden, visible) weights."""
        return self._numpy(0).T

    @property
    def intercept_visible_(self) -> np.ndarray[Any, Any]:
        """(visible,) biases."""
        return self._numpy(1)

    @property
    def intercept_hidden_(self) -> np.ndarray[Any, Any]:
        """(hidden,) biases."""
        return self._numpy(2)

    def _numpy(self, which: int) -> np.ndarray[Any, Any]:
        if not hasattr(self, "machine_"):
            raise AttributeError("this machine is not fitted yet")
        array: np.ndarray[Any, Any] = self._parameters()[which].cpu().numpy()
        return array

    def transform(self, X: Any) -> np.ndarray[Any, Any]:
        """P(h = 1 | v) of each row, (rows, hidden)."""
        check_is_fitted(self, "machine_")
        return self._by_block(X, self.machine_.hidden_probability)

    def inverse_transform(self, H: Any) -> np.ndarray[Any, Any]:
        """Expected visible units given hidden ones, (rows, visible).

        Args:
            H: (rows, hidden) in [0, 1].

        Raises:
            BadInputError: if H has another width than there are hidden units.
        """
        check_is_fitted(self, "machine_")
        h = torch.as_tensor(np.asarray(H), dtype=self._draws.dtype, device=self._draws.device)
        if h.ndim != 2 or h.shape[1] != self.machine_.n_hidden:
            raise BadInputError(
                f"`H` must be (rows, {self.machine_.n_hidden}), got {tuple(h.shape)}"
            )
        mean = self.machine_.units.mean(self.machine_.visible_activation(h))
        array: np.ndarray[Any, Any] = mean.cpu().numpy()
        return array

    def reconstruct(self, X: Any) -> np.ndarray[Any, Any]:
        """Expected visible units given the expected hidden units of each row, (rows, visible)."""
        check_is_fitted(self, "machine_")
        machine = self.machine_

        def back(x: torch.Tensor) -> torch.Tensor:
            return machine.units.mean(machine.visible_activation(machine.hidden_probability(x)))

        return self._by_block(X, back)

    def energy(self, X: Any, H: Any) -> np.ndarray[Any, Any]:
        """Joint energies of visible and hidden units, nats, (rows,).

        Args:
            X: (rows, visible).
            H: (rows, hidden).
        """
        h = torch.as_tensor(np.asarray(H), dtype=self._draws.dtype, device=self._draws.device)
        at = iter(torch.split(h, 8192))
        return self._by_block(X, lambda x: self.machine_.energy(x, next(at)))

    def sample(
        self,
        n_samples: int = 1,
        *,
        n_gibbs_steps: int = 1000,
        method: str = "gibbs",
        random_state: int = 0,
    ) -> np.ndarray[Any, Any]:
        """Draws from the machine, (n_samples, visible).

        Args:
            n_samples: how many.
            n_gibbs_steps: transitions before they are taken; each draw is a chain of its own.
            method: "gibbs", from the persistent chains where learning left some; "pt", parallel
                tempering from independent units, where single chains do not mix.
            random_state: seed.

        Raises:
            UnknownNameError: if there is no such method.
        """
        check_is_fitted(self, "machine_")
        draws = Draws(random_state, self._draws.dtype, self._draws.device)
        if method == "pt":
            path = RestrictedPath(self.machine_, self.base_bias_)
            tempering = Tempering(path, self.n_temperatures, n_samples, draws)
            for _ in range(n_gibbs_steps):
                tempering.step()
            v = tempering.coldest
        elif method == "gibbs":
            v = self._start(n_samples, draws)
            chains = self.learner_.chains
            if chains is not None:
                v = chains[torch.arange(n_samples, device=v.device) % len(chains)].clone()
            v = self.machine_.gibbs(v, draws, n_gibbs_steps)
        else:
            raise UnknownNameError("method", str(method), ("gibbs", "pt"))
        array: np.ndarray[Any, Any] = v.cpu().numpy()
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
        """Rows with their unknown units drawn given the known ones: completing a picture.

        Args:
            X: (rows, visible); what stands in unknown units is not looked at.
            known: (visible,) or (rows, visible) of bool.
            n_gibbs_steps: transitions.
            mean: give the unknown units' expected values of the last transition, not their draws.
            random_state: seed.

        Raises:
            BadInputError: if `known` has the wrong shape.
        """
        check_is_fitted(self, "machine_")
        mask = known_units(known, np.shape(X), self._draws.device)
        filled = np.where(mask.cpu().numpy(), np.asarray(X), 0.0)
        rows = Rows(self._checked(filled, reset=False), self._draws.dtype, self._draws.device)
        draws = Draws(random_state, self._draws.dtype, self._draws.device)
        given = rows.take(slice(0, len(rows)))
        machine, units = self.machine_, self.machine_.units
        start = units.sample(self.base_bias_.repeat(len(given), 1), draws)
        v = torch.where(mask, given, start)
        for step in range(n_gibbs_steps):
            h = draws.bernoulli(machine.hidden_probability(v))
            activation = machine.visible_activation(h)
            last = mean and step == n_gibbs_steps - 1
            drawn = units.mean(activation) if last else units.sample(activation, draws)
            v = torch.where(mask, given, drawn)
        array: np.ndarray[Any, Any] = v.cpu().numpy()
        return array

    def _start(self, count: int, draws: Draws) -> torch.Tensor:
        return self.machine_.units.sample(self.base_bias_.repeat(count, 1), draws)
