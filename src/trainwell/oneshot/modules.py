"""Any torch module as an embedder."""

from __future__ import annotations

__all__ = ["ModuleEmbedder"]

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from trainwell.errors import BadInputError
from trainwell.oneshot.embedder import Embedder
from trainwell.oneshot.stillness import still


def as_batch(examples: Sequence[Any]) -> torch.Tensor:
    """Arrays or tensors of one shape, stacked: (examples, ...), float32 unless they are integers.

    Raises:
        BadInputError: if they are no numbers, or differ in shape.
    """
    try:
        tensors = [
            example if isinstance(example, torch.Tensor) else torch.as_tensor(np.asarray(example))
            for example in examples
        ]
    except (TypeError, ValueError, RuntimeError) as error:
        kind = type(examples[0]).__name__
        raise BadInputError(
            f"an example must be an array or a tensor, got {kind}: say with `prepare=` how a list "
            "of examples becomes the network's input"
        ) from error
    shapes = {tuple(t.shape): None for t in tensors}
    if len(shapes) > 1:
        first, second, *_ = shapes
        raise BadInputError(f"examples must have one shape, got {first} and {second}")
    batch = torch.stack(tensors)
    return batch.float() if batch.is_floating_point() else batch


class ModuleEmbedder(Embedder):
    """A network of the user's: of torchvision, Lightning, Transformers or their own.

    What it returns is flattened to (examples, width). A model of Transformers gives its pooled
    output where it has one, else the mean over its tokens.

    Args:
        module: the network. It stays as it is: its mode and the random numbers are restored.
        prepare: from a list of examples to what the module is called with (a tensor, or a mapping
            of keyword arguments); arrays are stacked when None.
        name: what it is called in messages; the module's class when None.
        batch_size: examples that it is given at once.
    """

    def __init__(
        self,
        module: torch.nn.Module,
        prepare: Callable[[Sequence[Any]], Any] | None = None,
        *,
        name: str | None = None,
        batch_size: int = 64,
    ) -> None:
        super().__init__(name or type(module).__name__, batch_size=batch_size)
        self.module = module
        self.prepare = prepare

    def _vectors(self, examples: Sequence[Any]) -> Any:
        place = next(self.module.parameters(), torch.empty(0))
        with still(self.module):
            given = self.prepare(examples) if self.prepare else as_batch(examples)
            try:
                if isinstance(given, torch.Tensor):
                    given = given.to(place.device)
                    output = self.module(given)
                elif hasattr(given, "keys"):
                    moved = {k: given[k].to(place.device) for k in given.keys()}  # noqa: SIM118
                    output = self.module(**moved)
                else:
                    output = self.module(given)
            except (RuntimeError, TypeError, ValueError) as error:
                reason = " ".join(str(error).split())[:200]
                raise BadInputError(
                    f"the embedder `{self.name}` cannot take these examples: {reason}"
                ) from error
        return pooled(output).flatten(1)

    def fingerprint(self) -> str:
        """A digest of the parameters and buffers."""
        digest = hashlib.sha256()
        for name, tensor in sorted(self.module.state_dict().items()):
            digest.update(f"{name}{tuple(tensor.shape)}{tensor.dtype}".encode())
            raw = tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8)
            digest.update(raw.numpy().tobytes())
        return digest.hexdigest()


def pooled(output: Any) -> torch.Tensor:
    """The one tensor among what a network returned that stands for each example.

    Raises:
        BadInputError: if there is none.
    """
    if isinstance(output, torch.Tensor):
        return output
    for name in ("pooler_output", "logits"):
        found = getattr(output, name, None)
        if isinstance(found, torch.Tensor):
            return found
    last = getattr(output, "last_hidden_state", None)
    if isinstance(last, torch.Tensor):
        return last.mean(dim=1)
    if isinstance(output, tuple | list) and output and isinstance(output[0], torch.Tensor):
        return output[0]
    raise BadInputError(f"the network returned {type(output).__name__}, which is no tensor")
