"""Imposed seeds: every trial of one seed draws alike, and seed 0 leaves the script's seeds."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

import pytest
import sklearn.model_selection  # noqa: F401 - slow to import, and forks share it

from trainwell.trials.seeds import impose

DRAWS: dict[str, str] = {
    "random": "random.seed(1); drawn = random.random()",
    "random by name": "random.seed(a=1); drawn = random.random()",
    "numpy": "np.random.seed(1); drawn = np.random.rand()",
    "numpy by name": "np.random.seed(seed=1); drawn = np.random.rand()",
    "RandomState": "drawn = np.random.RandomState(1).rand()",
    "RandomState by name": "drawn = np.random.RandomState(seed=1).rand()",
    "RandomState seeded later": "r = np.random.RandomState(); r.seed(1); drawn = r.rand()",
    "default_rng": "drawn = np.random.default_rng(1).random()",
    "default_rng by name": "drawn = np.random.default_rng(seed=1).random()",
    "torch": "torch.manual_seed(1); drawn = torch.rand(1).item()",
    "torch by name": "torch.manual_seed(seed=1); drawn = torch.rand(1).item()",
    "torch.random": "torch.random.manual_seed(1); drawn = torch.rand(1).item()",
    "Generator": (
        "g = torch.Generator(); g.manual_seed(1); drawn = torch.rand(1, generator=g).item()"
    ),
    "Generator in one line": (
        "drawn = torch.rand(1, generator=torch.Generator().manual_seed(1)).item()"
    ),
    "Generator of a device": (
        "drawn = torch.rand(1, generator=torch.Generator('cpu').manual_seed(1)).item()"
    ),
    "train_test_split": (
        "from sklearn.model_selection import train_test_split\\n"
        "drawn = train_test_split(list(range(50)), random_state=1)[1]"
    ),
    "sklearn's check_random_state": (
        "from sklearn.utils import check_random_state\\ndrawn = check_random_state(1).rand()"
    ),
    "random_split": (
        "from torch.utils.data import random_split\\n"
        "drawn = list(random_split(range(50), [40, 10],"
        " generator=torch.Generator().manual_seed(1))[0].indices)"
    ),
    "nothing seeded": "drawn = [random.random(), np.random.rand(), torch.rand(1).item()]",
    "layers": "torch.manual_seed(1); drawn = torch.nn.Linear(2, 1).weight.tolist()",
}


def child(act: Callable[[], Any]) -> Any:
    """What a function gives in a fork of this process: seeds stay imposed for good."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        try:
            text = json.dumps({"value": act()})
        except BaseException as error:
            text = json.dumps({"error": repr(error)})
        os.write(writer, text.encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        text = pipe.read()
    os.waitpid(pid, 0)
    answer = json.loads(text)
    assert "error" not in answer, answer
    return answer["value"]


def drawn(code: str, seed: int | None) -> Any:
    def act() -> Any:
        if seed is not None:
            impose(seed)
        scope: dict[str, Any] = {}
        exec("import random, torch\nimport numpy as np\n" + code.replace("\\n", "\n"), scope)
        return scope["drawn"]

    return child(act)


@pytest.mark.parametrize("name", DRAWS)
def test_every_seed_moves_with_the_trials(name: str) -> None:
    code = DRAWS[name]
    first, again, other, plain = (drawn(code, seed) for seed in (1, 1, 2, 0))
    assert first == again
    assert first != other
    assert plain not in (first, other)
    if name != "nothing seeded":
        # Seed 0 is the script as it is.
        assert plain == drawn(code, None)


def test_seeds_that_are_no_numbers_stay() -> None:
    code = "random.seed('word'); drawn = random.random()"
    assert drawn(code, 3) == drawn(code, None)
    code = "drawn = np.random.default_rng([1, 2]).random()"
    assert drawn(code, 3) == drawn(code, None)


def test_two_seeds_of_one_script_stay_different() -> None:
    code = (
        "torch.manual_seed(0); a = torch.rand(1).item()\\n"
        "torch.manual_seed(1); drawn = [a, torch.rand(1).item()]"
    )
    for seed in (1, 2):
        first, second = drawn(code, seed)
        assert first != second


def test_scripts_that_count_seeds_up_do_not_meet() -> None:
    counted = "torch.manual_seed({}); drawn = torch.rand(1).item()"
    values = [drawn(counted.format(n), seed) for seed in (0, 1, 2) for n in (0, 1, 2, 3)]
    assert len(set(values)) == len(values)


def test_large_and_negative_seeds_are_taken() -> None:
    for code in (
        "torch.manual_seed(2**32 - 1); drawn = torch.rand(1).item()",
        "np.random.seed(2**32 - 1); drawn = np.random.rand()",
        "drawn = np.random.RandomState(np.int64(5)).rand()",
    ):
        assert drawn(code, 4) == drawn(code, 4) != drawn(code, 5)


def test_types_and_instances_are_what_they_were() -> None:
    def act() -> list[bool]:
        import pickle

        import numpy as np
        import torch

        made, generator = np.random.RandomState(0), torch.Generator()
        made_by_numpy = np.random.mtrand._rand
        impose(1)
        later = np.random.RandomState(3)
        return [
            isinstance(made, np.random.RandomState),
            isinstance(made_by_numpy, np.random.RandomState),
            isinstance(later, np.random.RandomState),
            not isinstance(5, np.random.RandomState),
            isinstance(generator, torch.Generator),
            isinstance(torch.Generator().manual_seed(1), torch.Generator),
            isinstance(torch.default_generator, torch.Generator),
            type(np.random.RandomState(1).rand(3)) is np.ndarray,
            pickle.loads(pickle.dumps(later)).rand() == later.rand(),
            issubclass(np.random.RandomState, object),
        ]

    assert child(act) == [True] * 10


def test_loaders_and_samplers_take_moved_generators() -> None:
    code = (
        "from torch.utils.data import DataLoader\\n"
        "g = torch.Generator(); g.manual_seed(0)\\n"
        "drawn = [b.tolist() for b in DataLoader(torch.arange(9), shuffle=True, generator=g)]"
    )
    assert drawn(code, 1) == drawn(code, 1) != drawn(code, 2)
