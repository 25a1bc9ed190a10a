"""The live run opened for remedies: its moments, and that it changes nothing by itself."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from tests.forked import run_forked
from tests.remedies.training import classes, network, sgd, train, values
from tests.treated import treated, trial
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from trainwell.remedies.catalogue import REMEDIES, parse
from trainwell.remedies.live import name_in
from trainwell.remedies.moments import Building, Call, Loading, Loss

KINDS = [
    # Compiling takes longer than all others together.
    pytest.param(p, id=p.stem, marks=[pytest.mark.slow] if p.stem == "compiled" else [])
    for p in sorted((Path(__file__).parent.parent / "kinds").glob("*.py"))
]
HERE = __file__


@pytest.mark.parametrize("script", KINDS)
def test_a_run_that_is_only_surveyed_is_bit_identical(script: Path) -> None:
    bare = run_forked(script, "3", probed=False)
    seen = trial(script, "3", survey=True)
    assert (seen.status, seen.error) == (0, "")
    assert "digest" in bare.output
    assert seen.output == bare.output
    assert seen.survey is not None
    # Ranks train in processes of their own.
    assert seen.steps > 0 or script.stem == "ddp"


def test_without_remedies_losses_weights_and_random_numbers_stay() -> None:
    bare = train(classes())
    state = torch.get_rng_state()
    with treated():
        seen = train(classes())
    assert torch.equal(torch.get_rng_state(), state)
    assert seen.losses == bare.losses
    assert seen.judged == bare.judged
    assert all(map(torch.equal, seen.weights, bare.weights))


def test_everything_is_given_back() -> None:
    owners = [F, torch, torch.Tensor, torch.autograd, torch.optim, DataLoader, nn.Module]
    before = {(o, name): value for o in owners for name, value in vars(o).items()}
    optimizer_init = torch.optim.Optimizer.__init__
    everything = [kind() for kind in REMEDIES.values()]
    with treated(*everything):
        assert torch.optim.Optimizer.__init__ is not optimizer_init
    assert torch.optim.Optimizer.__init__ is optimizer_init
    changed = [
        name
        for (owner, name), value in before.items()
        if not name.startswith("__") and vars(owner).get(name) is not value
    ]
    assert changed == []


class TestMoments:
    def test_an_optimizer_is_seen_with_its_models_and_their_names(self) -> None:
        seen: list[Building] = []
        with treated() as live:
            live.on_building.append(seen.append)
            first, second = network(), network()
            groups = [{"params": second.parameters(), "lr": 0.5}, {"params": first.parameters()}]
            line = sys._getframe().f_lineno + 1
            torch.optim.Adam(groups)
        [building] = seen
        assert (building.kind, building.file, building.line) == ("Adam", HERE, line)
        assert building.settings["lr"] == 0.001
        assert building.groups[0]["lr"] == 0.5
        assert building.models == [second, first]
        assert building.names == ["second", "first"]

    def test_of_modules_in_each_other_the_outermost_counts(self) -> None:
        seen: list[Building] = []
        with treated() as live:
            live.on_building.append(seen.append)
            whole = nn.Sequential(network(), nn.ReLU())
            torch.optim.SGD(whole[0][0].parameters(), lr=0.1)
        assert seen[0].models == [whole]
        assert seen[0].names == ["whole"]

    def test_named_parameters_are_parameters(self) -> None:
        with treated() as live:
            model = network()
            optimizer = torch.optim.SGD(list(model.named_parameters()), lr=0.1)
        assert live.optimizers == [optimizer]
        assert optimizer.param_groups[0]["param_names"][0] == "0.weight"
        assert optimizer.param_groups[0]["params"] == list(model.parameters())

    @pytest.mark.parametrize(
        "wrong", [torch.zeros(3), [], iter([]), [3], [{"lr": 0.1}], [{"params": set()}], 3]
    )
    def test_what_pytorch_does_not_take_is_pytorchs_own_error(self, wrong: Any) -> None:
        with pytest.raises((TypeError, ValueError, KeyError, AssertionError)) as bare:
            torch.optim.SGD(wrong, lr=0.1)
        with treated(), pytest.raises(bare.type) as seen:
            torch.optim.SGD(wrong, lr=0.1)
        assert str(seen.value) == str(bare.value)

    def test_groups_stay_as_the_script_gave_them(self) -> None:
        def groups() -> list[dict[str, Any]]:
            model = network()
            made = [
                {"params": model[0].named_parameters(), "lr": 0.5},
                {"params": model[2].named_parameters()},
            ]
            return torch.optim.SGD(made, lr=0.1).param_groups

        bare = groups()
        with treated():
            seen = groups()
        assert [list(g) for g in seen] == [list(g) for g in bare]
        assert [g["lr"] for g in seen] == [0.5, 0.1]
        assert [len(g["params"]) for g in seen] == [2, 2]
        assert seen[1].get("param_names") == bare[1].get("param_names") is not None

    def test_only_the_outermost_call_of_a_network_that_learns_is_seen(self) -> None:
        seen: list[Call] = []
        with treated() as live:
            live.on_call.append(seen.append)
            model, fixed = network(), nn.Softmax(1)
            fixed(model(torch.ones(2, 4)))
            with torch.no_grad():
                model(torch.ones(2, 4))
        assert [(c.module, c.training) for c in seen] == [(model, True), (model, False)]

    def test_a_line_that_evaluates_with_gradients_does_not_train(self) -> None:
        calls: list[bool] = []
        losses: list[bool] = []
        here = sys._getframe().f_lineno
        model, x, y = network(), torch.ones(2, 4), torch.zeros(2, dtype=torch.long)
        with treated(evaluates_at=frozenset({(HERE, here + 6)})) as live:
            live.on_call.append(lambda call: calls.append(call.training))
            live.on_loss.append(lambda loss: losses.append(loss.training))
            output = model(x)
            F.cross_entropy(output, y)

            output = model(x)
            F.cross_entropy(output, y)
        assert calls == [False, True]
        assert losses == [False, True]

    def test_a_loss_module_is_seen_where_the_script_calls_it(self) -> None:
        seen: list[Loss] = []
        with treated() as live:
            live.on_loss.append(seen.append)
            criterion = nn.CrossEntropyLoss(label_smoothing=0.2)
            output = network()(torch.ones(2, 4))
            result = criterion(output, torch.zeros(2, dtype=torch.long))
            line = sys._getframe().f_lineno - 1
        [loss] = seen
        assert (loss.name, loss.file, loss.line) == ("cross_entropy", HERE, line)
        assert loss.options["label_smoothing"] == 0.2
        assert loss.training
        assert torch.equal(loss.run(), result)

    @pytest.mark.parametrize("how", ["positional", "keywords", "swapped"])
    def test_a_loss_is_seen_however_it_is_called(self, how: str) -> None:
        seen: list[Loss] = []
        output, target = torch.rand(3, 1), torch.rand(3, 1)
        with treated() as live:
            live.on_loss.append(seen.append)
            if how == "positional":
                result = F.mse_loss(output, target, None, None, "sum")
            elif how == "keywords":
                result = F.mse_loss(input=output, target=target, reduction="sum")
            else:
                result = F.mse_loss(target=target, input=output, reduction="sum")
        assert torch.equal(seen[0].prediction, output)
        assert seen[0].options["reduction"] == "sum"
        assert result.item() == pytest.approx(((output - target) ** 2).sum().item())

    def test_evaluations_end_when_training_goes_on(self) -> None:
        told: list[float] = []
        begun: list[int] = []
        with treated() as live:
            live.after_evaluation.append(told.append)
            live.before_evaluation.append(lambda: begun.append(len(told)))
            seen = train(classes(), epochs=3)
        # Batches of 20 and 12 rows: the mean counts rows. The last one is never closed.
        assert told == pytest.approx(seen.judged[:2])
        assert begun == [0, 1, 2]

    def test_backward_is_over_when_it_is_told(self) -> None:
        seen: list[bool] = []
        model = network()
        with treated() as live:
            live.after_backward.append(lambda: seen.append(model[0].weight.grad is not None))
            model(torch.ones(2, 4)).sum().backward()
            torch.autograd.backward(model(torch.ones(2, 4)).sum())
        assert seen == [True, True]

    def test_steps_are_seen_with_their_gradients_there(self) -> None:
        order: list[str] = []
        with treated() as live:
            live.before_step.append(lambda o: order.append(f"before {grad(o) is not None}"))
            live.after_step.append(lambda o: order.append("after"))
            train(classes(), epochs=1, batch=64)
        assert order == ["before True", "after"]

    @pytest.mark.parametrize("keyword", [False, True])
    def test_inside_a_closure_the_gradients_are_there(self, keyword: bool) -> None:
        seen: list[bool] = []
        data, model = classes(), network()
        with treated() as live:
            live.before_step.append(lambda o: seen.append(grad(o) is not None))
            optimizer = torch.optim.LBFGS(model.parameters(), max_iter=3)

            def closure() -> torch.Tensor:
                optimizer.zero_grad(set_to_none=True)
                loss = F.cross_entropy(model(data.x), data.y)
                loss.backward()
                return loss

            result = optimizer.step(closure=closure) if keyword else optimizer.step(closure)
        assert result is not None
        assert len(seen) >= 3
        assert all(seen)

    def test_a_loader_may_be_changed_before_it_is_made(self) -> None:
        def change(loading: Loading) -> None:
            assert (loading.file, loading.line) == (HERE, line)
            loading.arguments["batch_size"] = 3

        with treated() as live:
            live.on_loading.append(change)
            line = sys._getframe().f_lineno + 1
            loader = DataLoader(TensorDataset(torch.arange(6)), 2, drop_last=True)
        assert [len(batch[0]) for batch in loader] == [3, 3]
        assert loader.drop_last


class TestReasons:
    def test_a_moment_that_never_comes(self) -> None:
        [clip] = parse("clip_gradients")
        with treated(clip) as live:
            train(classes(), step=False)
        assert live.unused([clip]) == {"clip_gradients": "its moment never came in this run"}

    def test_what_acted_is_not_unused(self) -> None:
        [clip] = parse("clip_gradients")
        with treated(clip) as live:
            train(classes())
        assert live.unused([clip]) == {}
        assert live.counts == {"clip_gradients": 12}

    @pytest.mark.parametrize(
        ("name", "reason"),
        [
            ("weigh_classes", "the classes have to be counted first: use `trainwell treat`"),
            ("train_shorter", "the number of steps has to be known: use `trainwell treat`"),
            ("match_loss", "the targets are not zeros and ones of the outputs' shape"),
            ("lower_dropout", "its moment never came in this run"),
        ],
    )
    def test_a_remedy_that_cannot_act_says_why(self, name: str, reason: str) -> None:
        remedies = parse(name)
        with treated(*remedies) as live:
            train(values(), network(1), loss=F.mse_loss, epochs=1)
        assert live.unused(remedies) == {name: reason}

    def test_a_sampler_of_its_own_is_not_shuffled(self) -> None:
        remedies = parse("shuffle_batches")
        data = TensorDataset(torch.arange(6))
        with treated(*remedies) as live:
            loader = DataLoader(data, sampler=torch.utils.data.SequentialSampler(data))
        assert [int(batch[0]) for batch in loader] == list(range(6))
        assert live.unused(remedies) == {"shuffle_batches": "the loader has a sampler of its own"}


class TestNames:
    def test_variables_attributes_and_self(self) -> None:
        class Trainer:
            def __init__(self) -> None:
                self.model = network()
                self.optimizer = sgd(self.model)

            def frames(self) -> tuple[Any, Any]:
                return sys._getframe(), self.model

        trainer = Trainer()
        frame, model = trainer.frames()
        assert name_in(frame, model) == "self.model"
        assert name_in(frame, trainer) == "self"
        assert name_in(sys._getframe(), trainer) == "trainer"
        assert name_in(sys._getframe(), object()) is None
        assert name_in(None, trainer) is None

    def test_submodules_of_a_module(self) -> None:
        class Whole(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.body = network()

            def frame(self) -> Any:
                return sys._getframe()

        whole = Whole()
        assert name_in(whole.frame(), whole.body) == "self.body"
        assert name_in(whole.frame(), whole) == "self"


def grad(optimizer: torch.optim.Optimizer) -> torch.Tensor | None:
    return optimizer.param_groups[0]["params"][0].grad
