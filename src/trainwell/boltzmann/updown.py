"""Up-down refinement of a deep belief network: contrastive wake-sleep."""

from __future__ import annotations

__all__ = ["untied", "updown"]

from dataclasses import replace

import torch

from trainwell.boltzmann.belief import Belief
from trainwell.boltzmann.draws import Draws
from trainwell.boltzmann.learner import Learner
from trainwell.boltzmann.products import add_outer


def untied(belief: Belief) -> Belief:
    """The network with recognition weights of its own in every directed layer."""
    layers = [replace(layer, down=layer.down.clone()) for layer in belief.layers]
    return Belief(layers, belief.top)


def updown(belief: Belief, learner: Learner, v: torch.Tensor, rate: float, draws: Draws) -> None:
    """One step on a batch, in place.

    The wake phase draws all layers upwards and teaches the generative weights to make each layer
    from the one above; the top machine learns from what arrives there; the sleep phase draws all
    layers downwards from its chains and teaches the recognition weights to find each layer again.

    Args:
        belief: an untied network.
        learner: of its top machine, with persistent chains.
        v: (rows, visible).
        rate: the learning rate.
        draws: the random numbers.

    Sources:
        Hinton, Osindero & Teh 2006, "A fast learning algorithm for deep belief nets", section 5 and
        appendix B.
    """
    states = belief.sample_up(v, draws)
    for layer, lower, upper in zip(belief.layers, states, states[1:], strict=False):
        missing = lower - layer.units.mean(layer.activation(upper))
        add_outer(layer.down, missing, upper, rate=rate / len(v))
        layer.down_bias.add_(missing.mean(0), alpha=rate)
    learner.step(states[-1], rate)
    chains = learner.chains
    assert chains is not None
    upper = chains
    for layer in reversed(belief.layers):
        lower = layer.units.sample(layer.activation(upper), draws)
        missing = upper - layer.recognise(lower)
        add_outer(layer.up, lower, missing, rate=rate / len(upper))
        layer.up_bias.add_(missing.mean(0), alpha=rate)
        upper = lower
