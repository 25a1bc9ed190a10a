"""Keras's optimizers, losses and names, told from a package that only looks like Keras."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from trainwell.hooks import keras as bridge
from trainwell.hooks.events import Listener, LossCall
from trainwell.hooks.guard import HERE, Guard, Trouble
from trainwell.hooks.layer import HOOKS, KERAS
from trainwell.hooks.patch_set import PatchSet
from trainwell.probes.probe import Probe
from trainwell.record import Run

_OPTIMIZERS = '''
class BaseOptimizer:
    """What all optimizers of Keras are made from."""

    def __init__(self, learning_rate, name=None):
        self.learning_rate, self.name = learning_rate, name
        self._trainable_variables = []

    def build(self, variables):
        self._trainable_variables = list(variables)

    def _get_current_learning_rate(self):
        return self.learning_rate

    def get_config(self):
        return {"name": self.name, "learning_rate": self.learning_rate, "momentum": 0.9}

    def apply(self, grads, trainable_variables=None):
        """Apply gradients."""
        if trainable_variables is not None and not self._trainable_variables:
            self.build(trainable_variables)
        for gradient, variable in zip(grads, self._trainable_variables, strict=True):
            variable._value.data.sub_(self.learning_rate * gradient)
        return "applied"


class SGD(BaseOptimizer):
    def __init__(self, learning_rate=0.1):
        super().__init__(learning_rate, name="SGD")
'''

_LOSSES = '''
class Loss:
    """What all losses of Keras are made from."""

    def __call__(self, y_true, y_pred, sample_weight=None):
        result = self.call(y_true, y_pred)
        return result.mean() if sample_weight is None else (result * sample_weight).mean()


class LossFunctionWrapper(Loss):
    def __init__(self, fn, **options):
        self.fn, self._fn_kwargs = fn, options

    def call(self, y_true, y_pred):
        return self.fn(y_true, y_pred)
'''


@pytest.fixture
def keras(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A package with the few classes of Keras that are looked for."""
    made: dict[str, Any] = {}
    for name, source in (
        ("keras", ""),
        ("keras.src", ""),
        ("keras.src.optimizers", ""),
        ("keras.src.losses", ""),
        ("keras.src.optimizers.base_optimizer", _OPTIMIZERS),
        ("keras.src.losses.loss", _LOSSES),
    ):
        module = made[name] = ModuleType(name)
        exec(source, vars(module))
        monkeypatch.setitem(sys.modules, name, module)
    package = made["keras"]
    for module in made.values():
        for name, value in vars(module).items():
            if isinstance(value, type):
                setattr(package, name, value)
    return package


class Variable:
    """A variable of Keras's on PyTorch: a tensor with a name."""

    def __init__(self, name: str, value: torch.Tensor) -> None:
        self.name, self._value = name, value


class Dense(nn.Module):
    """A layer of Keras's: a module that holds its variables in lists of its own."""

    def __init__(self, name: str, inputs: int, outputs: int) -> None:
        super().__init__()
        self.name = name
        kernel = nn.Parameter(torch.full((inputs, outputs), 0.1))
        bias = nn.Parameter(torch.zeros(outputs))
        self._trainable_variables = [Variable("kernel", kernel), Variable("bias", bias)]
        self._non_trainable_variables = [Variable("seed", torch.zeros(1)), Variable("odd", None)]  # type: ignore[arg-type]
        self._torch_params = nn.ParameterDict({f"{name}/kernel": kernel, f"{name}/bias": bias})

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        kernel, bias = (v._value for v in self._trainable_variables)
        return x @ kernel + bias


class Sequential(nn.Module):
    """A model of Keras's: a layer that holds layers."""

    def __init__(self, *layers: Dense) -> None:
        super().__init__()
        self.name = "sequential"
        self._layers = list(layers)

    @property
    def variables(self) -> list[Variable]:
        return [v for layer in self._layers for v in layer._trainable_variables]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for layer in self._layers:
            x = layer(x)
        return x


Dense.__module__ = "keras.src.layers.core.dense"
Sequential.__module__ = "keras.src.models.sequential"


class Hearing(Listener):
    """Notes what Keras does."""

    def __init__(self) -> None:
        self.troubles: list[Trouble] = []
        self.guard = Guard(self.troubles.append)
        self.guard.active = True
        self.built: list[Any] = []
        self.stepped: list[Any] = []
        self.losses: list[LossCall] = []

    def optimizer_built(self, optimizer: Any) -> None:
        self.built.append(optimizer)

    def optimizer_stepped(self, optimizer: Any) -> None:
        self.stepped.append(optimizer)

    def loss_called(self, event: LossCall) -> None:
        self.losses.append(event)


@pytest.fixture
def hearing() -> Iterator[Hearing]:
    """A listener that is attached."""
    listener = Hearing()
    HOOKS.attach("probe", listener)
    yield listener
    HOOKS.detach(listener)


def _squared(y_true: torch.Tensor, y_pred: torch.Tensor) -> torch.Tensor:
    return F.mse_loss(y_pred, y_true, reduction="none").mean(-1)


def _named(name: str) -> Callable[..., torch.Tensor]:
    def function(y_true: torch.Tensor, y_pred: torch.Tensor) -> torch.Tensor:
        return (y_true - y_pred).square().mean(-1)

    function.__name__ = name
    return function


def _originals(keras: Any) -> list[Any]:
    return [vars(keras.BaseOptimizer)[n] for n in ("__init__", "apply")] + [
        vars(keras.Loss)["__call__"]
    ]


# Events


def test_keras_is_learned_when_a_layer_is_built(keras: Any, hearing: Hearing) -> None:
    before = _originals(keras)
    keras.SGD()
    assert hearing.built == []
    Dense("dense", 2, 1)
    now = _originals(keras)
    assert [a is b for a, b in zip(now, before, strict=True)] == [False] * 3
    assert len(now) == len(KERAS)
    for a, b in zip(now, before, strict=True):
        assert (a.__name__, a.__doc__, a.__wrapped__) == (b.__name__, b.__doc__, b)
    Dense("another", 2, 1)
    assert _originals(keras) == now, "it is learned once"


def test_without_keras_nothing_is_learned(
    hearing: Hearing, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [n for n in sys.modules if n == "keras" or n.startswith("keras.")]:
        monkeypatch.delitem(sys.modules, name)
    patches = PatchSet("a test")
    assert bridge.learn(patches, lambda *a: None, lambda o: None) is False
    # A package that is being imported, or another one of that name.
    monkeypatch.setitem(sys.modules, "keras", ModuleType("keras"))
    monkeypatch.setitem(sys.modules, "keras.src.losses.loss", ModuleType("loss"))
    assert bridge.learn(patches, lambda *a: None, lambda o: None) is False
    patches.restore()
    nn.Linear(2, 2)
    assert hearing.troubles == []


def test_everything_is_restored(keras: Any) -> None:
    before = _originals(keras)
    for _ in range(2):
        hearing = Hearing()
        HOOKS.attach("probe", hearing)
        Dense("dense", 2, 1)
        assert _originals(keras) != before
        optimizer = keras.SGD()
        HOOKS.detach(hearing)
        assert _originals(keras) == before
        assert "__init__" in vars(keras.SGD)
        assert len(hearing.built) == 1
        optimizer.apply([])
        assert hearing.stepped == []


def test_an_optimizer_is_told_when_it_is_built_and_when_it_steps(
    keras: Any, hearing: Hearing
) -> None:
    layer = Dense("dense", 2, 1)
    optimizer, other = keras.SGD(0.25), keras.SGD(0.5)
    assert len(hearing.built) == 2
    gradients = [torch.ones(2, 1), torch.ones(1)]
    assert optimizer.apply(gradients, layer._trainable_variables) == "applied"
    optimizer.apply(gradients)
    assert [o is hearing.built[0] for o in hearing.stepped] == [True, True]
    view = hearing.stepped[0]
    assert view.name == "SGD"
    (group,) = view.param_groups
    assert group["lr"] == 0.25
    assert [t is v._value for t, v in zip(group["params"], layer._trainable_variables, strict=True)]
    assert view.defaults == {"lr": 0.25, "momentum": 0.9}
    optimizer.learning_rate = 0.125
    assert view.param_groups[0]["lr"] == 0.125
    assert hearing.built[1].param_groups == [{"params": [], "lr": 0.5}]
    assert other is not optimizer
    assert hearing.troubles == []


def test_a_schedule_is_no_setting(keras: Any, hearing: Hearing) -> None:
    Dense("dense", 2, 1)
    optimizer = keras.SGD({"class_name": "ExponentialDecay"})
    assert hearing.built[0].defaults == {"momentum": 0.9}
    assert optimizer.get_config()["learning_rate"]


def test_an_optimizer_is_not_kept_alive(keras: Any, hearing: Hearing) -> None:
    Dense("dense", 2, 1)
    optimizer = keras.SGD()
    view = hearing.built[0]
    del optimizer
    gc.collect()
    assert view.param_groups == [{"params": [], "lr": None}]
    assert view.defaults == {}
    assert view.name == "SGD"


def test_an_optimizer_that_raises_has_not_stepped(keras: Any, hearing: Hearing) -> None:
    layer = Dense("dense", 2, 1)
    optimizer = keras.SGD()
    with pytest.raises(ValueError, match="argument 2"):
        optimizer.apply([torch.ones(2, 1)], layer._trainable_variables)
    assert hearing.stepped == []


@pytest.mark.parametrize("gradients", [True, False])
def test_a_loss_is_told_with_prediction_first(
    keras: Any, hearing: Hearing, gradients: bool
) -> None:
    Dense("dense", 2, 1)
    y_true, y_pred = torch.zeros(4, 1), torch.ones(4, 1, requires_grad=True)
    with torch.set_grad_enabled(gradients):
        result = keras.LossFunctionWrapper(_squared)(y_true, y_pred)
        keras.LossFunctionWrapper(_squared)(y_true, y_pred=y_pred, sample_weight=torch.ones(4))
    # What it calls itself is no loss of the script's.
    first, second = hearing.losses
    assert first.prediction is y_pred
    assert first.target is y_true
    assert first.result is result
    assert (first.kwargs, second.kwargs) == ({}, {"weight": True})
    assert first.gradients is gradients


def test_what_is_no_tensor_is_no_loss(keras: Any, hearing: Hearing) -> None:
    Dense("dense", 2, 1)
    symbolic = keras.LossFunctionWrapper(lambda y_true, y_pred: torch.tensor(1.0))
    symbolic([1.0], torch.ones(1))
    assert hearing.losses == []


def test_own_calls_and_calls_inside_are_no_events(keras: Any, hearing: Hearing) -> None:
    layer = Dense("dense", 2, 1)
    loss = keras.LossFunctionWrapper(_squared)
    optimizer = keras.SGD()

    def work() -> None:
        keras.SGD()
        loss(torch.zeros(4, 1), torch.ones(4, 1))
        optimizer.apply([torch.ones(2, 1), torch.ones(1)], layer._trainable_variables)

    before = len(hearing.built)
    hearing.guard.run("own work", work)
    assert (len(hearing.built), hearing.losses, hearing.stepped) == (before, [], [])
    assert hearing.troubles == []
    outer = keras.LossFunctionWrapper(lambda y_true, y_pred: loss(y_true, y_pred))
    outer(torch.zeros(4, 1), torch.ones(4, 1))
    assert len(hearing.losses) == 1


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_loss_that_raises_does_not_deafen(
    keras: Any, hearing: Hearing, error: type[BaseException]
) -> None:
    Dense("dense", 2, 1)

    def broken(y_true: torch.Tensor, y_pred: torch.Tensor) -> torch.Tensor:
        raise error

    with pytest.raises(error):
        keras.LossFunctionWrapper(broken)(torch.zeros(1), torch.zeros(1))
    assert not HERE.inside
    F.mse_loss(torch.zeros(1), torch.zeros(1))
    assert [e.name for e in hearing.losses] == ["mse_loss"]


def test_losses_of_idle_steps_are_not_told(keras: Any, hearing: Hearing) -> None:
    Dense("dense", 2, 1)
    told = []
    for step in range(3):
        weight = torch.ones(4, 1, requires_grad=True)
        loss = keras.LossFunctionWrapper(_squared)(torch.zeros(4, 1), weight)
        told.append(len(hearing.losses))
        if step == 0:
            HOOKS.idling.begin(1, 1)
        loss.backward()
    assert told == [1, 2, 3]
    HOOKS.idling.begin(1, 1)
    keras.LossFunctionWrapper(_squared)(torch.zeros(4, 1), weight)
    assert len(hearing.losses) == 3
    HOOKS.idling.end()


# Names


@pytest.mark.parametrize(
    ("function", "options", "name"),
    [
        ("mean_squared_error", {}, "mse_loss"),
        ("mean_absolute_error", {}, "l1_loss"),
        ("huber", {"delta": 1.0}, "huber_loss"),
        ("sparse_categorical_crossentropy", {"from_logits": True}, "cross_entropy"),
        ("categorical_crossentropy", {"from_logits": True}, "cross_entropy"),
        ("sparse_categorical_crossentropy", {}, "sparse_categorical_crossentropy"),
        ("categorical_crossentropy", {"from_logits": False}, "categorical_crossentropy"),
        ("binary_crossentropy", {"from_logits": True}, "binary_cross_entropy_with_logits"),
        ("binary_crossentropy", {}, "binary_cross_entropy"),
        ("poisson", {}, "poisson"),
    ],
)
def test_losses_go_by_the_names_of_pytorch(
    keras: Any, hearing: Hearing, function: str, options: dict[str, Any], name: str
) -> None:
    Dense("dense", 2, 1)
    keras.LossFunctionWrapper(_named(function), **options)(torch.zeros(4, 1), torch.ones(4, 1))
    assert [e.name for e in hearing.losses] == [name]


def test_a_loss_without_a_function_goes_by_its_class(keras: Any, hearing: Hearing) -> None:
    class Own(keras.Loss):  # type: ignore[misc]
        def call(self, y_true: torch.Tensor, y_pred: torch.Tensor) -> torch.Tensor:
            return (y_true - y_pred).abs()

    Dense("dense", 2, 1)
    Own()(torch.zeros(4, 1), torch.ones(4, 1))
    assert [e.name for e in hearing.losses] == ["Own"]


def test_layers_and_variables_go_by_their_own_names() -> None:
    layer = Dense("first", 2, 3)
    model = Sequential(layer, Dense("second", 3, 1))
    assert bridge.is_layer(layer)
    assert bridge.is_layer(model)
    assert not bridge.is_layer(nn.Linear(2, 2))
    assert [name for name, _ in bridge.layers_of(model)] == ["first", "second"]
    assert bridge.layers_of(layer) == []
    assert [name for name, _ in bridge.variables_of(layer)] == ["kernel", "bias", "seed"]
    assert bridge.variables_of(model) == []

    class Own(Dense):
        """A layer of the script's own, made from one of Keras's."""

    own = Own("own", 2, 1)
    own.inner = nn.Linear(2, 2)
    own.nothing = None
    assert bridge.is_layer(own)
    assert [name for name, _ in bridge.layers_of(own)] == ["inner"]


# The probe on top of it


@pytest.mark.parametrize("every", [1, None])
def test_a_training_with_keras_is_watched(
    keras: Any, monkeypatch: pytest.MonkeyPatch, every: int | None
) -> None:
    monkeypatch.setenv("TRAINWELL_DEBUG", "1")
    run = Run("test", "test.py")
    probe = Probe(run, lambda facts, vitals: None, every=every, home=__file__.rpartition("/")[0])
    before = _originals(keras)
    probe.attach()
    try:
        model = Sequential(Dense("first", 2, 3), Dense("second", 3, 1))
        optimizer = keras.SGD(0.01)
        loss = keras.LossFunctionWrapper(_named("mean_squared_error"))
        x = torch.randn(16, 2, generator=torch.Generator().manual_seed(0))
        for _ in range(20):
            for variable in model.variables:
                variable._value.grad = None
            loss(x.sum(1, keepdim=True), model(x)).backward()
            gradients = [variable._value.grad for variable in model.variables]
            with torch.no_grad():
                optimizer.apply(gradients, model.variables)
    finally:
        probe.finish()
    assert _originals(keras) == before
    assert run.steps == 20
    (fact,) = run.optimizers.values()
    assert (fact.name, fact.steps) == ("SGD", 20)
    assert fact.settings["lr"] == 0.01
    (call,) = run.losses.values()
    assert (call.function, call.phase) == ("mse_loss", "training")
    names = {p.name for p in run.parameters.values()}
    assert names == {
        f"{layer}.{kind}" for layer in ("first", "second") for kind in ("kernel", "bias")
    }
    assert all(fact.number in p.optimizers for p in run.parameters.values())
    kernel = next(n for n, p in run.parameters.items() if p.name == "first.kernel")
    assert len(run.series("parameter", kernel, "update_ratio").values) >= 3
