"""Deep belief networks that classify and regress: trained without labels, then fine-tuned."""

from __future__ import annotations

__all__ = ["DBNClassifier", "DBNRegressor"]

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import torch
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data
from torch import nn
from torch.nn.functional import cross_entropy, mse_loss

from trainwell.boltzmann.data import BadDataError, Rows, TargetRows, batch_of, check_rows
from trainwell.boltzmann.dbn import DBN
from trainwell.boltzmann.draws import Draws
from trainwell.boltzmann.estimator import tensor_dtype
from trainwell.boltzmann.modules import encoder, enlivened, finetune, output_layer, untrained
from trainwell.errors import BadInputError

_BLOCK = 8192
_SAMPLE = 2048


class _Supervised(BaseEstimator):  # type: ignore[misc]
    """What both share: pre-training, an output layer, fine-tuning."""

    _loss: Any

    def __init__(
        self,
        layers: Sequence[int] = (500, 500, 2000),
        *,
        visible: str = "bernoulli",
        pretrain: bool = True,
        n_iter: int = 10,
        learning_rate: float | str = "auto",
        batch_size: int | str = "auto",
        finetune_iter: int = 30,
        finetune_learning_rate: float = 3e-3,
        finetune_batch_size: int | str = "auto",
        dropout: float = 0.0,
        input_dropout: float = 0.0,
        weight_decay: float = 0.0,
        dtype: str = "float32",
        device: str = "cpu",
        verbose: bool = False,
        random_state: int | None = None,
    ) -> None:
        self.layers = layers
        self.visible = visible
        self.pretrain = pretrain
        self.n_iter = n_iter
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.finetune_iter = finetune_iter
        self.finetune_learning_rate = finetune_learning_rate
        self.finetune_batch_size = finetune_batch_size
        self.dropout = dropout
        self.input_dropout = input_dropout
        self.weight_decay = weight_decay
        self.dtype = dtype
        self.device = device
        self.verbose = verbose
        self.random_state = random_state

    @abstractmethod
    def _targets(self, y: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """(rows, targets) numbers that the loss takes; learns what it needs of y."""

    @abstractmethod
    def _outputs(self) -> int:
        """Units of the output layer."""

    def fit(self, X: Any, y: Any, *, unlabelled: Any = None) -> Self:
        """Pre-train on rows without their labels, then fine-tune the whole on rows with labels.

        Args:
            X: (rows, columns), dense, memory-mapped or sparse.
            y: the rows' targets.
            unlabelled: more rows for pre-training, or None.

        Raises:
            BadDataError: if X or `unlabelled` does not fit the units, or y does not fit the task.
            BadInputError: if a parameter is out of its range.
        """
        for name in ("dropout", "input_dropout"):
            if not 0 <= getattr(self, name) < 1:
                raise BadInputError(f"`{name}` must be in [0, 1), got {getattr(self, name)}")
        batch_of(self.finetune_batch_size, 1, "finetune_batch_size")
        X, y = self._checked(X, y)
        targets = self._targets(y)
        seed = check_random_state(self.random_state).randint(2**31 - 1)
        draws = Draws(seed, tensor_dtype(self.dtype), self.device)
        if self.pretrain:
            self.dbn_ = self._dbn(seed % 2**30).fit(X if unlabelled is None else unlabelled)
            if self.dbn_.n_features_in_ != self.n_features_in_:
                raise BadDataError(
                    f"`unlabelled` has {self.dbn_.n_features_in_} columns, "
                    f"and `X` has {self.n_features_in_}"
                )
            belief = self.dbn_.belief_
            weights = [(layer.up, layer.up_bias) for layer in belief.layers]
            weights.append((belief.top.weights, belief.top.hidden_bias))
            seen = X if unlabelled is None else self.dbn_._checked(unlabelled, reset=False)
            sample = Rows(seen, draws.dtype, draws.device).some(_SAMPLE, Draws(seed))
            weights = enlivened(weights, sample)
        else:
            weights = untrained([X.shape[1], *self.layers], draws)
        output = output_layer(self.layers[-1], self._outputs(), draws)
        layers = encoder(weights, self.dropout, self.input_dropout)
        self.module_ = nn.Sequential(*layers, output)
        rows = TargetRows(Rows(X, draws.dtype, draws.device), targets)
        self.history_ = finetune(
            self.module_,
            rows,
            lambda batch: (batch[:, : X.shape[1]], batch[:, X.shape[1] :]),
            self._loss,
            n_iter=self.finetune_iter,
            batch_size=self.finetune_batch_size,
            learning_rate=self.finetune_learning_rate,
            weight_decay=self.weight_decay,
            draws=draws,
        )
        self.n_iter_ = len(self.history_)
        return self

    def _dbn(self, seed: int) -> DBN:
        return DBN(
            self.layers,
            visible=self.visible,
            n_iter=self.n_iter,
            learning_rate=self.learning_rate,
            batch_size=self.batch_size,
            dtype=self.dtype,
            device=self.device,
            verbose=self.verbose,
            random_state=seed,
        )

    def _checked(self, X: Any, y: Any) -> tuple[Any, Any]:
        try:
            X, y = validate_data(
                self,
                X,
                y,
                accept_sparse="csr",
                dtype="numeric",
                multi_output=isinstance(self, RegressorMixin),
                y_numeric=isinstance(self, RegressorMixin),
            )
        except ValueError as error:
            raise BadDataError(str(error)) from error
        check_rows(X, self.visible)
        return X, y

    def _forward(self, X: Any) -> torch.Tensor:
        """The output units of each row, (rows, outputs)."""
        check_is_fitted(self, "module_")
        try:
            X = validate_data(self, X, reset=False, accept_sparse="csr", dtype="numeric")
        except ValueError as error:
            raise BadDataError(str(error)) from error
        check_rows(X, self.visible)
        parameter = next(self.module_.parameters())
        rows = Rows(X, parameter.dtype, parameter.device)
        with torch.no_grad():
            blocks = [
                self.module_(rows.take(slice(first, first + _BLOCK)))
                for first in range(0, len(rows), _BLOCK)
            ]
        return torch.cat(blocks).cpu()

    def to_module(self) -> nn.Sequential:
        """The whole as a plain module in evaluation mode: linear layers and sigmoids.

        It is the estimator's own; training it further trains the estimator. A classifier's outputs
        are logits, a regressor's are standardised by the training targets.
        """
        check_is_fitted(self, "module_")
        return self.module_

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


class DBNClassifier(ClassifierMixin, _Supervised):  # type: ignore[misc]
    """A deep belief network that classifies.

    Args:
        layers: hidden units, the lowest layer first.
        visible: "bernoulli" (data in [0, 1]) or "gaussian" (standardised data).
        pretrain: train a `DBN` first; False: the same network, initialised at random.
        n_iter, learning_rate, batch_size: of pre-training, as in `DBN`.
        finetune_iter: epochs of back-propagation through the whole.
        finetune_learning_rate: of Adam at the start; falls to 0.
        finetune_batch_size: rows of a batch; "auto": a hundredth of the rows, from 10 to 100.
        dropout: share of every hidden layer that is dropped in fine-tuning.
        input_dropout: share of the inputs that is dropped in fine-tuning; 0.2 with `dropout` 0.5,
            Hinton et al. 2012, "Improving neural networks by preventing co-adaptation of feature
            detectors".
        weight_decay: of fine-tuning, decoupled.
        dtype, device, verbose, random_state: as in `RBM`.

    Attributes:
        classes_: the labels.
        dbn_: the pre-trained `DBN`.
        module_: the fine-tuned network.
        history_: the loss of each epoch of fine-tuning.

    Example:
        >>> import numpy as np
        >>> rows = np.eye(4)[[0, 1, 2, 3] * 10]
        >>> classifier = DBNClassifier((8,), n_iter=2, finetune_learning_rate=0.1, random_state=0)
        >>> classifier.fit(rows, ["even", "odd"] * 20).predict(np.eye(4)).tolist()
        ['even', 'odd', 'even', 'odd']

    Sources:
        Hinton & Salakhutdinov 2006, "Reducing the dimensionality of data with neural networks".
    """

    @staticmethod
    def _loss(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        return cross_entropy(outputs, targets[:, 0].long())

    def _targets(self, y: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        try:
            check_classification_targets(y)
        except ValueError as error:
            raise BadDataError(str(error)) from error
        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise BadDataError(f"`y` must hold two classes or more, got {len(self.classes_)} class")
        return codes.reshape(-1, 1).astype(np.float64)

    def _outputs(self) -> int:
        return len(self.classes_)

    def predict_proba(self, X: Any) -> np.ndarray[Any, Any]:
        """p(label | row), (rows, classes)."""
        array: np.ndarray[Any, Any] = self._forward(X).double().softmax(1).numpy()
        return array

    def predict(self, X: Any) -> np.ndarray[Any, Any]:
        """The most probable label of each row, (rows,)."""
        best = self._forward(X).argmax(1).numpy()
        labels: np.ndarray[Any, Any] = self.classes_[best]
        return labels


class DBNRegressor(RegressorMixin, _Supervised):  # type: ignore[misc]
    """A deep belief network that regresses; targets are standardised inside.

    Args:
        layers: hidden units, the lowest layer first.
        visible: "bernoulli" (data in [0, 1]) or "gaussian" (standardised data).
        pretrain: train a `DBN` first; False: the same network, initialised at random.
        n_iter, learning_rate, batch_size: of pre-training, as in `DBN`.
        finetune_iter: epochs of back-propagation through the whole.
        finetune_learning_rate: of Adam at the start; falls to 0.
        finetune_batch_size: rows of a batch; "auto": a hundredth of the rows, from 10 to 100.
        dropout: share of every hidden layer that is dropped in fine-tuning.
        input_dropout: share of the inputs that is dropped in fine-tuning; 0.2 with `dropout` 0.5,
            Hinton et al. 2012, "Improving neural networks by preventing co-adaptation of feature
            detectors".
        weight_decay: of fine-tuning, decoupled.
        dtype, device, verbose, random_state: as in `RBM`.

    Attributes:
        dbn_: the pre-trained `DBN`.
        module_: the fine-tuned network; its outputs are standardised targets.
        history_: the loss of each epoch of fine-tuning.

    Example:
        >>> import numpy as np
        >>> rows = np.eye(4)[[0, 1, 2, 3] * 10]
        >>> regressor = DBNRegressor((8,), finetune_learning_rate=0.1, random_state=0)
        >>> regressor.fit(rows, [1.0, 2.0, 3.0, 4.0] * 10).score(rows, [1, 2, 3, 4] * 10) > 0.9
        True
    """

    @staticmethod
    def _loss(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        return mse_loss(outputs, targets)

    def _targets(self, y: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        self._flat = y.ndim == 1
        table = y.reshape(len(y), -1).astype(np.float64)
        self._centre = table.mean(0)
        spread = table.std(0)
        # A constant target is its mean.
        self._spread = np.where(spread > 0, spread, 1.0)
        standardised: np.ndarray[Any, Any] = (table - self._centre) / self._spread
        return standardised

    def _outputs(self) -> int:
        return len(self._centre)

    def predict(self, X: Any) -> np.ndarray[Any, Any]:
        """The targets of each row, (rows,) or (rows, targets) as in `fit`."""
        standardised = self._forward(X).double().numpy()
        values = standardised * self._spread + self._centre
        result: np.ndarray[Any, Any] = values[:, 0] if self._flat else values
        return result

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
