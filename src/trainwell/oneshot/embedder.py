"""What an embedder is: examples in, vectors out, with its preprocessing and its weights."""

from __future__ import annotations

__all__ = ["EMBEDDERS", "JSON", "Embedder", "embedder_named", "embedder_of", "rebuild"]

import hashlib
import importlib
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self, TypeAlias, cast

import numpy as np
import torch
from numpy.typing import NDArray

from trainwell.errors import BadInputError, UnknownNameError

JSON: TypeAlias = "None | bool | int | float | str | list[JSON] | dict[str, JSON]"


class Embedder(ABC):
    """Turns examples into vectors in which examples of one label lie together.

    Its preprocessing belongs to it: an example is what the user has (the path of a picture, a
    text, an array), and `settings` and `weights` are all that it takes to build it again.

    A subclass writes `_vectors`; one that `load` can build again also has its line in `EMBEDDERS`,
    `settings`, `weights` and `from_saved`.

    Attributes:
        kind: its name in `EMBEDDERS`; "" where only the user can build it again.
        medium: what its examples are: "pictures", "sounds", "texts" or "arrays". The command line
            reads files by it.
        name: what it is called in messages.
        batch_size: examples that are embedded at once.
    """

    kind: ClassVar[str] = ""
    medium: ClassVar[str] = "arrays"

    def __init__(self, name: str, *, batch_size: int = 64) -> None:
        if batch_size < 1:
            raise BadInputError(f"`batch_size` must be at least 1, got {batch_size}")
        self.name = name
        self.batch_size = batch_size

    @abstractmethod
    def _vectors(self, examples: Sequence[Any]) -> Any:
        """Vectors of one batch: (examples, width), an array or a tensor on any device.

        A network is asked inside of `trainwell.oneshot.stillness.still`, which restores its mode
        and the random numbers.
        """

    def embed(self, examples: Sequence[Any]) -> NDArray[np.float32]:
        """The vectors of examples, batch by batch.

        Args:
            examples: any number of what this embedder takes.

        Returns:
            (examples, width), float32, finite.

        Raises:
            BadInputError: if an example cannot be read or does not fit, or what comes out is no
                table of finite numbers.
        """
        parts: list[NDArray[np.float32]] = []
        for first in range(0, len(examples), self.batch_size):
            batch = examples[first : first + self.batch_size]
            vectors = self._vectors(batch)
            if isinstance(vectors, torch.Tensor):
                vectors = vectors.detach().float().cpu().numpy()
            parts.append(self._checked(vectors, len(batch)))
            if parts[0].shape[1] != parts[-1].shape[1]:
                raise BadInputError(
                    f"the embedder `{self.name}` gave vectors of width {parts[0].shape[1]}, and "
                    f"then of width {parts[-1].shape[1]}"
                )
        if not parts:
            raise BadInputError(f"the embedder `{self.name}` was given no examples")
        return np.concatenate(parts) if len(parts) > 1 else parts[0]

    def _checked(self, vectors: Any, count: int) -> NDArray[np.float32]:
        try:
            table = np.ascontiguousarray(vectors, dtype=np.float32)
        except (TypeError, ValueError) as error:
            raise BadInputError(
                f"the embedder `{self.name}` must give numbers, got {type(vectors).__name__}"
            ) from error
        if table.ndim != 2 or len(table) != count or not table.shape[1]:
            raise BadInputError(
                f"the embedder `{self.name}` must give ({count}, width) for {count} "
                f"{'example' if count == 1 else 'examples'}, got {tuple(table.shape)}"
            )
        bad = ~np.isfinite(table).all(axis=1)
        if bad.any():
            raise BadInputError(
                f"the embedder `{self.name}` gave NaN or infinity for {int(bad.sum())} of {count} "
                f"{'example' if count == 1 else 'examples'}"
            )
        return table

    def views(self, example: Any, count: int, random: np.random.Generator) -> list[Any]:
        """An example and slightly changed copies of it, for augmentation at test time.

        Args:
            example: what `embed` takes one of.
            count: how many to return, the unchanged example among them.
            random: where their differences come from.

        Raises:
            BadInputError: if this embedder knows no changes that keep a label.
        """
        del example, count, random
        raise BadInputError(
            f"the embedder `{self.name}` has no views: `views` of the classifier must be 1, "
            "or a function from an example to a list of them"
        )

    def cohort(self) -> tuple[NDArray[np.float32], NDArray[np.int64]] | None:
        """Vectors (examples, width) and label numbers (examples,) of labels it was trained on.

        They tell what similarity means: thresholds and probabilities come from them, so that one
        example of a new label is enough. None where it brings none along.
        """
        return None

    def settings(self) -> dict[str, JSON]:
        """All that `from_saved` needs beside the weights."""
        return {"name": self.name, "batch_size": self.batch_size}

    def weights(self) -> dict[str, torch.Tensor]:
        """The tensors that `from_saved` needs."""
        return {}

    @classmethod
    def from_saved(cls, settings: Mapping[str, Any], weights: Mapping[str, torch.Tensor]) -> Self:
        """The embedder that had these settings and weights.

        Raises:
            BadInputError: if only the user can build it again.
        """
        del weights
        raise BadInputError(
            f"the embedder `{settings.get('name', cls.__name__)}` cannot be built from a file"
        )

    def fingerprint(self) -> str:
        """A digest of kind, settings and weights, to notice another embedder under the same name.

        How many examples are embedded at once does not matter.
        """
        settings = {k: v for k, v in self.settings().items() if k != "batch_size"}
        digest = hashlib.sha256(f"{self.kind}{json.dumps(settings, sort_keys=True)}".encode())
        for name, tensor in sorted(self.weights().items()):
            digest.update(f"{name}{tuple(tensor.shape)}{tensor.dtype}".encode())
            raw = tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8)
            digest.update(raw.numpy().tobytes())
        return digest.hexdigest()


EMBEDDERS: dict[str, str] = {
    "characters": "trainwell.oneshot.characters:Characters",
    "efficientnet-lite0": "trainwell.oneshot.pictures:EfficientNetLite",
    "minilm": "trainwell.oneshot.texts:MiniLM",
    "network": "trainwell.oneshot.network:NetworkEmbedder",
    "spoken-words": "trainwell.oneshot.sounds:SpokenWords",
    "vectors": "trainwell.oneshot.vectors:VectorEmbedder",
    "voices": "trainwell.oneshot.sounds:Voices",
    "wordllama": "trainwell.oneshot.texts:WordLlama",
}
"""The kinds that can be built from a file: name to "module:class"; imported when needed."""


def rebuild(
    kind: str, settings: Mapping[str, Any], weights: Mapping[str, torch.Tensor]
) -> Embedder:
    """The embedder of a kind that had these settings and weights.

    Args:
        kind: a name in `EMBEDDERS`.
        settings: what `Embedder.settings` said.
        weights: what `Embedder.weights` said.

    Raises:
        BadInputError: if there is no such kind here, or they do not fit it.
    """
    if kind not in EMBEDDERS:
        raise BadInputError(f"there is no embedder of the kind `{kind}` in this trainwell")
    module, _, name = EMBEDDERS[kind].partition(":")
    found = getattr(importlib.import_module(module), name)
    try:
        return cast("Embedder", found.from_saved(settings, weights))
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise BadInputError(f"the embedder `{kind}` cannot be built again: {error}") from error


def embedder_named(name: str) -> Embedder:
    """A pretrained embedder: "characters", "efficientnet-lite0", "minilm", "voices" and others.

    Args:
        name: one of `EMBEDDERS`.

    Raises:
        UnknownNameError: if there is none of this name.
        BadInputError: if its packages are missing; the text has the command that installs them.
    """
    if name not in EMBEDDERS:
        raise UnknownNameError("embedder", name, EMBEDDERS)
    return rebuild(name, {}, {})


def embedder_of(given: Any) -> Embedder:
    """An embedder as it is; a module or a function made into one; a name: a pretrained one.

    Args:
        given: any of these; None where examples are vectors.

    Raises:
        UnknownNameError: if there is none of a name.
        BadInputError: if it is none of these.
    """
    if isinstance(given, Embedder):
        return given
    if given is None or isinstance(given, str):
        return embedder_named(given or "vectors")
    if isinstance(given, torch.nn.Module):
        from trainwell.oneshot.modules import ModuleEmbedder

        return ModuleEmbedder(given)
    if callable(given):
        from trainwell.oneshot.functions import FunctionEmbedder

        return FunctionEmbedder(given)
    raise BadInputError(
        "`embedder` must be an embedder, a torch module or a function from examples to vectors, "
        f"got {type(given).__name__}"
    )
