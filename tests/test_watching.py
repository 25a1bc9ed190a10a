"""`trainwell.watch` in a loop of one's own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import trainwell
from trainwell.errors import BadInputError
from trainwell.record.store import RECORD, Store


@pytest.fixture(autouse=True)
def _in_a_fresh_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def _train(model: nn.Module, steps: int = 40, softmax: bool = True) -> None:
    torch.manual_seed(0)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(steps):
        x = torch.randn(32, 8)
        out = model(x)
        loss = F.cross_entropy(out.softmax(1) if softmax else out, (x[:, 0] > 0).long())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def _network() -> nn.Module:
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 2))


def test_a_loop_is_diagnosed_with_its_line() -> None:
    model = _network()
    with trainwell.watch(model) as run:
        _train(model)
    diagnosis = run.diagnosis()
    assert [e.code for e in diagnosis.roots] == ["LOS101"]
    (place,) = diagnosis.roots[0].where
    assert place.file == __file__
    assert (
        place.code
        == "loss = F.cross_entropy(out.softmax(1) if softmax else out, (x[:, 0] > 0).long())"
    )
    assert "LOS101" in repr(diagnosis)
    assert f"{Path(__file__).name}:{place.line}" in run.report()


def test_findings_may_be_selected_ignored_and_suppressed() -> None:
    model = _network()
    with trainwell.watch(model, record=False) as run:
        _train(model)
    assert [e.code for e in run.diagnosis(select=["LOS"]).roots] == ["LOS101"]
    assert run.diagnosis(ignore=["double-softmax", "GEN"]).roots == ()
    assert "no findings" in run.report(ignore=["LOS", "GEN"])
    with pytest.raises(BadInputError, match="unknown finding `LOX`; did you mean `LOS`"):
        run.diagnosis(select=["LOX"])
    with trainwell.watch(model, record=False) as run:
        for _ in range(40):
            x = torch.randn(32, 8)
            out = model(x).softmax(1)
            F.cross_entropy(out, (x[:, 0] > 0).long()).backward()
    assert [e.code for e in run.diagnosis(select=["LOS101"]).roots] == ["LOS101"]
    with trainwell.watch(model, record=False) as run:
        for _ in range(40):
            x = torch.randn(32, 8)
            out = model(x).softmax(1)  # trainwell: ignore[double-softmax]
            F.cross_entropy(out, (x[:, 0] > 0).long()).backward()
    hidden = run.diagnosis(select=["LOS101"])
    assert (hidden.roots, len(hidden.suppressed)) == ((), 1)


def test_a_healthy_loop_shows_nothing_and_layers_have_names() -> None:
    model = _network()
    with trainwell.watch(model) as run:
        _train(model, steps=400, softmax=False)
    # It evaluates nothing, which is worth a remark.
    assert run.diagnosis(ignore=["no-validation"]).roots == ()
    assert {p.name for p in run.record.parameters.values()} == {
        "0.weight",
        "0.bias",
        "2.weight",
        "2.bias",
    }
    assert "no findings" in run.report(ignore=["no-validation"])


def test_training_is_bit_identical() -> None:
    bare, watched = _network(), _network()
    _train(bare)
    state = torch.get_rng_state()
    with trainwell.watch(watched, every=1, record=False):
        _train(watched)
    assert torch.equal(torch.get_rng_state(), state)
    for a, b in zip(bare.parameters(), watched.parameters(), strict=True):
        assert torch.equal(a, b)


def test_several_models_get_their_names_and_everything_is_given_back() -> None:
    before = (torch.autograd.backward, F.cross_entropy, nn.Module.__init__, torch.no_grad.__enter__)
    one, other = _network(), _network()
    with trainwell.watch({"teacher": one, "student": other}) as run:
        _train(one, 5)
        _train(other, 5)
        assert run.diagnosis().run.steps == 10
    assert [n.name for n in run.record.networks.values()] == ["teacher", "student"]
    after = (torch.autograd.backward, F.cross_entropy, nn.Module.__init__, torch.no_grad.__enter__)
    assert all(a is b for a, b in zip(before, after, strict=True))


def test_the_record_is_kept_with_the_error_that_ended_it() -> None:
    model = _network()
    with pytest.raises(ValueError, match="stop here"), trainwell.watch(model) as run:
        _train(model, 3)
        raise ValueError("stop here")
    kept = Store(RECORD, create=False).load(run.record.id)
    assert kept.steps == 3
    assert kept.error is not None
    assert kept.error["message"] == "stop here"
    assert kept.exit_status == 1
    assert kept.parameters == run.record.parameters
    assert kept.vitals.keys() == run.record.vitals.keys()


def test_the_error_that_ends_a_loop_is_diagnosed() -> None:
    with pytest.raises(RuntimeError), trainwell.watch() as run:
        _network()(torch.ones(3, 9))
    (entry,) = run.diagnosis().entries
    assert entry.slug == "shape-mismatch"
    assert entry.where[0].layer == "0"
    assert entry.where[0].code == "_network()(torch.ones(3, 9))"


def test_one_watch_inside_another() -> None:
    model = _network()
    with trainwell.watch(model, record=False) as outer:
        with (
            pytest.raises(BadInputError, match="blocks cannot overlap"),
            trainwell.watch(model, record=False),
        ):
            raise AssertionError("it must not begin")
        _train(model, 20)
    assert outer.record.steps == 20
    assert outer.diagnosis().roots


def test_nothing_is_kept_when_asked() -> None:
    with trainwell.watch(record=False):
        _train(_network(), 3)
    assert not os.path.exists(RECORD)


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((), {"budget": 0.0}, "`budget` must be above 0 and at most 1, got 0.0"),
        ((), {"every": 0}, "`every` must be 1 or more, got 0"),
        (("net",), {}, "`models` must be modules of torch.nn, got str `str`"),
    ],
)
def test_bad_arguments_are_named(
    arguments: tuple[object, ...], options: dict[str, object], message: str
) -> None:
    with pytest.raises(BadInputError) as error:
        trainwell.watch(*arguments, **options)  # type: ignore[arg-type]
    assert str(error.value) == message


def test_a_watch_serves_once() -> None:
    run = trainwell.watch(record=False)
    with run:
        pass
    with pytest.raises(BadInputError, match="serves for one `with`"):
        run.__enter__()
