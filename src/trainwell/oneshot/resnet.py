"""A narrow residual network from pictures to vectors."""

from __future__ import annotations

__all__ = ["ResNet"]

from collections.abc import Sequence

import torch
from torch import nn


class _Block(nn.Module):
    """Two convolutions around which the input passes (He et al. 2016, section 3.2)."""

    def __init__(self, into: int, out: int, *, halve: bool) -> None:
        super().__init__()
        self.first = nn.Conv2d(into, out, 3, 2 if halve else 1, 1, bias=False)
        self.first_norm = nn.BatchNorm2d(out)
        self.second = nn.Conv2d(out, out, 3, 1, 1, bias=False)
        self.second_norm = nn.BatchNorm2d(out)
        self.active = nn.ReLU(inplace=True)
        self.halve = halve
        self.passed: nn.Module = nn.Identity()
        if halve or into != out:
            self.passed = nn.Sequential(nn.Conv2d(into, out, 1, bias=False), nn.BatchNorm2d(out))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        inner = self.active(self.first_norm(self.first(x)))
        # The mean of four, as in ResNet-D: a stride would throw three of them away.
        past = nn.functional.avg_pool2d(x, 2, ceil_mode=True) if self.halve else x
        joined: torch.Tensor = self.active(self.second_norm(self.second(inner)) + self.passed(past))
        return joined


class ResNet(nn.Module):
    """Pictures (n, channels, height, width) to vectors (n, width).

    The first convolution halves the picture, and so does each group of blocks but the first. The
    vector holds the means over the parts of what is left of the picture, after the last ReLU: a
    mean over all of it forgets where things are, which cost a tenth more errors with characters.

    Args:
        channels: of the pictures: 1 for grey, 3 for colour.
        widths: channels of the groups of blocks.
        blocks: residual blocks in each group.
        grid: parts of the picture each way.

    Sources:
        He et al. 2016, "Deep residual learning for image recognition", section 3; He et al. 2019,
        "Bag of tricks for image classification", section 4 (the mean on the way past a stride).
    """

    def __init__(
        self,
        channels: int = 1,
        widths: Sequence[int] = (32, 64, 96),
        blocks: int = 1,
        grid: int = 4,
    ) -> None:
        super().__init__()
        self.channels, self.widths, self.blocks, self.grid = channels, tuple(widths), blocks, grid
        self.width = widths[-1] * grid * grid
        layers: list[nn.Module] = [
            nn.Conv2d(channels, widths[0], 5, 2, 2, bias=False),
            nn.BatchNorm2d(widths[0]),
            nn.ReLU(inplace=True),
        ]
        into = widths[0]
        for group, out in enumerate(widths):
            for block in range(blocks):
                layers.append(_Block(into, out, halve=group > 0 and block == 0))
                into = out
        self.layers = nn.Sequential(*layers)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Vectors, one a picture."""
        # Convolutions of this size are faster on the processor with channels last.
        found = self.layers(x.contiguous(memory_format=torch.channels_last))
        return nn.functional.adaptive_avg_pool2d(found, self.grid).flatten(1)
