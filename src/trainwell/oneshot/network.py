"""A network that `pretrain` made as an embedder of pictures, with its preparation and cohort."""

from __future__ import annotations

__all__ = ["NetworkEmbedder"]

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from trainwell.errors import BadInputError
from trainwell.oneshot.augmentation import TURNS, Augmentation, turned
from trainwell.oneshot.embedder import JSON, Embedder
from trainwell.oneshot.learning import Look
from trainwell.oneshot.preparation import Preparation
from trainwell.oneshot.reading import picture_of
from trainwell.oneshot.resnet import ResNet
from trainwell.oneshot.stillness import still
from trainwell.record import Run

_VIEW_STRENGTH = 0.5
"""Views at test time are changed by half of what pictures were changed by in training."""


class NetworkEmbedder(Embedder):
    """Pictures to vectors by a `ResNet`.

    Args:
        network: the network.
        preparation: what is done to pictures before it.
        augmentation: what `views` do to them.
        cohort: vectors (n, width) and label numbers (n,) of labels that it was trained on, or that
            were held out from it, with `turns=1`.
        turns: 1, or 8: the vector is then made of those of the picture's four quarter turns and
            of their mirror images. This takes 8 times as long and mixes up no labels: each turn
            is compared with the same turn of the other picture.
        name: what it is called in messages.
        batch_size: pictures that are embedded at once.

    Attributes:
        looks: how pretraining went; empty for one that comes from a file.
        record: what the probe saw of it; None for one that comes from a file, or where another
            probe watched.

    Raises:
        BadInputError: if `turns` is neither.
    """

    kind: ClassVar[str] = "network"
    medium: ClassVar[str] = "pictures"

    def __init__(
        self,
        network: ResNet,
        preparation: Preparation,
        augmentation: Augmentation | None = None,
        cohort: tuple[NDArray[np.float32], NDArray[np.int64]] | None = None,
        *,
        turns: int = 1,
        name: str = "network",
        batch_size: int = 64,
    ) -> None:
        super().__init__(name, batch_size=batch_size)
        if turns not in (1, TURNS):
            raise BadInputError(f"`turns` must be 1 or {TURNS}, got {turns}")
        self.network = network
        self.preparation = preparation
        self.augmentation = augmentation or Augmentation()
        self.turns = turns
        self.looks: tuple[Look, ...] = ()
        self.record: Run | None = None
        self._cohort = cohort

    def turning(self, turns: int = TURNS) -> NetworkEmbedder:
        """The same embedder with another `turns`."""
        return NetworkEmbedder(
            self.network,
            self.preparation,
            self.augmentation,
            self._cohort,
            turns=turns,
            name=self.name,
            batch_size=self.batch_size,
        )

    def vectors_of(self, prepared: torch.Tensor, maps: torch.Tensor | None = None) -> torch.Tensor:
        """Vectors of prepared pictures, (n, turns x width), each turn's of length 1.

        Args:
            prepared: (n, channels, roomy, roomy), uint8.
            maps: (n, 2, 3), changes of them; none when None.
        """
        if maps is None:
            maps = torch.eye(2, 3).expand(len(prepared), 2, 3)
        place = next(self.network.parameters()).device
        parts = []
        with still(self.network):
            for turn in range(self.turns):
                turns = torch.full((len(prepared),), turn)
                drawn = self.preparation.drawn(prepared, turned(maps, turns))
                parts.append(functional.normalize(self.network(drawn.to(place)), dim=1))
        return torch.cat(parts, dim=1).cpu()

    def views(self, example: Any, count: int, random: np.random.Generator) -> list[Any]:
        """An example and slightly turned, stretched and moved copies of it."""
        if count == 1:
            return [example]
        picture = picture_of(example, self.preparation.channels)
        return [example, *self._changed(picture, count - 1, random)]

    def _changed(
        self, picture: torch.Tensor, count: int, random: np.random.Generator
    ) -> list[torch.Tensor]:
        generator = torch.Generator().manual_seed(int(random.integers(2**62)))
        maps = self.augmentation.maps(count, generator, _VIEW_STRENGTH)
        # What turns into the picture is its own border, be it dark or light.
        grid = functional.affine_grid(maps, [count, *picture.shape], align_corners=False)
        copies = picture.expand(count, -1, -1, -1)
        changed = functional.grid_sample(copies, grid, padding_mode="border", align_corners=False)
        return list(changed.clamp(0, 1))

    def cohort(self) -> tuple[NDArray[np.float32], NDArray[np.int64]] | None:
        """Vectors and label numbers that came from pretraining; None where there are none.

        With `turns=8` the vector of the picture as it stands takes the place of all its turns. So
        similarities keep their size and spread, which thresholds come from: on the official runs
        of Omniglot 5.7 % of strangers pass where 5 % are asked (docs/oneshot.md).
        """
        if self._cohort is None:
            return None
        vectors, labels = self._cohort
        return np.tile(vectors, (1, self.turns)), labels

    def settings(self) -> dict[str, JSON]:
        """All that `from_saved` needs beside the weights."""
        network = self.network
        return {
            "name": self.name,
            "batch_size": self.batch_size,
            "turns": self.turns,
            "network": {
                "widths": list(network.widths),
                "blocks": network.blocks,
                "grid": network.grid,
            },
            "preparation": self.preparation.settings(),
            "augmentation": self.augmentation.settings(),
        }

    def weights(self) -> dict[str, torch.Tensor]:
        """The network's tensors and the cohort's; convolutions in half precision if exact."""
        tensors = {f"network.{k}": _compact(v) for k, v in self.network.state_dict().items()}
        if self._cohort is not None:
            vectors, labels = self._cohort
            largest = float(abs(vectors).max()) or 1.0
            # Eight bits are enough for what only tells how similar labels are.
            tensors["cohort.vectors"] = torch.from_numpy(vectors / largest * 127).round().char()
            tensors["cohort.scale"] = torch.tensor(largest / 127)
            tensors["cohort.labels"] = torch.from_numpy(labels).to(torch.int32)
        return tensors

    @classmethod
    def from_saved(cls, settings: Mapping[str, Any], weights: Mapping[str, torch.Tensor]) -> Self:
        """The embedder that had these settings and weights.

        Raises:
            KeyError, TypeError, RuntimeError: if they do not fit each other; `rebuild` explains.
        """
        preparation = Preparation(**settings["preparation"])
        network = ResNet(preparation.channels, **settings["network"])
        network.load_state_dict(
            {
                k.removeprefix("network."): v.float() if v.is_floating_point() else v
                for k, v in weights.items()
                if k.startswith("network.")
            }
        )
        cohort = None
        if "cohort.vectors" in weights:
            vectors = weights["cohort.vectors"].float() * weights["cohort.scale"]
            cohort = (vectors.numpy(), weights["cohort.labels"].long().numpy())
        return cls(
            network.eval(),
            preparation,
            Augmentation(**settings["augmentation"]),
            cohort,
            turns=settings["turns"],
            name=settings["name"],
            batch_size=settings["batch_size"],
        )

    def _vectors(self, examples: Sequence[Any]) -> torch.Tensor:
        return self.vectors_of(self.preparation(examples))


def _compact(tensor: torch.Tensor) -> torch.Tensor:
    """In half precision where nothing is lost by it."""
    if not tensor.is_floating_point():
        return tensor
    half = tensor.half()
    return half if torch.equal(half.float(), tensor) else tensor
