"""Names for modules, imported where they are not yet."""

from __future__ import annotations

import pytest

from trainwell.errors import UnsafeEditError
from trainwell.remedies.edits import qualified

HEAD = (
    '"""Doc."""\nfrom __future__ import annotations\n\nimport os\nfrom a import (\n    b,\n)  # c\n'
)


@pytest.mark.parametrize(
    ("source", "module", "name"),
    [
        ("import torch\n", "torch", "torch"),
        ("import os, torch as th\n", "torch", "th"),
        ("import torch.nn as nn\n", "torch.nn", "nn"),
        ("from torch import nn\n", "torch.nn", "nn"),
        ("from torch import nn as layers\n", "torch.nn", "layers"),
        ("import torch\n", "torch.nn", "torch.nn"),
        ("import torch as th\n", "torch.nn.functional", "th.nn.functional"),
        ("from torch import nn\n", "torch.nn.functional", "nn.functional"),
        ("import torch.nn.functional as F\n", "torch.nn.functional", "F"),
        ("import torch.nn\n", "torch", "torch"),
        ("import torch.nn\ndef f():\n    import torch\n", "torch", "torch"),
        ("import numpy as np\n", "numpy", "np"),
    ],
)
def test_finds_the_name(source: str, module: str, name: str) -> None:
    assert qualified(source, module) == (name, source)


@pytest.mark.parametrize(
    ("source", "new"),
    [
        ("", "import torch\n"),
        ("x = 1\n", "import torch\n\nx = 1\n"),
        ("# c\n@d\ndef f(): pass\n", "# c\nimport torch\n\n@d\ndef f(): pass\n"),
        (
            "#!/bin/python\n# coding: utf-8\nx = 1",
            "#!/bin/python\n# coding: utf-8\nimport torch\n\nx = 1",
        ),
        ("\ufeffx = 1\r\ny = 2\r\n", "\ufeffimport torch\r\n\r\nx = 1\r\ny = 2\r\n"),
        ('"""Doc."""\n\nx = 1\n', '"""Doc."""\n\nimport torch\n\nx = 1\n'),
        ('"""Doc."""', '"""Doc."""\n\nimport torch'),
        ("import os", "import os\nimport torch"),
        ("import os; x = 1\n", "import os; x = 1\nimport torch\n"),
        (f"{HEAD}\nimport z\n", f"{HEAD}import torch\n\nimport z\n"),
        ("# c", "# c\nimport torch"),
        (
            "from __future__ import annotations\nx = 1\n",
            "from __future__ import annotations\n\nimport torch\nx = 1\n",
        ),
        ("def f():\n    import torch\n", "import torch\n\ndef f():\n    import torch\n"),
        ("import torch as th\nth = 1\n", "import torch as th\nimport torch\nth = 1\n"),
    ],
)
def test_imports_what_is_missing(source: str, new: str) -> None:
    assert qualified(source, "torch") == ("torch", new)


def test_refuses_where_the_name_is_taken() -> None:
    for source in ("torch = 1\n", "def f(torch): pass\n", "import mine as torch\n"):
        with pytest.raises(UnsafeEditError, match="`torch` is something else than the module"):
            qualified(source, "torch")
