"""Declares torchvision's operators where its binary does not fit this build of torch.

The index has one build of torchvision, for CUDA. Without its binary `import torchvision` fails,
although its models and transforms, which are Python, are all that the tests use.
"""

from __future__ import annotations

import torch

try:
    import torchvision  # noqa: F401
except RuntimeError:
    import sys

    for _name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
        del sys.modules[_name]
    _library = torch.library.Library("torchvision", "FRAGMENT")
    for _operator in ("nms", "qnms"):
        _library.define(f"{_operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
