"""What happens in a script, as the hook layer tells it: events, and who listens to them."""

from __future__ import annotations

__all__ = ["Backward", "Listener", "LossCall"]

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

from trainwell.hooks.guard import Guard


@dataclass(slots=True)
class Backward:
    """A backward pass of the script's own.

    Attributes:
        roots: the tensors that it starts from.
        inputs: the tensors whose gradients `torch.autograd.grad` was asked for; None for
            `torch.autograd.backward`, which leaves them in `.grad`.
        creates_graph: called with `create_graph=True`.
        only: the tensors that `torch.autograd.backward` was told to fill the gradients of, by its
            argument `inputs`; None where it fills those of all leaves.
        gradients: what `torch.autograd.grad` returned, when it has ended.
        objective: number of the objective, as soon as the probe knows it.
    """

    roots: tuple[torch.Tensor, ...]
    inputs: tuple[torch.Tensor, ...] | None
    creates_graph: bool
    only: tuple[torch.Tensor, ...] | None = None
    gradients: tuple[torch.Tensor | None, ...] | None = None
    objective: int | None = None


@dataclass(slots=True)
class LossCall:
    """A loss function was called.

    Attributes:
        name: its name in `torch.nn.functional`.
        args: its positional arguments, as the script gave them.
        kwargs: its keyword arguments.
        result: what it returned.
        gradients: gradients were on.
    """

    name: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    result: Any
    gradients: bool

    @property
    def prediction(self) -> Any:
        """The first argument."""
        return self.args[0] if self.args else self.kwargs.get("input", self.kwargs.get("anchor"))

    @property
    def target(self) -> Any:
        """The second argument; None where there is none."""
        return self.args[1] if len(self.args) > 1 else self.kwargs.get("target")


class Listener:
    """Hears of events; the methods that a subclass overrides are called, through its guard.

    Nothing that they return reaches the script, and nothing that they raise. The two `quick_...`
    methods are the exception: they see every step, and run without the guard's protection from the
    script's modes; they must do little, and say False where there is more to do.

    Attributes:
        guard: runs all of its methods.
    """

    guard: Guard

    def quick_loss(self, name: str, args: tuple[Any, ...], result: torch.Tensor) -> bool:
        """A loss function was called; True: it is dealt with."""
        return False

    def quick_backward(self, root: Any) -> bool:
        """A backward begins; True: it is dealt with, and so is its end."""
        return False

    def quick_backward_ended(self) -> None:
        """The backward ended that `quick_backward` has dealt with."""

    def backward_begins(self, event: Backward) -> None:
        """A backward begins; its graph is still there."""

    def backward_ends(self, event: Backward) -> None:
        """A backward has ended well."""

    def loss_called(self, event: LossCall) -> None:
        """A loss function of `torch.nn.functional` has returned."""

    def values_dropped(
        self, function: str, probability: float, explicit: bool, gradients: bool
    ) -> None:
        """A function of `torch.nn.functional` drops values at random.

        Args:
            function: its name.
            probability: of a value to be dropped.
            explicit: the call itself says that it is training.
            gradients: they are on; of these calls only some are told.
        """

    def module_built(self, module: nn.Module) -> None:
        """`nn.Module.__init__` has run; the subclass's own `__init__` has not."""

    def module_called(self, module: nn.Module, args: tuple[Any, ...], gradients: bool) -> None:
        """A module is called, while `Hooks.watch_modules` asks for it."""

    def module_returned(self, module: nn.Module, output: Any, gradients: bool) -> None:
        """A module has returned; `output` is None when it raised."""

    def optimizer_built(self, optimizer: Optimizer) -> None:
        """`Optimizer.__init__` has run; the subclass's own `__init__` has not."""

    def optimizer_steps(self, optimizer: Optimizer) -> None:
        """`optimizer.step()` begins; with a closure the gradients are still to come."""

    def gradients_used(self, optimizer: Optimizer) -> None:
        """The same without a closure, while `Hooks.watch_steps` asks for it."""

    def optimizer_stepped(self, optimizer: Optimizer) -> None:
        """`optimizer.step()` has ended."""

    def loader_built(self, thing: Any) -> None:
        """A `DataLoader` or a `WeightedRandomSampler` was built."""

    def rows_drawn(self, iterator: Any, index: Any) -> None:
        """A sampler has chosen the rows of a `DataLoader`'s next batch."""

    def scheduler_built(self, scheduler: Any) -> None:
        """A scheduler of `torch.optim.lr_scheduler` has been constructed."""

    def scheduler_stepped(self, scheduler: Any, metric: Any) -> None:
        """`scheduler.step(metric)` has ended; it runs without the guard, like `quick_loss`."""

    def gradients_clipped(self, function: str, limit: Any, norm: Any) -> None:
        """A function of `torch.nn.utils` has clipped gradients; it runs without the guard.

        `norm` is what it returned: the norm before, or None.
        """

    def state_taken(self, module: nn.Module, state: Any) -> None:
        """`module.state_dict()` has returned."""

    def state_loaded(self, module: nn.Module, state: Any, result: Any) -> None:
        """`module.load_state_dict(state)` has ended well."""

    def initialised(self, tensor: Any) -> None:
        """`torch.nn.init` has filled a tensor, or `Module.apply` has ended (None).

        Told while `Hooks.wants_initialisations` asks for it.
        """

    def file_read(self, content: Any) -> None:
        """`torch.load` has returned."""

    def file_written(self, content: Any) -> None:
        """`torch.save` has ended."""

    def batch_read(self, iterator: Any, batch: Any, began: float, ended: float) -> None:
        """An iterator of a `DataLoader` has made a batch, between these times in seconds."""

    def loader_ended(self, iterator: Any) -> None:
        """An iterator of a `DataLoader` has no more batches."""

    def gradients_off(self) -> None:
        """`torch.no_grad` or `torch.inference_mode` begins."""

    def gradients_on(self) -> None:
        """`torch.no_grad` or `torch.inference_mode` ends."""

    def compiles(self, target: Any) -> None:
        """`torch.compile` is called on something."""

    def loss_scaled(self, scaler: Any, result: torch.Tensor) -> None:
        """A gradient scaler has multiplied a loss."""

    def tensor_hooked(self) -> None:
        """The script registers a hook on the result of an operation, or keeps its gradient."""

    def tensors_packed(self) -> None:
        """The script begins to pack saved tensors by hooks of its own."""

    def tensors_plain(self) -> None:
        """No hook packs saved tensors any more."""
