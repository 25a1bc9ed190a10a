"""`pretrain`: an embedder of pictures, learned from labels other than those to be recognised."""

from __future__ import annotations

__all__ = ["pretrain"]

import hashlib
import os
import time
import warnings
from collections.abc import Sequence
from typing import Any

import torch

from trainwell.errors import BadInputError
from trainwell.oneshot.augmentation import TURNS, Augmentation
from trainwell.oneshot.batches import Batches
from trainwell.oneshot.checkpoints import load_checkpoint, save_checkpoint
from trainwell.oneshot.cohort_vectors import cohort_of
from trainwell.oneshot.held_out import HeldOut, split
from trainwell.oneshot.labelled import Labelled, labelled
from trainwell.oneshot.learning import Learning
from trainwell.oneshot.network import NetworkEmbedder
from trainwell.oneshot.objectives import Objective
from trainwell.oneshot.preparation import Preparation
from trainwell.oneshot.resnet import ResNet
from trainwell.oneshot.watched import watched
from trainwell.progress import Advance, shown

_LOOKS = 20
"""How often the labels held out are looked at, and a checkpoint is written."""


def pretrain(
    data: Any,
    labels: Any = None,
    *,
    preparation: Preparation | None = None,
    widths: Sequence[int] = (32, 64, 96),
    blocks: int = 1,
    grid: int = 4,
    objective: str = "episodes",
    turns: int = TURNS,
    augmentation: Augmentation | None = None,
    steps: int = 2400,
    batch_size: int = 128,
    learning_rate: float = 0.1,
    held_out: float | Sequence[str] = 0.1,
    patience: int = 6,
    checkpoint: str | os.PathLike[str] | None = None,
    device: str | torch.device = "cpu",
    seed: int = 0,
    verbose: bool = False,
    name: str = "network",
) -> NetworkEmbedder:
    """An embedder of pictures, learned from pictures of other labels.

    Each batch holds two pictures of each of its labels, changed at random. The weights with the
    lowest loss on the labels held out are kept. Ctrl-C ends it early and keeps the embedder.

    The random numbers of torch are left as they are; the same seed gives the same weights on the
    same machine. A probe that is attached (`trainwell run`, `trainwell.watch`) sees the training;
    without one it is watched all the same, and `embedder.record` holds what was seen.

    Args:
        data: a folder of folders of pictures (each folder is a label), an array of pictures
            (n, height, width), (n, height, width, channels) or (n, channels, height, width), or
            a dataset of torch whose items begin with a picture and its label.
        labels: one a picture, beside an array.
        preparation: what is done to pictures before the network, then and later; by default what
            suits drawings in one colour on another.
        widths: channels of the network's groups of blocks.
        blocks: residual blocks of each group.
        grid: parts of the picture, each way, that the vector describes one by one: its width is
            widths[-1] times the square of this.
        objective: "episodes" (prototypical), "classification" (cosine softmax) or "both".
        turns: 8 makes the quarter turns of a picture and their mirror images labels of their own,
            4 the turns only, 1 neither: take 1 where a turned picture shows the same thing.
        augmentation: how pictures are changed at random.
        steps: batches to learn from.
        batch_size: pictures in a batch, two a label.
        learning_rate: the highest; it climbs to it and falls again as a cosine.
        held_out: share of the labels whose episodes tell when to stop, or the beginnings of their
            names; 0 for none, and then all steps are made.
        patience: looks (20 in all) without a lower held-out loss before it stops.
        checkpoint: a file that is written at every look. If it is there, pretraining goes on from
            it, and ends with the same weights as without the interruption.
        device: where the network learns; it is on the CPU afterwards.
        seed: of all random numbers.
        verbose: draw a progress bar on standard error.
        name: what the embedder is called in messages.

    Returns:
        The embedder, with its preparation and its cohort: vectors of the labels held out, or of
        those learned where none were. `embedder.looks` says how it went.

    Raises:
        BadInputError: if the data hold fewer than two labels with two pictures each, a picture
            cannot be read, an argument is out of its range, or the checkpoint is of another
            pretraining.
        TrainwellError: if the loss becomes infinite or NaN.
    """
    preparation = preparation or Preparation()
    augmentation = augmentation or Augmentation()
    _check_counts(
        steps=steps,
        batch_size=batch_size,
        patience=patience,
        blocks=blocks,
        grid=grid,
        widths=min(widths, default=0),
    )
    if turns not in (1, 4, TURNS):
        raise BadInputError(f"`turns` must be 1, 4 or {TURNS}, got {turns}")
    if not learning_rate > 0:
        raise BadInputError(f"`learning_rate` must be above 0, got {learning_rate}")
    with shown("reading pictures", wanted=verbose) as advance:
        every = labelled(data, labels, preparation, advance)
    random = torch.Generator().manual_seed(seed)
    learned, kept_back = split(every, held_out, random)
    episodes = HeldOut(kept_back, random) if kept_back is not None else None
    batches = Batches(learned, preparation, augmentation, turns, batch_size, random)
    with torch.random.fork_rng([]):
        torch.manual_seed(seed)
        network = ResNet(preparation.channels, widths, blocks, grid)
        loss = Objective(objective, batches.labels, network.width)
    learning = Learning(network.to(device), loss.to(device), batches, steps, learning_rate)
    facts = {
        "preparation": preparation.settings(),
        "network": {"widths": list(widths), "blocks": blocks, "grid": grid},
        "objective": objective,
        "turns": turns,
        "augmentation": augmentation.settings(),
        "steps": steps,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "held_out": held_out if isinstance(held_out, str | int | float) else list(held_out),
        "patience": patience,
        "seed": seed,
        "pictures": _digest(every),
    }
    path = None if checkpoint is None else os.fspath(checkpoint)
    if path is not None and os.path.exists(path):
        _resume(path, learning, facts)
    embedder = NetworkEmbedder(network, preparation, augmentation, name=name)
    with watched(network) as record, shown("learning", wanted=verbose) as advance:
        _learn(learning, embedder, episodes, patience, path, facts, advance)
    learning.restore_best()
    network.to("cpu").eval()
    _round(network)
    # With a generator of its own: one that was resumed draws the same.
    shuffled = torch.Generator().manual_seed(seed)
    cohort = cohort_of(kept_back or learned, embedder.vectors_of, shuffled)
    embedder = NetworkEmbedder(network, preparation, augmentation, cohort, name=name)
    embedder.looks = tuple(learning.looks)
    embedder.record = record
    return embedder


def _learn(
    learning: Learning,
    embedder: NetworkEmbedder,
    episodes: HeldOut | None,
    patience: int,
    path: str | None,
    facts: dict[str, Any],
    advance: Advance,
) -> None:
    """All steps that are left, or until it does not get better, or Ctrl-C."""
    every = max(1, learning.steps // _LOOKS)
    told = ""
    began = time.process_time() - learning.cpu_seconds
    try:
        while learning.done < learning.steps and not learning.stopped:
            learning.step()
            if learning.done % every == 0 or learning.done == learning.steps:
                found = None if episodes is None else episodes.look(embedder.vectors_of)
                learning.cpu_seconds = time.process_time() - began
                look = learning.look(found)
                told = f"loss {look.loss:.3f}"
                if look.error is not None:
                    told += f", error on new labels {100 * look.error:.1f}%"
                    if learning.waited() >= patience:
                        learning.stopped = "early stopping"
                if path is not None:
                    tensors, state = learning.state()
                    save_checkpoint(path, tensors, {"plan": facts, "state": state})
            advance(learning.done, learning.steps, told)
    except KeyboardInterrupt:
        # What was done since the last look is made again after it: a step may be half done here.
        kept = path is not None and os.path.exists(path)
        resumes = f"; the same call goes on from `{path}`" if kept else ""
        warnings.warn(
            f"pretraining was interrupted after {learning.done} of {learning.steps} steps; the "
            f"embedder is kept{resumes}",
            stacklevel=3,
        )


def _resume(path: str, learning: Learning, facts: dict[str, Any]) -> None:
    tensors, found = load_checkpoint(path)
    before = found.get("plan", {})
    other = [key for key, value in facts.items() if before.get(key) != value]
    if other:
        key = other[0]
        was = "other pictures" if key == "pictures" else f"`{key}={before.get(key)}`"
        raise BadInputError(
            f"`{path}` is the checkpoint of another pretraining, with {was}: name another file, "
            "or remove it"
        )
    try:
        learning.restore(tensors, found["state"])
    except (KeyError, TypeError, RuntimeError, ValueError) as error:
        raise BadInputError(f"`{path}` is damaged: {error}") from error


def _digest(data: Labelled) -> str:
    digest = hashlib.sha256(repr(data.names).encode())
    digest.update(data.labels.numpy().tobytes())
    digest.update(data.pictures.numpy().tobytes())
    return digest.hexdigest()


def _round(network: ResNet) -> None:
    """Half precision for what is large, so that the embedder is the same after `save`."""
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.dim() > 1:
                parameter.copy_(parameter.half().float())


def _check_counts(**counts: int) -> None:
    for key, value in counts.items():
        low = 4 if key == "batch_size" else 1
        if int(value) != value or value < low:
            raise BadInputError(f"`{key}` must be a whole number from {low} on, got {value}")
