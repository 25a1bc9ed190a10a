"""MOD101 training-mode-at-evaluation."""

from __future__ import annotations

__all__ = ["TrainingModeAtEvaluation"]

from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import Network, Place, Run, Sighting, Undecided


@frozen
class TrainingModeAtEvaluation(Finding):
    """A network evaluated in training mode, with dropout or batch statistics at work.

    What it looks for:
        Forward passes without gradients of a network that is being trained, with Dropout or batch
        norm layers in training mode.

    Why it hurts:
        Dropout makes the answers random and weaker; batch norm mixes the examples of a batch, and
        moves its running statistics towards the evaluation data. The figures are wrong, and early
        stopping acts on noise.

    When it is not a fault:
        Monte Carlo dropout on purpose; data made by one network for the training of another (GANs,
        teachers), which is told apart by whether the next backward trains the same network.

    Thresholds:
        share: share of the evaluation passes in training mode from which it is reported.

    Sources:
        Srivastava et al. 2014, "Dropout", section 4 on test time; Ioffe & Szegedy 2015, section
        3.1 on inference.
    """

    code: ClassVar[str] = "MOD101"
    slug: ClassVar[str] = "training-mode-at-evaluation"
    confidence: ClassVar[float] = 0.95
    remedies: ClassVar[tuple[str, ...]] = ("evaluate_in_eval_mode",)
    causes: ClassVar[tuple[str, ...]] = ("overfitting", *SYMPTOMS)

    share: float = 0.5

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the networks."""
        for network in run.networks.values():
            counts = network.evaluation_forwards
            total, wrong = sum(counts.values()), counts.get("train", 0)
            if not wrong or wrong < self.share * total:
                continue
            functional = _functional_dropout(run, network)
            if not network.dropout and not network.batch_norm and not functional:
                continue
            place = network.evaluation_place or network.place
            parts = []
            if network.dropout:
                first, p = next(iter(network.dropout.items()))
                parts.append(f"{len(network.dropout)} dropout layers (`{first}`, p={p:g})")
            if functional and not network.dropout:
                parts.append(f"{functional} calls of dropout")
            if network.batch_norm:
                parts.append(f"{len(network.batch_norm)} batch norm layers")
            yield Sighting(
                Place(place.layer, place.file, place.line, place.code),
                f"{network.name} is evaluated in training mode ({wrong} of {total} passes looked "
                f"at), with {' and '.join(parts)} at work",
                0,
                "error",
                {"training_mode": wrong, "passes": total},
                0.5,
            )


def _functional_dropout(run: Run, network: Network) -> int:
    """Calls of `torch.nn.functional.dropout` in the graphs of a network.

    Those of an `nn.Dropout` outside of the network follow that module's own mode.
    """
    objectives = {o.number for o in run.objectives.values() if network.number in o.networks}
    return sum(
        o.kind == "dropout" and o.objective in objectives and not o.details.get("by_module")
        for o in run.operations.values()
    )
