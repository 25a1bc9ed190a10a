"""Mutation operators: each puts one fault into a healthy script, at every place where it fits."""

from __future__ import annotations

__all__ = ["OPERATORS", "Mutant", "Operator", "mutants"]

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import libcst as cst
import libcst.matchers as m
from libcst.metadata import MetadataWrapper, ParentNodeProvider, PositionProvider

Change = Callable[[cst.CSTNode], "cst.CSTNode | cst.RemovalSentinel | cst.FlattenSentinel | None"]

_PREDICTED = (
    "cross_entropy",
    "mse_loss",
    "binary_cross_entropy_with_logits",
    "smooth_l1_loss",
    "l1_loss",
    "nll_loss",
)


@dataclass(frozen=True)
class Operator:
    """One kind of fault.

    Attributes:
        name: what it does.
        accepted: slugs of the findings that name the fault rightly.
        node: the type of node that it changes.
        change: gives the changed node; None where it does not fit.
    """

    name: str
    accepted: tuple[str, ...]
    node: type[cst.CSTNode]
    change: Change


@dataclass(frozen=True)
class Mutant:
    """A script with one fault: the operator, which place it is, the changed line, the source."""

    operator: Operator
    place: int
    line: int
    source: str


def mutants(source: str, operators: tuple[Operator, ...]) -> Iterator[Mutant]:
    """Apply every operator at every place where it fits.

    Args:
        source: of a healthy script.
        operators: which.
    """
    wrapper = MetadataWrapper(cst.parse_module(source))
    positions = wrapper.resolve(PositionProvider)
    parents = wrapper.resolve(ParentNodeProvider)
    for operator in operators:
        place = 0
        for node in _all(wrapper.module, operator.node):
            if not isinstance(parents.get(node), (cst.IndentedBlock, cst.Module, cst.CSTNode)):
                continue
            changed = operator.change(node)
            if changed is None:
                continue
            line = positions[node].start.line
            made = wrapper.module.visit(_Replace(node, changed))
            if isinstance(made, cst.Module) and made.code != source:
                yield Mutant(operator, place, line, made.code)
                place += 1


class _Replace(cst.CSTTransformer):
    def __init__(self, old: cst.CSTNode, new: object) -> None:
        super().__init__()
        self._old, self._new = old, new

    def on_leave(self, original: cst.CSTNode, updated: cst.CSTNode) -> object:  # type: ignore[override]
        if original is self._old:
            return self._new
        return super().on_leave(original, updated)


def _all(tree: cst.CSTNode, kind: type[cst.CSTNode]) -> list[cst.CSTNode]:
    found: list[cst.CSTNode] = []

    def walk(node: cst.CSTNode) -> None:
        if isinstance(node, kind):
            found.append(node)
        for child in node.children:
            walk(child)

    walk(tree)
    return found


# What statements and calls look like


def _code(node: cst.CSTNode) -> str:
    return cst.Module([]).code_for_node(node)


def _method(node: cst.CSTNode, name: str) -> cst.Call | None:
    """The call `something.name(...)` that is a statement of its own."""
    pattern = m.SimpleStatementLine(
        body=[m.Expr(value=m.Call(func=m.Attribute(attr=m.Name(name))))]
    )
    if not m.matches(node, pattern):
        return None
    call = node.body[0].value  # type: ignore[attr-defined]
    assert isinstance(call, cst.Call)
    return call


def _owner(call: cst.Call) -> str:
    assert isinstance(call.func, cst.Attribute)
    return _code(call.func.value)


def _is_optimizer(call: cst.Call) -> bool:
    name = _owner(call).lower()
    return "opt" in name or name in ("sgd", "adam")


def _statement(text: str) -> cst.SimpleStatementLine:
    made = cst.parse_statement(text)
    assert isinstance(made, cst.SimpleStatementLine)
    return made


def _lines(*statements: cst.BaseStatement) -> cst.FlattenSentinel[cst.BaseStatement]:
    return cst.FlattenSentinel(statements)


def _remove(name: str, *, optimizer: bool) -> Change:
    def change(node: cst.CSTNode) -> cst.CSTNode | cst.FlattenSentinel | None:
        call = _method(node, name)
        if call is None or (optimizer and not _is_optimizer(call)):
            return None
        return _statement("pass")

    return change


def _beside_step(before: str = "", after: str = "") -> Change:
    """Puts statements around `optimizer.step()`; `{o}` is the optimizer, `{p}` what it holds."""

    def change(node: cst.CSTNode) -> cst.CSTNode | cst.FlattenSentinel | None:
        call = _method(node, "step")
        if call is None or call.args or not _is_optimizer(call):
            return None
        assert isinstance(node, cst.SimpleStatementLine)
        plain = node.with_changes(leading_lines=())
        owner = _owner(call)
        held = f"[p for g in {owner}.param_groups for p in g['params']]"
        first = [_statement(before.format(o=owner, p=held))] if before else []
        last = [_statement(after.format(o=owner, p=held))] if after else []
        return _lines(*first, plain, *last)

    return change


def _zero_late(node: cst.CSTNode) -> cst.FlattenSentinel | None:
    """Sets gradients to zero between backward() and step()."""
    call = _method(node, "step")
    if call is None or call.args or not _is_optimizer(call):
        return None
    assert isinstance(node, cst.SimpleStatementLine)
    return _lines(_statement(f"{_owner(call)}.zero_grad()"), node.with_changes(leading_lines=()))


def _is_constructor(node: cst.CSTNode) -> bool:
    names = ("SGD", "Adam", "AdamW", "RMSprop", "NAdam", "Adagrad")
    if not isinstance(node, cst.Call):
        return False
    return _code(node.func).rpartition(".")[2] in names


def _rate(factor: float) -> Change:
    def change(node: cst.CSTNode) -> cst.CSTNode | None:
        if not _is_constructor(node):
            return None
        assert isinstance(node, cst.Call)
        for at, arg in enumerate(node.args):
            named = arg.keyword is not None and arg.keyword.value == "lr"
            if named or (at == 1 and arg.keyword is None):
                value = cst.parse_expression(f"({_code(arg.value)}) * {factor!r}")
                args = [*node.args[:at], arg.with_changes(value=value), *node.args[at + 1 :]]
                return node.with_changes(args=args)
        return None

    return change


def _copied(node: cst.CSTNode) -> cst.CSTNode | None:
    """Gives an optimizer the parameters of a copy."""
    if not _is_constructor(node):
        return None
    assert isinstance(node, cst.Call)
    first = node.args[0].value if node.args else None
    if first is None or not _code(first).endswith(".parameters()"):
        return None
    owner = _code(first).removesuffix(".parameters()")
    value = cst.parse_expression(f"__import__('copy').deepcopy({owner}).parameters()")
    return node.with_changes(args=[node.args[0].with_changes(value=value), *node.args[1:]])


def _argument(name: str, value: str) -> Change:
    """Gives an optimizer another argument."""

    def change(node: cst.CSTNode) -> cst.CSTNode | None:
        if not _is_constructor(node):
            return None
        assert isinstance(node, cst.Call)
        kept = [a for a in node.args if a.keyword is None or a.keyword.value != name]
        if name == "momentum" and "SGD" not in _code(node.func):
            return None
        made = cst.parse_expression(f"f(a, {name}={value})")
        assert isinstance(made, cst.Call)
        return node.with_changes(args=[*kept, made.args[1]])

    return change


def _loss(functions: tuple[str, ...], at: int, wrapped: str) -> Change:
    """Wraps an argument of a loss function; `{a}` is the argument."""

    def change(node: cst.CSTNode) -> cst.CSTNode | None:
        if not isinstance(node, cst.Call) or len(node.args) <= at:
            return None
        name = _code(node.func).rpartition(".")[2]
        if name not in functions or node.args[at].keyword is not None or node.args[at].star:
            return None
        value = cst.parse_expression(wrapped.format(a=_code(node.args[at].value)))
        args = [*node.args[:at], node.args[at].with_changes(value=value), *node.args[at + 1 :]]
        return node.with_changes(args=args)

    return change


def _summed(node: cst.CSTNode) -> cst.CSTNode | None:
    if not isinstance(node, cst.Call) or not m.matches(node.func, m.Attribute()):
        return None
    if _code(node.func).rpartition(".")[2] not in _PREDICTED or "reduction" in _code(node):
        return None
    made = cst.parse_expression("f(a, reduction='sum')")
    assert isinstance(made, cst.Call)
    return node.with_changes(args=[*node.args, made.args[1]])


def _layer(old: tuple[str, ...], new: str) -> Change:
    """Replaces a layer without arguments."""

    def change(node: cst.CSTNode) -> cst.CSTNode | None:
        if isinstance(node, cst.Call) and _code(node.func) in old and not node.args:
            return cst.parse_expression(new)
        return None

    return change


def _dropped(node: cst.CSTNode) -> cst.CSTNode | None:
    if isinstance(node, cst.Call) and _code(node.func) in ("nn.Dropout", "torch.nn.Dropout"):
        return cst.parse_expression("torch.nn.Dropout(0.95)")
    return None


def _repeated(node: cst.CSTNode) -> cst.CSTNode | None:
    """Turns a list of layers into one layer several times."""
    if not isinstance(node, cst.ListComp) or not isinstance(node.elt, cst.Call):
        return None
    source = node.for_in.iter
    if not m.matches(source, m.Call(func=m.Name("range"))):
        return None
    target = _code(node.for_in.target)
    if target != "_" and target in _code(node.elt):
        return None
    return cst.parse_expression(f"[{_code(node.elt)}] * len({_code(source)})")


def _unshuffled(node: cst.CSTNode) -> cst.CSTNode | None:
    if m.matches(node, m.Arg(keyword=m.Name("shuffle"), value=m.Name("True"))):
        assert isinstance(node, cst.Arg)
        return node.with_changes(value=cst.Name("False"))
    return None


_HIDDEN = ("nn.ReLU", "nn.Tanh", "nn.GELU", "nn.SiLU", "nn.LeakyReLU", "torch.nn.ReLU")
_SLOW = ("learning-rate-too-low", "too-few-epochs")
_BLOWN = ("learning-rate-too-high", "exploding-gradient", "non-finite-loss", "oscillating-loss")
_CLASSES = ("cross_entropy",)
_VALUES = ("mse_loss", "smooth_l1_loss", "l1_loss")
_RARE = "getattr({o}, '_s', None) or setattr({o}, '_s', torch.optim.lr_scheduler"
_EVERY = "{o}._s.step()"

OPERATORS: tuple[Operator, ...] = (
    Operator(
        "drop-zero-grad",
        ("accumulating-gradients",),
        cst.SimpleStatementLine,
        _remove("zero_grad", optimizer=True),
    ),
    Operator(
        "drop-step",
        ("parameters-never-updated",),
        cst.SimpleStatementLine,
        _remove("step", optimizer=True),
    ),
    Operator(
        "drop-backward",
        ("parameters-never-updated", "frozen-parameter-in-optimizer"),
        cst.SimpleStatementLine,
        _remove("backward", optimizer=False),
    ),
    Operator(
        "drop-eval",
        ("training-mode-at-evaluation",),
        cst.SimpleStatementLine,
        _remove("eval", optimizer=False),
    ),
    Operator(
        "drop-train",
        ("evaluation-mode-at-training",),
        cst.SimpleStatementLine,
        _remove("train", optimizer=False),
    ),
    Operator("zero-grad-before-step", ("zeroed-gradients",), cst.SimpleStatementLine, _zero_late),
    Operator(
        "tiny-clip",
        ("overclipped-gradients",),
        cst.SimpleStatementLine,
        _beside_step(before="torch.nn.utils.clip_grad_norm_({p}, 1e-5)"),
    ),
    Operator(
        "tiny-clip-by-value",
        ("overclipped-gradients",),
        cst.SimpleStatementLine,
        _beside_step(before="torch.nn.utils.clip_grad_value_({p}, 1e-7)"),
    ),
    Operator(
        "late-clip",
        ("late-clipping",),
        cst.SimpleStatementLine,
        _beside_step(after="torch.nn.utils.clip_grad_norm_({p}, 1.0)"),
    ),
    Operator(
        "noisy-gradient",
        ("noisy-batches", "oscillating-loss"),
        cst.SimpleStatementLine,
        _beside_step(
            before="[p.grad.add_(torch.randn_like(p.grad) * 10 * p.grad.abs().max()) for p in {p}]"
        ),
    ),
    Operator(
        "step-lr-per-batch",
        ("mistimed-schedule",),
        cst.SimpleStatementLine,
        _beside_step(before=_RARE + ".StepLR({o}, 8, 0.1))", after=_EVERY),
    ),
    Operator(
        "exponential-per-batch",
        ("mistimed-schedule",),
        cst.SimpleStatementLine,
        _beside_step(before=_RARE + ".ExponentialLR({o}, 0.8))", after=_EVERY),
    ),
    Operator(
        "linear-per-batch",
        ("mistimed-schedule",),
        cst.SimpleStatementLine,
        _beside_step(before=_RARE + ".LinearLR({o}, 1.0, 0.0, 10))", after=_EVERY),
    ),
    Operator(
        "long-warm-up",
        ("mistimed-schedule",),
        cst.SimpleStatementLine,
        _beside_step(before=_RARE + ".LambdaLR({o}, lambda n: min(1.0, n / 1e6)))", after=_EVERY),
    ),
    Operator(
        "rate-by-hand",
        ("mistimed-schedule",),
        cst.SimpleStatementLine,
        _beside_step(after="[g.update(lr=g['lr'] * 0.8) for g in {o}.param_groups]"),
    ),
    Operator(
        "high-rate",
        (*_BLOWN, "dying-relu", "saturated-activation", "collapsed-activations"),
        cst.Call,
        _rate(1e3),
    ),
    Operator("low-rate", _SLOW, cst.Call, _rate(1e-4)),
    Operator(
        "optimizer-of-a-copy",
        ("frozen-parameter-in-optimizer", "replaced-parameters", "parameters-never-updated"),
        cst.Call,
        _copied,
    ),
    Operator(
        "heavy-decay",
        ("underfitting", "collapsed-activations", "excessive-weight-decay"),
        cst.Call,
        _argument("weight_decay", "10.0"),
    ),
    Operator("heavy-momentum", _BLOWN, cst.Call, _argument("momentum", "0.999")),
    Operator(
        "softmax-before-loss",
        ("double-softmax",),
        cst.Call,
        _loss(_CLASSES, 0, "torch.softmax({a}, 1)"),
    ),
    Operator(
        "sigmoid-before-loss",
        ("sigmoid-with-cross-entropy",),
        cst.Call,
        _loss(_CLASSES, 0, "torch.sigmoid({a})"),
    ),
    Operator(
        "relu-before-loss",
        ("clipped-outputs", "dying-relu", "final-relu"),
        cst.Call,
        _loss(_CLASSES, 0, "torch.relu({a})"),
    ),
    Operator(
        "double-sigmoid",
        ("double-sigmoid",),
        cst.Call,
        _loss(("binary_cross_entropy_with_logits",), 0, "torch.sigmoid({a})"),
    ),
    Operator(
        "bounded-output",
        ("bounded-regression-output",),
        cst.Call,
        _loss(_VALUES, 0, "torch.sigmoid({a})"),
    ),
    Operator(
        "dropout-at-the-loss",
        ("functional-dropout", "training-mode-at-evaluation", "excessive-dropout"),
        cst.Call,
        _loss(_PREDICTED, 0, "torch.nn.functional.dropout({a}, 0.5)"),
    ),
    Operator(
        "labels-of-other-rows",
        ("unrelated-targets", "mismatched-targets", "underfitting"),
        cst.Call,
        _loss(_PREDICTED, 1, "({a})[torch.randperm(len({a}))]"),
    ),
    Operator(
        "rows-mixed-by-softmax",
        ("mixed-rows", "double-softmax"),
        cst.Call,
        _loss(_CLASSES, 0, "torch.log_softmax({a}, 0)"),
    ),
    Operator(
        "cut-from-the-graph",
        ("unreached-parameters", "parameters-never-updated"),
        cst.Call,
        _loss(_PREDICTED, 0, "({a}).detach().requires_grad_()"),
    ),
    Operator(
        "targets-in-other-units",
        ("unscaled-targets",),
        cst.Call,
        _loss(_VALUES, 1, "({a}) * 1000.0"),
    ),
    Operator(
        "transposed-targets",
        ("broadcast-loss",),
        cst.Call,
        _loss(("mse_loss",), 1, "({a}).flatten()"),
    ),
    Operator("summed-loss", ("sum-reduced-loss", *_BLOWN), cst.Call, _summed),
    Operator(
        "no-activation", ("stacked-linear",), cst.Call, _layer(_HIDDEN, "torch.nn.Identity()")
    ),
    Operator(
        "sigmoid-activation",
        ("vanishing-gradient", "saturated-activation", "off-centre-activation", "mis-scaled-init"),
        cst.Call,
        _layer(_HIDDEN, "torch.nn.Sigmoid()"),
    ),
    Operator(
        "hard-activation",
        ("vanishing-gradient", "dying-relu", "saturated-activation"),
        cst.Call,
        _layer(_HIDDEN, "torch.nn.Threshold(5.0, 0.0)"),
    ),
    Operator("heavy-dropout", ("excessive-dropout",), cst.Call, _dropped),
    Operator("one-layer-many-times", ("repeated-module",), cst.ListComp, _repeated),
    Operator("no-shuffling", ("unshuffled-batches",), cst.Arg, _unshuffled),
)
"""All operators, in the order of the table. Odd ones are calibration, even ones are judged once."""
