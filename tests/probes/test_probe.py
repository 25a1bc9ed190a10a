"""What the probe reads of programs written in different ways."""

from __future__ import annotations

import inspect
import os
import warnings
from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from trainwell.probes.probe import Probe
from trainwell.record import Operation, Run

Watched = Callable[..., Run]


def _fit(
    forward: Callable[[torch.Tensor], torch.Tensor],
    parameters: list[torch.Tensor],
    steps: int = 6,
    classes: int = 3,
) -> None:
    torch.manual_seed(0)
    optimizer = torch.optim.SGD(parameters, lr=0.05)
    for _ in range(steps):
        x = torch.randn(16, 8)
        optimizer.zero_grad()
        F.cross_entropy(forward(x), x.argmax(1) % classes).backward()
        optimizer.step()


def _kinds(run: Run) -> list[str]:
    return [o.kind for o in run.operations.values()]


def _only(run: Run, kind: str) -> Operation:
    (found,) = [o for o in run.operations.values() if o.kind == kind]
    return found


def test_functional_and_module_activations_read_the_same(watched: Watched) -> None:
    first, last = nn.Linear(8, 12), nn.Linear(12, 3)
    module = nn.Sequential(first, nn.ReLU(), last)
    parameters = list(module.parameters())
    kinds = ["linear", "relu", "linear", "log_softmax", "nll_loss"]
    assert _kinds(watched(lambda: _fit(module, parameters))) == kinds
    by_hand = lambda x: last(first(x).relu_())  # noqa: E731
    assert _kinds(watched(lambda: _fit(by_hand, parameters))) == kinds


def test_lazy_layers_are_seen_once_they_have_a_size(watched: Watched) -> None:
    module = nn.Sequential(nn.LazyLinear(12), nn.ReLU(), nn.LazyLinear(3))
    run = watched(lambda: _fit(module, list(module.parameters())))
    assert (run.steps, run.notes) == (6, [])
    assert _kinds(run) == ["linear", "relu", "linear", "log_softmax", "nll_loss"]
    shapes = {p.name: p.shape for p in run.parameters.values()}
    assert shapes["0.weight"] == (12, 8)


def test_operations_have_layer_line_and_inputs(watched: Watched) -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = nn.Linear(8, 12)
            self.head = nn.Linear(12, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            h = torch.tanh(self.body(x))
            return self.head(h)

    lines, start = inspect.getsourcelines(Net.forward)
    line = start + next(i for i, text in enumerate(lines) if "tanh" in text)
    net = Net()
    run = watched(lambda: _fit(net, list(net.parameters())))
    tanh = _only(run, "tanh")
    assert (tanh.place.layer, tanh.place.file, tanh.place.line) == ("after body", __file__, line)
    assert tanh.place.code == "h = torch.tanh(self.body(x))"
    (before,) = run.inputs(tanh)
    assert (before.kind, before.place.layer, before.reads_data, before.depth) == (
        "linear",
        "body",
        True,
        1,
    )
    assert [run.parameters[p].name for p in before.parameters] == ["body.bias", "body.weight"]
    assert run.networks[0].name == "Net"


def test_a_layer_in_a_sequential_is_placed_where_it_was_built(watched: Watched) -> None:
    def go() -> None:
        model = nn.Sequential(
            nn.Linear(8, 12),
            nn.Sigmoid(),
            nn.Linear(12, 3),
        )
        _fit(model, list(model.parameters()))

    _, start = inspect.getsourcelines(go)
    sigmoid = _only(watched(go), "sigmoid")
    assert sigmoid.place.code == "nn.Sigmoid(),"
    assert sigmoid.place.line == start + 3
    assert sigmoid.place.layer == "1"


def test_a_recurrent_cell_over_time_is_one_operation(watched: Watched) -> None:
    cell, head = nn.RNNCell(8, 5), nn.Linear(5, 3)

    def forward(x: torch.Tensor) -> torch.Tensor:
        h = torch.zeros(len(x), 5)
        for _ in range(9):
            h = cell(x, h)
        return head(h)

    run = watched(lambda: _fit(forward, [*cell.parameters(), *head.parameters()]))
    assert _kinds(run).count("tanh") == 1
    assert _kinds(run).count("linear") == 3


def test_sequences_of_any_length_stay_few_operations(watched: Watched) -> None:
    cell, head = nn.GRUCell(4, 5), nn.Linear(5, 2)
    parameters = [*cell.parameters(), *head.parameters()]

    def go() -> None:
        torch.manual_seed(0)
        optimizer = torch.optim.SGD(parameters, lr=0.1)
        for length in range(2, 60):
            h = torch.zeros(8, 5)
            for _ in range(length):
                h = cell(torch.randn(8, 4), h)
            loss = F.cross_entropy(head(h), torch.zeros(8, dtype=torch.long))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    run = watched(go)
    assert len(run.operations) < 25
    assert len(run.series("parameter", 0, "gradient_norm")) > 40


def test_two_objectives_are_kept_apart(watched: Watched) -> None:
    made, judge = nn.Linear(4, 2), nn.Linear(2, 1)

    def go() -> None:
        torch.manual_seed(0)
        one = torch.optim.Adam(judge.parameters(), lr=0.01)
        two = torch.optim.Adam(made.parameters(), lr=0.01)
        for _ in range(8):
            noise = torch.randn(16, 4)
            one.zero_grad()
            F.softplus(judge(made(noise).detach())).mean().backward()
            one.step()
            two.zero_grad()
            (-judge(made(noise))).mean().backward()
            two.step()

    run = watched(go)
    assert [o.steps for o in run.objectives.values()] == [8, 8]
    assert run.objectives[0].place.line != run.objectives[1].place.line
    assert [o.name for o in run.optimizers.values()] == ["Adam", "Adam"]
    assert all(o.stale_looks == 0 < o.stale_chances for o in run.optimizers.values())


def test_gradient_accumulation_is_no_stale_gradient(watched: Watched) -> None:
    model = nn.Linear(8, 3)

    def go() -> None:
        torch.manual_seed(0)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
        for step in range(40):
            x = torch.randn(16, 8)
            (F.cross_entropy(model(x), x.argmax(1) % 3) / 4).backward()
            if step % 4 == 3:
                optimizer.step()
                optimizer.zero_grad()

    (optimizer,) = watched(go).optimizers.values()
    assert optimizer.steps == 10
    assert optimizer.stale_looks == 0 < optimizer.stale_chances


def test_updates_by_hand_are_seen(watched: Watched) -> None:
    def go() -> None:
        torch.manual_seed(0)
        weight = torch.randn(8, 3, requires_grad=True)
        for _ in range(10):
            x = torch.randn(16, 8)
            F.cross_entropy(x @ weight, x.argmax(1) % 3).backward()
            with torch.no_grad():
                weight -= 0.1 * weight.grad
                weight.grad.zero_()

    run = watched(go)
    assert run.objectives[0].updates == run.objectives[0].update_looks > 5
    assert not run.optimizers
    assert run.parameters[0].name == "tensor 0 (8x3)"


def test_autograd_grad_of_parameters_is_a_step_and_of_inputs_is_not(watched: Watched) -> None:
    model = nn.Linear(8, 3)

    def go() -> None:
        torch.manual_seed(0)
        for _ in range(6):
            x = torch.randn(16, 8, requires_grad=True)
            loss = F.cross_entropy(model(x), torch.zeros(16, dtype=torch.long))
            torch.autograd.grad(loss, x, retain_graph=True)
            for p, g in zip(
                model.parameters(), torch.autograd.grad(loss, list(model.parameters())), strict=True
            ):
                p.data -= 0.1 * g

    run = watched(go)
    assert run.steps == 6
    assert len(run.series("parameter", 0, "gradient_norm")) == 6
    assert run.objectives[0].updates > 3


def test_a_scaled_loss_is_recorded_unscaled(watched: Watched) -> None:
    model = nn.Linear(8, 3)

    def go(scaler: torch.amp.GradScaler) -> None:
        torch.manual_seed(0)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
        for _ in range(4):
            x = torch.randn(16, 8)
            optimizer.zero_grad()
            scaler.scale(F.cross_entropy(model(x), x.argmax(1) % 3)).backward()
            scaler.step(optimizer)
            scaler.update()

    scaled = watched(lambda: go(torch.amp.GradScaler("cpu")))
    plain = watched(lambda: go(torch.amp.GradScaler("cpu", enabled=False)))
    assert scaled.loss(0).values == pytest.approx(plain.loss(0).values)
    for quantity in ("gradient_norm", "gradient_rms"):
        assert scaled.series("parameter", 0, quantity).values == pytest.approx(
            plain.series("parameter", 0, quantity).values, rel=1e-4
        )


def test_checkpointed_layers_are_not_computed_again_by_the_probe(watched: Watched) -> None:
    calls = 0

    class Counting(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            nonlocal calls
            calls += 1
            return torch.relu(x)

    body, head = nn.Sequential(nn.Linear(8, 12), Counting()), nn.Linear(12, 3)

    def forward(x: torch.Tensor) -> torch.Tensor:
        return head(checkpoint(body, x, use_reentrant=False))

    run = watched(lambda: _fit(forward, [*body.parameters(), *head.parameters()], steps=5))
    assert calls == 10
    assert run.steps == 5
    assert any("checkpointed" in note for note in run.notes)


def test_evaluations_form_curves_beside_the_training_loss(watched: Watched) -> None:
    model = nn.Linear(8, 3)

    def go() -> None:
        torch.manual_seed(0)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        held_out = torch.randn(30, 8)
        for _ in range(5):
            model.train()
            for _ in range(4):
                x = torch.randn(16, 8)
                optimizer.zero_grad()
                F.cross_entropy(model(x), x.argmax(1) % 3).backward()
                optimizer.step()
            model.eval()
            with torch.no_grad():
                for part in held_out.split(10):
                    F.cross_entropy(model(part), part.argmax(1) % 3)

    run = watched(go)
    assert [(e.step, e.examples) for e in run.evaluations.values()] == [
        (4 * k, 30) for k in range(1, 6)
    ]
    assert len({e.key for e in run.evaluations.values()}) == 1
    training = run.loss(0).values
    for k, evaluation in run.evaluations.items():
        mean = sum(training[4 * k : 4 * k + 4]) / 4
        assert evaluation.training_loss == pytest.approx(mean, rel=1e-6)
    assert set(run.networks[0].evaluation_forwards) == {"eval"}
    assert set(run.networks[0].training_forwards) == {"train"}


def test_a_loss_of_two_terms_is_no_evaluation(watched: Watched) -> None:
    model = nn.Linear(8, 3)

    def go() -> None:
        torch.manual_seed(0)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(12):
            x, y = torch.randn(16, 8), torch.zeros(16, dtype=torch.long)
            optimizer.zero_grad()
            (F.cross_entropy(model(x), y) + F.cross_entropy(model(-x), y)).backward()
            optimizer.step()

    assert not watched(go, every=5).evaluations


def test_mode_is_read_by_network(watched: Watched) -> None:
    model = nn.Sequential(nn.Linear(8, 12), nn.Dropout(0.5), nn.Linear(12, 3))

    def go() -> None:
        _fit(model, list(model.parameters()), steps=3)
        with torch.no_grad():
            model(torch.randn(4, 8))
        _fit(model.eval(), list(model.parameters()), steps=3)

    (network,) = watched(go).networks.values()
    assert network.dropout == {"1": 0.5}
    assert network.training_forwards == {"train": 3, "eval": 3}
    assert network.evaluation_forwards == {"train": 1}
    assert network.evaluation_place is not None
    assert network.evaluation_place.code == "model(torch.randn(4, 8))"


def test_data_columns_are_measured(watched: Watched) -> None:
    model = nn.Linear(3, 2)
    x = torch.tensor([[0.0, 10.0, 1.0], [2.0, 30.0, 1.0]])

    def go() -> None:
        for _ in range(3):
            F.cross_entropy(model(x), torch.tensor([0, 1])).backward()

    (features,) = watched(go).features.values()
    assert (features.columns, features.rows, features.non_finite) == (3, 6, 0)
    assert features.mean == pytest.approx((1.0, 20.0, 1.0))
    assert features.std == pytest.approx((1.0, 10.0, 0.0))
    assert (features.low, features.high) == ((0.0, 10.0, 1.0), (2.0, 30.0, 1.0))


def test_the_first_operation_that_is_not_finite_is_named(watched: Watched) -> None:
    model = nn.Linear(4, 1, bias=False)

    def go() -> None:
        nn.init.zeros_(model.weight)
        torch.log(model(torch.ones(5, 4)).exp() - 1).mean().backward()

    (objective,) = watched(go).objectives.values()
    lost = objective.non_finite
    assert lost is not None
    assert (lost["step"], lost["value"], lost["source"]) == (0, "-inf", "operation")
    assert str(lost["reason"]).startswith("logarithm of 0")


def test_an_error_of_the_probe_is_noted_once_and_never_reaches_the_script(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("TRAINWELL_DEBUG", raising=False)
    run = Run("test", "test.py")
    probe = Probe(run, lambda facts, vitals: None, every=1)

    def broken(*_: object, **__: object) -> None:
        raise KeyError("broken on purpose")

    monkeypatch.setattr(probe.looks, "look", broken)
    backward = torch.autograd.backward
    probe.attach()
    model = nn.Linear(8, 3)
    before = model.weight.detach().clone()
    _fit(model, list(model.parameters()), steps=4)
    probe.finish()
    assert not torch.equal(before, model.weight)
    assert torch.autograd.backward is backward
    assert run.steps == 4, "only the part that failed is switched off"
    assert len(run.loss(0).values) == 4
    notes = [note for note in run.notes if "trainwell itself failed" in note]
    assert "trainwell itself failed at step 1" in notes[0]
    assert all("broken on purpose" in note and "\n" not in note for note in notes)
    assert "Traceback" in run.troubles[0].error


def test_the_users_own_anomaly_mode_is_left_as_it_is(watched: Watched) -> None:
    states: list[bool] = []
    model = nn.Linear(8, 3)

    def go() -> None:
        states.append(torch.is_anomaly_enabled())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with torch.autograd.detect_anomaly():
                states.append(torch.is_anomaly_enabled())
                _fit(model, list(model.parameters()), steps=2)
                states.append(torch.is_anomaly_enabled())
        states.append(torch.is_anomaly_enabled())

    watched(go)
    assert states == [False, True, True, False]
    assert not torch.is_anomaly_enabled()


def test_loss_modules_can_still_be_scripted(watched: Watched) -> None:
    def go() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            scripted = torch.jit.script(nn.CrossEntropyLoss())
        x = torch.randn(4, 3, requires_grad=True)
        y = torch.tensor([0, 1, 2, 0])
        assert torch.equal(scripted(x, y), nn.CrossEntropyLoss()(x, y))

    watched(go)


def test_a_whole_model_can_be_saved_in_the_middle(watched: Watched, tmp_path: object) -> None:
    model = nn.Sequential(nn.Linear(8, 3))

    def go() -> None:
        for _ in range(3):
            _fit(model, list(model.parameters()), steps=2)
            torch.save(model, f"{tmp_path}/model.pt")
            assert not model._forward_hooks
            assert not model._forward_pre_hooks

    watched(go)
    again = torch.load(f"{tmp_path}/model.pt", weights_only=False)
    assert torch.equal(again[0].weight, model[0].weight)


def test_learning_rate_and_update_sizes(watched: Watched) -> None:
    model = nn.Linear(8, 3, bias=False)
    rates: list[float] = []

    def go() -> None:
        torch.manual_seed(0)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.4)
        schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
        for _ in range(3):
            x = torch.randn(16, 8)
            optimizer.zero_grad()
            F.cross_entropy(model(x), x.argmax(1) % 3).backward()
            before = model.weight.detach().clone()
            optimizer.step()
            rates.append(float((model.weight.detach() - before).norm() / before.norm()))
            schedule.step()

    run = watched(go)
    assert run.series("optimizer", 0, "learning_rate").values == pytest.approx([0.4, 0.2, 0.1])
    assert run.series("parameter", 0, "update_ratio").values == pytest.approx(rates, rel=1e-5)


def test_a_forked_child_is_not_watched_and_probes_do_not_pile_up() -> None:
    import gc
    import weakref

    run = Run("test", "test.py")
    probe = Probe(run, lambda facts, vitals: None, every=1)
    probe.attach()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        _fit(nn.Linear(8, 3), [torch.zeros(1, requires_grad=True)], steps=1)
        os.write(writer, f"{run.steps} {probe.guard.active}".encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reader, 100) == b"0 False"
    os.close(reader)
    os.close(writer)
    assert probe.guard.active
    probe.finish()
    gone = weakref.ref(probe)
    del probe
    gc.collect()
    assert gone() is None


def test_a_probe_that_cannot_attach_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    before = (torch.autograd.backward, F.cross_entropy, nn.Module.__init__, torch.no_grad.__enter__)
    probe = Probe(Run("test", "test.py"), lambda facts, vitals: None)

    def broken(**_: object) -> None:
        raise RuntimeError("cannot arm")

    monkeypatch.setattr(probe, "_arm", broken)
    with pytest.raises(RuntimeError, match="cannot arm"):
        probe.attach()
    after = (torch.autograd.backward, F.cross_entropy, nn.Module.__init__, torch.no_grad.__enter__)
    assert before == after
