"""docs/hooks.md names everything that is replaced."""

from __future__ import annotations

from pathlib import Path

from trainwell.hooks.layer import KERAS, LOSS_FUNCTIONS, PATCHED

_PAGE = (Path(__file__).parents[2] / "docs" / "hooks.md").read_text()


def test_the_page_names_every_replaced_attribute() -> None:
    losses = {f"torch.nn.functional.{name}" for name in LOSS_FUNCTIONS}
    assert f"`torch.nn.functional` ({len(losses)}, " in _PAGE
    iterators = {name for name in PATCHED if name.endswith("_next_data")}
    assert len(iterators) == 2
    assert "`_next_data` of the two iterators" in _PAGE
    for name in {*PATCHED, *KERAS} - losses - iterators:
        owner, _, attribute = name.rpartition(".")
        assert name in _PAGE or (
            attribute in _PAGE and (owner in _PAGE or owner.rpartition(".")[2] in _PAGE)
        ), name
