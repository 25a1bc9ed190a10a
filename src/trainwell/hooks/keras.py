"""Keras 3 on its PyTorch backend: what it does without `torch.optim` and `torch.nn.functional`.

Its layers are `nn.Module`s and its training calls `backward()`; its optimizers, losses and the way
in which it names layers and variables are its own. Nothing here imports Keras.
"""

from __future__ import annotations

__all__ = ["KerasOptimizer", "is_layer", "layers_of", "learn", "variables_of"]

import sys
import weakref
from collections.abc import Callable
from typing import Any

import torch

from trainwell.hooks.events import LossCall
from trainwell.hooks.guard import HERE
from trainwell.hooks.identity import IdentityMap
from trainwell.hooks.patch_set import PatchSet

_OPTIMIZERS = "keras.src.optimizers.base_optimizer"
_LOSSES = "keras.src.losses.loss"

_NAMES = {
    "mean_squared_error": "mse_loss",
    "mean_absolute_error": "l1_loss",
    "huber": "huber_loss",
}
"""Losses of Keras that are those of `torch.nn.functional` by another name."""


class KerasOptimizer:
    """An optimizer of Keras, seen as one of PyTorch's.

    Args:
        optimizer: of Keras; it is held weakly.
    """

    def __init__(self, optimizer: Any) -> None:
        self._optimizer = weakref.ref(optimizer)
        self.name = type(optimizer).__name__

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """One group: all trainable variables, with the learning rate of this step."""
        optimizer = self._optimizer()
        if optimizer is None:
            return [{"params": [], "lr": None}]
        tensors = [v._value for v in optimizer._trainable_variables]
        rate = optimizer._get_current_learning_rate()
        return [{"params": tensors, "lr": float(rate)}]

    @property
    def defaults(self) -> dict[str, Any]:
        """The optimizer's settings."""
        optimizer = self._optimizer()
        config = {} if optimizer is None else dict(optimizer.get_config())
        rate = config.pop("learning_rate", None)
        config.pop("name", None)
        return {"lr": rate, **config} if isinstance(rate, (int, float)) else config


def learn(patches: PatchSet, tell: Callable[..., None], stepped: Callable[[Any], None]) -> bool:
    """Let Keras's optimizers and losses be events, too.

    Args:
        patches: takes the functions over.
        tell: publishes an event, by its name.
        stepped: is told of an optimizer that has stepped.

    Returns:
        Whether Keras is there.
    """
    optimizers, losses = sys.modules.get(_OPTIMIZERS), sys.modules.get(_LOSSES)
    base = getattr(optimizers, "BaseOptimizer", None)
    loss = getattr(losses, "Loss", None)
    if base is None or loss is None:
        return False
    views: IdentityMap[Any, KerasOptimizer] = IdentityMap()

    def view(optimizer: Any) -> KerasOptimizer:
        return views.setdefault(optimizer, lambda: KerasOptimizer(optimizer))

    def building(original: Callable[..., None]) -> Callable[..., None]:
        def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807
            original(self, *args, **kwargs)
            if not HERE.own:
                tell("optimizer_built", view(self))

        return __init__

    def applying(original: Callable[..., Any]) -> Callable[..., Any]:
        def apply(self: Any, *args: Any, **kwargs: Any) -> Any:
            result = original(self, *args, **kwargs)
            if not (HERE.own or torch.compiler.is_compiling()):
                stepped(view(self))
            return result

        return apply

    def calling(original: Callable[..., Any]) -> Callable[..., Any]:
        def __call__(  # noqa: N807
            self: Any, y_true: Any, y_pred: Any, sample_weight: Any = None
        ) -> Any:
            if HERE.own or HERE.inside or torch.compiler.is_compiling():
                return original(self, y_true, y_pred, sample_weight)
            HERE.inside = True
            try:
                result = original(self, y_true, y_pred, sample_weight)
            finally:
                HERE.inside = False
            if all(isinstance(v, torch.Tensor) for v in (y_true, y_pred, result)):
                options = {} if sample_weight is None else {"weight": True}
                tell(
                    "loss_called",
                    LossCall(
                        _name(self), (y_pred, y_true), options, result, torch.is_grad_enabled()
                    ),
                )
            return result

        return __call__

    patches.replace(base, "__init__", building)
    patches.replace(base, "apply", applying)
    patches.replace(loss, "__call__", calling)
    return True


def is_layer(module: Any) -> bool:
    """Whether a module is a layer of Keras."""
    return any(kind.__module__.startswith("keras.") for kind in type(module).__mro__)


def layers_of(layer: Any) -> list[tuple[str, Any]]:
    """The layers that a layer of Keras holds, by their own names."""
    held = vars(layer).get("_layers")
    found = [(each.name, each) for each in held or () if isinstance(each, torch.nn.Module)]
    # What it holds for PyTorch's sake is all variables once more, by long names.
    modules = vars(layer).get("_modules", {})
    return found + [(n, m) for n, m in modules.items() if m is not None and n != "_torch_params"]


def variables_of(layer: Any) -> list[tuple[str, torch.Tensor]]:
    """The tensors behind the variables that a layer of Keras holds itself, by their names."""
    found: list[tuple[str, torch.Tensor]] = []
    for name in ("_trainable_variables", "_non_trainable_variables"):
        for variable in vars(layer).get(name) or ():
            value = getattr(variable, "_value", None)
            if isinstance(value, torch.Tensor):
                found.append((str(variable.name), value))
    return found


def _name(loss: Any) -> str:
    """The function of `torch.nn.functional` that a loss of Keras is, or Keras's own name of it."""
    name = getattr(getattr(loss, "fn", None), "__name__", type(loss).__name__)
    options = getattr(loss, "_fn_kwargs", None) or {}
    if name in ("sparse_categorical_crossentropy", "categorical_crossentropy"):
        return "cross_entropy" if options.get("from_logits") else name
    if name == "binary_crossentropy":
        logits = "_with_logits" if options.get("from_logits") else ""
        return f"binary_cross_entropy{logits}"
    return _NAMES.get(name, name)
