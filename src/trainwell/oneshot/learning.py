"""One pretraining under way: network, objective, optimiser, batches, and all of it as tensors."""

from __future__ import annotations

__all__ = ["Learning", "Look"]

import math
from dataclasses import asdict, dataclass
from typing import Any

import torch

from trainwell.errors import TrainwellError
from trainwell.oneshot.batches import Batches
from trainwell.oneshot.objectives import Objective
from trainwell.oneshot.resnet import ResNet

_MOMENTUM = 0.9
_WEIGHT_DECAY = 5e-4
"""Both as He et al. 2016 trained narrow residual networks on CIFAR-10 (section 4.2; 1e-4 there,
5e-4 in Zagoruyko and Komodakis 2016, section 3)."""

_WARM_UP = 0.05
"""Share of the steps in which the rate climbs (Goyal et al. 2017, section 2.2)."""


@dataclass(frozen=True)
class Look:
    """How far pretraining has come.

    Attributes:
        step: steps made.
        loss: mean over the steps since the look before, nats.
        error: share of queries told wrongly in episodes over labels held out; None without any.
        held_out_loss: their cross-entropy, nats.
        cpu_seconds: processor time of this process for the steps and looks so far.
    """

    step: int
    loss: float
    error: float | None
    held_out_loss: float | None
    cpu_seconds: float


class Learning:
    """Steps of stochastic gradient descent with momentum; the rate climbs, then falls as a cosine.

    Args:
        network: what learns.
        objective: its loss.
        batches: what it learns from.
        steps: how many there will be.
        learning_rate: the highest rate.
    """

    def __init__(
        self,
        network: ResNet,
        objective: Objective,
        batches: Batches,
        steps: int,
        learning_rate: float,
    ) -> None:
        self.network, self.objective, self.batches = network, objective, batches
        self.steps, self.learning_rate = steps, learning_rate
        self.optimizer = torch.optim.SGD(
            [*network.parameters(), *objective.parameters()],
            lr=learning_rate,
            momentum=_MOMENTUM,
            weight_decay=_WEIGHT_DECAY,
            nesterov=True,
        )
        self.done = 0
        self.looks: list[Look] = []
        self.best: dict[str, torch.Tensor] | None = None
        self.best_step: int | None = None
        self.stopped = ""
        self.cpu_seconds = 0.0
        self._sum, self._since = 0.0, 0

    def rate(self, step: int) -> float:
        """The learning rate of a step."""
        warm = max(1, round(_WARM_UP * self.steps))
        falling = 0.5 * (1 + math.cos(math.pi * step / self.steps))
        return self.learning_rate * min(1.0, (step + 1) / warm) * falling

    def step(self) -> None:
        """Learn from one batch.

        Raises:
            TrainwellError: if the loss is not finite any more.
        """
        self.network.train()
        batch = self.batches.draw()
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate(self.done)
        self.optimizer.zero_grad()
        place = next(self.network.parameters()).device
        vectors = self.network(batch.pictures.to(place))
        loss = self.objective(vectors, batch.labels.to(place))
        loss.backward()
        self.optimizer.step()
        value = loss.item()
        if not math.isfinite(value):
            raise TrainwellError(
                f"the loss is not finite after {self.done} steps: lower `learning_rate` (now "
                f"{self.learning_rate:g})"
            )
        self.done += 1
        self._sum, self._since = self._sum + value, self._since + 1

    def look(self, found: tuple[float, float] | None) -> Look:
        """Note how far it is; keep the weights if the held-out loss is the lowest so far.

        Args:
            found: error and loss on labels held out.
        """
        error, held_out_loss = found or (None, None)
        mean = self._sum / max(self._since, 1)
        look = Look(self.done, mean, error, held_out_loss, round(self.cpu_seconds, 2))
        self._sum, self._since = 0.0, 0
        lowest = min(
            (k.held_out_loss for k in self.looks if k.held_out_loss is not None), default=None
        )
        if held_out_loss is not None and (lowest is None or held_out_loss < lowest):
            self.best = {k: v.clone() for k, v in self.network.state_dict().items()}
            self.best_step = self.done
        self.looks.append(look)
        return look

    def waited(self) -> int:
        """Looks since the best one."""
        return sum(look.step > (self.best_step or 0) for look in self.looks)

    def restore_best(self) -> None:
        """Go back to the weights of the best look, if there was one."""
        if self.best is not None:
            self.network.load_state_dict(self.best)

    def state(self) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
        """All that going on needs: tensors, and what JSON holds."""
        tensors = {f"network.{k}": v for k, v in self.network.state_dict().items()}
        tensors |= {f"objective.{k}": v for k, v in self.objective.state_dict().items()}
        tensors["random"] = self.batches.random.get_state()
        for number, kept in self.optimizer.state_dict()["state"].items():
            if kept.get("momentum_buffer") is not None:
                tensors[f"momentum.{number}"] = kept["momentum_buffer"]
        if self.best is not None:
            tensors |= {f"best.{k}": v for k, v in self.best.items()}
        facts = {
            "done": self.done,
            "looks": [asdict(look) for look in self.looks],
            "best_step": self.best_step,
            "stopped": self.stopped,
            "cpu_seconds": self.cpu_seconds,
            "since": [self._sum, self._since],
        }
        return tensors, facts

    def restore(self, tensors: dict[str, torch.Tensor], facts: dict[str, Any]) -> None:
        """Go on where `state` was taken.

        Raises:
            KeyError, RuntimeError: if they are another network's.
        """

        def under(prefix: str) -> dict[str, torch.Tensor]:
            return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}

        self.network.load_state_dict(under("network."))
        self.objective.load_state_dict(under("objective."))
        self.batches.random.set_state(tensors["random"])
        plain = self.optimizer.state_dict()
        plain["state"] = {int(k): {"momentum_buffer": v} for k, v in under("momentum.").items()}
        self.optimizer.load_state_dict(plain)
        self.best = under("best.") or None
        self.done, self.best_step = facts["done"], facts["best_step"]
        self.looks = [Look(**look) for look in facts["looks"]]
        self.stopped, self.cpu_seconds = facts["stopped"], facts["cpu_seconds"]
        self._sum, self._since = facts["since"]
