"""What is done to loaders, and to the length of a training."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from tests.treated import treated, trial
from torch.utils.data import DataLoader, TensorDataset

from trainwell.remedies.catalogue import parse
from trainwell.remedies.resize_batches import ResizeBatches
from trainwell.remedies.shuffle_batches import ShuffleBatches

ROWS = TensorDataset(torch.arange(20))


def read(loader: DataLoader) -> list[list[int]]:
    torch.manual_seed(5)
    return [batch[0].tolist() for batch in loader]


def test_batches_are_shuffled_as_pytorch_does() -> None:
    with treated(*parse("shuffle_batches")) as live:
        found = DataLoader(ROWS, batch_size=6)
        second = DataLoader(ROWS, batch_size=6)
    assert read(found) == read(DataLoader(ROWS, batch_size=6, shuffle=True))
    # Only the first loader is taken to be the training's, where nothing says which is.
    assert read(second) == read(DataLoader(ROWS, batch_size=6))
    assert live.counts == {"shuffle_batches": 1}


def test_batches_have_another_size() -> None:
    with treated(*parse("resize_batches=8")):
        found = DataLoader(ROWS, 2, drop_last=True)
        second = DataLoader(ROWS, 2)
    assert [len(b) for b in read(found)] == [8, 8]
    assert len(read(second)) == 10


@pytest.mark.parametrize("kind", [ShuffleBatches, ResizeBatches])
def test_the_loaders_at_the_lines_that_were_seen(kind: type) -> None:
    def make() -> tuple[DataLoader, DataLoader]:
        return (
            DataLoader(ROWS, batch_size=5),
            DataLoader(ROWS, batch_size=5),
        )

    at = ((__file__, make.__code__.co_firstlineno + 3),)
    with treated(kind(at_loaders=at)) as live:
        evaluating, training = make()
    assert read(evaluating) == read(DataLoader(ROWS, batch_size=5))
    assert read(training) != read(evaluating)
    assert live.counts == {kind.name: 1}


LOOP = """
import torch
torch.manual_seed(0)
x, model = torch.randn(16, 4), torch.nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
for epoch in range({epochs}):
    for batch in x.split(8):
        optimizer.zero_grad()
        loss = model(batch).square().mean()
        loss.backward()
        optimizer.step()
print(repr(loss.item()))
"""


def test_training_goes_on_for_longer(tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text(LOOP.format(epochs=15))
    by_hand = trial(script)
    script.write_text(LOOP.format(epochs=5))
    found = trial(script, remedies=parse("train_longer=3"))
    assert (found.steps, found.unused) == (30, {})
    assert found.output == by_hand.output != trial(script).output


def test_a_script_without_a_loop_is_not_lengthened(tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text("import torch\ntorch.ones(1, requires_grad=True).sum().backward()\n")
    found = trial(script, remedies=parse("train_longer"))
    assert found.status == 2
    assert "loop" in found.error
