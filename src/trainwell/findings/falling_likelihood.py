"""BMN102 falling-likelihood."""

from __future__ import annotations

__all__ = ["FallingLikelihood"]

from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import Finding, frozen
from trainwell.record import Run, Sighting, Undecided


@frozen
class FallingLikelihood(Finding):
    """A Boltzmann machine whose likelihood falls while its pseudo-likelihood looks well.

    What it looks for:
        The exact or bracketed log-likelihood of the training rows, looked at during the fit: how
        far the last value lies below the best one, while the pseudo-likelihood did not fall.

    Why it hurts:
        Chains that stay near the data, because they start there or because they no longer mix,
        never see what the model puts elsewhere, and it grows. Reconstructions and the
        pseudo-likelihood get better all the time, samples get worse.

    When it is not a fault:
        A machine that is only meant to give features, or to be fine-tuned: they may serve as well.
        A fall inside the width of the annealed bracket is not counted.

    Thresholds:
        fall: nats a row, relative to the best likelihood, from which it is reported.
        error_fall: fall from which it is an error.
        brackets: how many widths of the bracket the fall must have.
        looks: how many likelihoods must have been measured.

    Sources:
        Fischer & Igel 2010, "Empirical analysis of the divergence of Gibbs sampling based learning
        algorithms for restricted Boltzmann machines"; Schulz, Müller & Behnke 2010, "Investigating
        convergence of restricted Boltzmann machine learning".
    """

    code: ClassVar[str] = "BMN102"
    slug: ClassVar[str] = "falling-likelihood"
    remedies: ClassVar[tuple[str, ...]] = (
        "temper_chains",
        "lower_learning_rate",
        "keep_chains",
    )

    fall: float = 0.1
    error_fall: float = 0.3
    brackets: float = 3.0
    looks: int = 5

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the fits whose end is worse than an earlier look."""
        for machine in run.machines.values():
            likelihood = run.series("machine", machine.number, "log_likelihood")
            pseudo = run.series("machine", machine.number, "pseudo_likelihood")
            if len(likelihood.values) < self.looks or not pseudo.values:
                if machine.updates and not likelihood.values:
                    yield Undecided(
                        f"the likelihood of `{machine.name}` was not followed: likelihood_every"
                    )
                continue
            best = max(range(len(likelihood.values)), key=likelihood.values.__getitem__)
            high, end = likelihood.values[best], likelihood.values[-1]
            width = (run.series("machine", machine.number, "bracket").values or [0.0])[-1]
            at = likelihood.steps[best]
            then = [v for s, v in zip(pseudo.steps, pseudo.values, strict=True) if s <= at][-1:]
            fell = (high - end) / max(abs(high), 1e-12)
            # Written so that a number that is none is no sighting.
            if not (fell >= self.fall and high - end >= self.brackets * width):
                continue
            if not then or not pseudo.values[-1] >= then[0]:
                continue
            yield Sighting(
                machine.place,
                f"the log-likelihood of `{machine.name}` fell from {high:.4g} at update {at} to "
                f"{end:.4g} nats, while its pseudo-likelihood went from {then[0]:.4g} to "
                f"{pseudo.values[-1]:.4g}",
                at,
                "error" if fell >= self.error_fall else "warning",
                {"best": high, "end": end, "best_update": at, "algorithm": machine.algorithm},
                min(1.0, fell),
            )
