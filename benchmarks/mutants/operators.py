"""Mutation operators: each puts one fault into a healthy script, at every place where it fits.

The faults are those that people report, and those of DeepCrime (Humbatova, Jahangirova and Tonella
2021) and TheDeepChecker (Ben Braiek and Khomh 2023), by the descriptions in the papers.
"""

from __future__ import annotations

__all__ = ["OPERATORS", "Mutant", "Operator", "mutants"]

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import libcst as cst
import libcst.matchers as m
from benchmarks.mutants.program import Program, code_of

Change = Callable[
    [cst.CSTNode, Program], "cst.CSTNode | cst.RemovalSentinel | cst.FlattenSentinel | None"
]


@dataclass(frozen=True)
class Operator:
    """One kind of fault.

    Attributes:
        name: what it does.
        accepted: slugs of the findings that name the fault rightly; empty for a change that should
            do no harm.
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
    program = Program(source)
    for operator in operators:
        place = 0
        for node in program.nodes(operator.node):
            changed = operator.change(node, program)
            if changed is None:
                continue
            made = program.module.visit(_Replace(node, changed))
            if isinstance(made, cst.Module) and made.code != source:
                yield Mutant(operator, place, program.line(node), made.code)
                place += 1


class _Replace(cst.CSTTransformer):
    def __init__(self, old: cst.CSTNode, new: object) -> None:
        super().__init__()
        self._old, self._new = old, new

    def on_leave(self, original: cst.CSTNode, updated: cst.CSTNode) -> object:  # type: ignore[override]
        if original is self._old:
            return self._new
        return super().on_leave(original, updated)


# Statements


def _statement(text: str) -> cst.SimpleStatementLine:
    made = cst.parse_statement(text)
    assert isinstance(made, cst.SimpleStatementLine)
    return made


def _beside(node: cst.CSTNode, before: str, after: str) -> cst.FlattenSentinel:
    assert isinstance(node, cst.SimpleStatementLine)
    last = [_statement(after)] if after else []
    if not before:
        return cst.FlattenSentinel([node, *last])
    first = _statement(before).with_changes(leading_lines=node.leading_lines)
    return cst.FlattenSentinel([first, node.with_changes(leading_lines=()), *last])


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
    return code_of(call.func.value)


def _is_optimizer(call: cst.Call) -> bool:
    name = _owner(call).lower()
    return "opt" in name or name in ("sgd", "adam")


def _instead(name: str, statement: str, *, optimizer: bool = False) -> Change:
    """Replaces the statement `something.name(...)`; `{o}` is what the method belongs to."""

    def change(node: cst.CSTNode, _: Program) -> cst.CSTNode | None:
        call = _method(node, name)
        if call is None or (optimizer and not _is_optimizer(call)):
            return None
        assert isinstance(node, cst.SimpleStatementLine)
        made = _statement(statement.format(o=_owner(call)))
        return made.with_changes(leading_lines=node.leading_lines)

    return change


def _beside_step(before: str = "", after: str = "") -> Change:
    """Puts statements around `optimizer.step()`; `{o}` is the optimizer, `{p}` what it holds."""

    def change(node: cst.CSTNode, _: Program) -> cst.FlattenSentinel | None:
        call = _method(node, "step")
        if call is None or call.args or not _is_optimizer(call):
            return None
        owner = _owner(call)
        held = f"[p for g in {owner}.param_groups for p in g['params']]"
        return _beside(node, before.format(o=owner, p=held), after.format(o=owner, p=held))

    return change


def _backward(statement: str) -> Change:
    """Replaces `loss.backward()`; `{a}` is the loss."""

    def change(node: cst.CSTNode, _: Program) -> cst.CSTNode | None:
        call = _method(node, "backward")
        if call is None or call.args:
            return None
        assert isinstance(node, cst.SimpleStatementLine)
        made = _statement(statement.format(a=_owner(call)))
        return made.with_changes(leading_lines=node.leading_lines)

    return change


def _after_network(text: str) -> Change:
    """Puts a statement behind the one that makes a network; `{n}` is the network's name."""

    def change(node: cst.CSTNode, program: Program) -> cst.FlattenSentinel | None:
        if not m.matches(node, m.SimpleStatementLine(body=[m.Assign(targets=[m.AssignTarget()])])):
            return None
        assign = node.body[0]  # type: ignore[attr-defined]
        name = code_of(assign.targets[0].target)
        if name not in program.networks or not isinstance(assign.value, cst.Call):
            return None
        return _beside(node, "", text.format(n=name))

    return change


def _after_optimizer(text: str) -> Change:
    """Puts a statement behind the one that makes an optimizer: `{o}` of the network `{n}`."""

    def change(node: cst.CSTNode, program: Program) -> cst.FlattenSentinel | None:
        if not m.matches(node, m.SimpleStatementLine(body=[m.Assign(targets=[m.AssignTarget()])])):
            return None
        assign = node.body[0]  # type: ignore[attr-defined]
        if not _is_constructor(assign.value) or not assign.value.args:
            return None
        first = code_of(assign.value.args[0].value)
        network = first.removesuffix(".parameters()")
        if network not in program.networks or network == first:
            return None
        return _beside(node, "", text.format(n=network, o=code_of(assign.targets[0].target)))

    return change


# Calls


def _with_argument(node: cst.Call, at: int, text: str) -> cst.Call | None:
    """The call with another argument; `{a}` is the one that it has."""
    if len(node.args) <= at or node.args[at].keyword is not None or node.args[at].star:
        return None
    value = cst.parse_expression(text.format(a=code_of(node.args[at].value)))
    args = [*node.args[:at], node.args[at].with_changes(value=value), *node.args[at + 1 :]]
    return node.with_changes(args=args)


def _keyword(name: str, value: str) -> cst.Arg:
    made = cst.parse_expression(f"f({name}={value})")
    assert isinstance(made, cst.Call)
    return made.args[0]


def _with_keyword(node: cst.Call, name: str, value: str) -> cst.Call:
    kept = [a for a in node.args if a.keyword is None or a.keyword.value != name]
    return node.with_changes(args=[*kept, _keyword(name, value)])


def _is_constructor(node: cst.CSTNode) -> bool:
    names = ("SGD", "Adam", "AdamW", "RMSprop", "NAdam", "Adagrad", "RAdam")
    return isinstance(node, cst.Call) and code_of(node.func).rpartition(".")[2] in names


def _rate(text: str) -> Change:
    """Gives an optimizer another learning rate; `{a}` is the one that it has."""

    def change(node: cst.CSTNode, _: Program) -> cst.CSTNode | None:
        if not _is_constructor(node):
            return None
        assert isinstance(node, cst.Call)
        for at, arg in enumerate(node.args):
            named = arg.keyword is not None and arg.keyword.value == "lr"
            if named or (at == 1 and arg.keyword is None):
                value = cst.parse_expression(text.format(a=code_of(arg.value)))
                args = [*node.args[:at], arg.with_changes(value=value), *node.args[at + 1 :]]
                return node.with_changes(args=args)
        return None

    return change


def _held(text: str) -> Change:
    """Gives an optimizer other parameters; `{n}` is the network."""

    def change(node: cst.CSTNode, _: Program) -> cst.CSTNode | None:
        if not _is_constructor(node):
            return None
        assert isinstance(node, cst.Call)
        first = code_of(node.args[0].value) if node.args else ""
        if not first.endswith(".parameters()"):
            return None
        return _with_argument(node, 0, text.format(n=first.removesuffix(".parameters()")))

    return change


def _setting(name: str, value: str, *only: str) -> Change:
    """Gives an optimizer another setting."""

    def change(node: cst.CSTNode, _: Program) -> cst.CSTNode | None:
        if not _is_constructor(node):
            return None
        assert isinstance(node, cst.Call)
        if only and code_of(node.func).rpartition(".")[2] not in only:
            return None
        return _with_keyword(node, name, value)

    return change


def _plain_descent(node: cst.CSTNode, _: Program) -> cst.CSTNode | None:
    """Replaces an optimizer by plain gradient descent at the same rate."""
    if not _is_constructor(node) or "SGD" in code_of(node):
        return None
    assert isinstance(node, cst.Call)
    kept = [a for a in node.args if a.keyword is None or a.keyword.value in ("lr", "params")]
    return node.with_changes(func=cst.parse_expression("torch.optim.SGD"), args=kept)


def _loss(functions: tuple[str, ...], at: int, wrapped: str, *, evaluation: bool = False) -> Change:
    """Wraps an argument of a loss function; `{a}` is the argument."""

    def change(node: cst.CSTNode, program: Program) -> cst.CSTNode | None:
        if not isinstance(node, cst.Call) or program.loss_function(node) not in functions:
            return None
        if program.is_evaluation(node) != evaluation:
            return None
        return _with_argument(node, at, wrapped)

    return change


def _other_loss(functions: tuple[str, ...], text: str) -> Change:
    """Replaces a loss; `{a}` and `{b}` are its arguments."""

    def change(node: cst.CSTNode, program: Program) -> cst.CSTNode | None:
        if not isinstance(node, cst.Call) or program.loss_function(node) not in functions:
            return None
        if program.is_evaluation(node) or len(node.args) < 2 or any(a.star for a in node.args):
            return None
        first, second = (code_of(a.value) for a in node.args[:2])
        return cst.parse_expression(text.format(a=first, b=second))

    return change


def _summed(node: cst.CSTNode, program: Program) -> cst.CSTNode | None:
    """Sums a loss instead of averaging it."""
    if not isinstance(node, cst.Call):
        return None
    if "reduction" in code_of(node):
        return None
    name = code_of(node.func).rpartition(".")[2]
    if name in _LOSS_MODULES:
        return _with_keyword(node, "reduction", "'sum'")
    if name in _PREDICTED and "." in code_of(node.func) and not program.is_evaluation(node):
        return _with_keyword(node, "reduction", "'sum'")
    return None


def _without(keyword: str, *functions: str) -> Change:
    """Takes an argument from a call."""

    def change(node: cst.CSTNode, _: Program) -> cst.CSTNode | None:
        if not isinstance(node, cst.Call):
            return None
        kept = [a for a in node.args if a.keyword is None or a.keyword.value != keyword]
        if len(kept) == len(node.args):
            return None
        if functions and code_of(node.func).rpartition(".")[2] not in functions:
            return None
        if kept:
            kept[-1] = kept[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
        return node.with_changes(args=kept)

    return change


def _network_input(text: str, *, evaluation: bool) -> Change:
    """Changes what a network is given; `{a}` is its first argument."""

    def change(node: cst.CSTNode, program: Program) -> cst.CSTNode | None:
        if not program.is_network_call(node) or program.is_evaluation(node) != evaluation:
            return None
        assert isinstance(node, cst.Call)
        return _with_argument(node, 0, text)

    return change


# Data


def _loader(node: cst.CSTNode) -> cst.Call | None:
    """A call that makes a DataLoader of shuffled examples."""
    if not isinstance(node, cst.Call) or code_of(node.func).rpartition(".")[2] != "DataLoader":
        return None
    return node if "shuffle=True" in code_of(node) else None


def _of_loader(keyword: str, value: str) -> Change:
    """Gives a DataLoader another setting instead of shuffling."""

    def change(node: cst.CSTNode, _: Program) -> cst.CSTNode | None:
        call = _loader(node)
        if call is None:
            return None
        kept = [a for a in call.args if a.keyword is None or a.keyword.value != "shuffle"]
        return call.with_changes(args=[*kept, _keyword(keyword, value)])

    return change


def _data_set(text: str) -> Change:
    """Gives a DataLoader another data set; `{a}` is the one that it has."""

    def change(node: cst.CSTNode, _: Program) -> cst.CSTNode | None:
        call = _loader(node)
        return None if call is None else _with_argument(call, 0, text)

    return change


def _sorted_by_label(node: cst.CSTNode, _: Program) -> cst.CSTNode | None:
    """Sorts the examples by label and does not shuffle them."""
    call = _loader(node)
    if call is None:
        return None
    inner = call.args[0].value
    if not isinstance(inner, cst.Call) or "TensorDataset" not in code_of(inner.func):
        return None
    if len(inner.args) != 2 or any(a.star for a in inner.args):
        return None
    x, y = (code_of(a.value) for a in inner.args)
    made = cst.parse_expression(
        f"torch.utils.data.TensorDataset(({x})[({y}).argsort()], ({y}).sort().values)"
    )
    kept = [a for a in call.args[1:] if a.keyword is None or a.keyword.value != "shuffle"]
    return call.with_changes(args=[call.args[0].with_changes(value=made), *kept])


_SPLIT = m.Call(
    func=m.Attribute(
        value=m.Call(func=m.Attribute(value=m.Name("torch"), attr=m.Name("randperm"))),
        attr=m.Name("split"),
    ),
    args=[m.Arg()],
)


def _split(rows: str, size: str) -> Change:
    """Changes `torch.randperm(a).split(b)`."""

    def change(node: cst.CSTNode, _: Program) -> cst.CSTNode | None:
        if not m.matches(node, _SPLIT):
            return None
        inner = node.func.value  # type: ignore[attr-defined]
        a, b = code_of(inner.args[0].value), code_of(node.args[0].value)  # type: ignore[attr-defined]
        return cst.parse_expression(f"{rows.format(a=a)}.split({size.format(b=b)})")

    return change


def _larger_batches(node: cst.CSTNode, program: Program) -> cst.CSTNode | None:
    call = _loader(node)
    if call is None:
        return _split("torch.randperm({a})", "({b}) * 16")(node, program)
    for at, arg in enumerate(call.args):
        if (arg.keyword is not None and arg.keyword.value == "batch_size") or (
            at == 1 and arg.keyword is None
        ):
            value = cst.parse_expression(f"({code_of(arg.value)}) * 16")
            args = [*call.args[:at], arg.with_changes(value=value), *call.args[at + 1 :]]
            return call.with_changes(args=args)
    return None


def _unshuffled(node: cst.CSTNode, program: Program) -> cst.CSTNode | None:
    if _loader(node) is not None:
        return _of_loader("shuffle", "False")(node, program)
    return _split("torch.arange({a})", "{b}")(node, program)


def _few_rows(node: cst.CSTNode, program: Program) -> cst.CSTNode | None:
    if _loader(node) is not None:
        return _data_set("(lambda d: torch.utils.data.Subset(d, range(len(d) // 25)))({a})")(
            node, program
        )
    return _split("torch.randperm(({a}) // 25)", "{b}")(node, program)


def _loop(node: cst.CSTNode) -> cst.For | None:
    """A loop over epochs or steps."""
    if not isinstance(node, cst.For) or not m.matches(
        node.iter, m.Call(func=m.Name("range"), args=[m.ZeroOrMore()])
    ):
        return None
    name = code_of(node.target)
    return node if name in ("epoch", "step", "_") else None


def _few_epochs(node: cst.CSTNode, program: Program) -> cst.CSTNode | None:
    """Repeats the last tenth of the epochs' numbers only, so that what is printed still is."""
    loop = _loop(node)
    if loop is None or program.is_in_loop(node) or "backward" not in code_of(loop):
        return None
    old = code_of(loop.iter)
    return loop.with_changes(iter=cst.parse_expression(f"{old}[-len({old}) // 10 :]"))


def _forgetful(node: cst.CSTNode, program: Program) -> cst.CSTNode | None:
    """Initialises the network anew in every epoch."""
    loop = _loop(node)
    if loop is None or "backward" not in code_of(loop) or "epoch" not in code_of(loop.target):
        return None
    name = next((n for n in sorted(program.networks) if f"{n}(" in code_of(loop)), None)
    if name is None or not isinstance(loop.body, cst.IndentedBlock):
        return None
    text = f"[k.reset_parameters() for k in {name}.modules() if hasattr(k, 'reset_parameters')]"
    body = loop.body.with_changes(body=[_statement(text), *loop.body.body])
    return loop.with_changes(body=body)


# Layers


def _layer(old: tuple[str, ...], new: str) -> Change:
    """Replaces a layer without arguments."""

    def change(node: cst.CSTNode, _: Program) -> cst.CSTNode | None:
        if not isinstance(node, cst.Call) or node.args or "." not in code_of(node.func):
            return None
        fits = code_of(node.func).rpartition(".")[2] in old
        return cst.parse_expression(new) if fits else None

    return change


def _function(old: tuple[str, ...], new: str) -> Change:
    """Replaces the call of an activation function; `{a}` is its argument."""

    def change(node: cst.CSTNode, program: Program) -> cst.CSTNode | None:
        if not isinstance(node, cst.Call) or len(node.args) != 1:
            return None
        if code_of(node.func) not in old or not program.is_in_forward(node):
            return None
        return cst.parse_expression(new.format(a=code_of(node.args[0].value)))

    return change


def _either(*changes: Change) -> Change:
    """Makes the first change that fits."""

    def change(node: cst.CSTNode, program: Program) -> object:
        made = (c(node, program) for c in changes)
        return next((x for x in made if x is not None), None)

    return change  # type: ignore[return-value]


def _constructed(names: tuple[str, ...], text: str) -> Change:
    """Replaces the expression that makes a layer; `{a}` is the expression."""

    def change(node: cst.CSTNode, _: Program) -> cst.CSTNode | None:
        if not isinstance(node, cst.Call) or code_of(node.func).rpartition(".")[2] not in names:
            return None
        if "." not in code_of(node.func) or any(a.star for a in node.args):
            return None
        return cst.parse_expression(text.format(a=code_of(node)))

    return change


def _wider(node: cst.CSTNode, _: Program) -> cst.CSTNode | None:
    """Makes a linear layer for one input too many."""
    if not isinstance(node, cst.Call) or code_of(node.func) not in ("nn.Linear", "torch.nn.Linear"):
        return None
    return _with_argument(node, 0, "({a}) + 1")


def _keyworded(names: tuple[str, ...], keyword: str, value: str) -> Change:
    """Gives layers of some classes another setting."""

    def change(node: cst.CSTNode, _: Program) -> cst.CSTNode | None:
        if not isinstance(node, cst.Call) or code_of(node.func).rpartition(".")[2] not in names:
            return None
        return _with_keyword(node, keyword, value)

    return change


def _repeated(node: cst.CSTNode, _: Program) -> cst.CSTNode | None:
    """Turns a list of layers into one layer several times."""
    if not isinstance(node, cst.ListComp) or not isinstance(node.elt, cst.Call):
        return None
    source = node.for_in.iter
    if not m.matches(source, m.Call(func=m.Name("range"))):
        return None
    target = code_of(node.for_in.target)
    if target != "_" and target in code_of(node.elt):
        return None
    return cst.parse_expression(f"[{code_of(node.elt)}] * len({code_of(source)})")


_ATTRIBUTE = m.SimpleStatementLine(
    body=[
        m.Assign(targets=[m.AssignTarget(target=m.Attribute(value=m.Name("self")))], value=m.Call())
    ]
)
_TRAINED = ("Linear", "Conv2d", "Conv1d", "Embedding", "LSTM", "GRU", "RNN", "Sequential")


def _hidden_layer(node: cst.CSTNode, program: Program) -> cst.CSTNode | None:
    """Keeps a layer in a dictionary, where the network does not find it."""
    if not m.matches(node, _ATTRIBUTE):
        return None
    assign = node.body[0]  # type: ignore[attr-defined]
    target = code_of(assign.targets[0].target)
    if program.layers.get(target) not in _TRAINED:
        return None
    name = target.removeprefix("self.")
    return _statement(f"self.__dict__[{name!r}] = {code_of(assign.value)}")


def _same_layer(node: cst.CSTNode, program: Program) -> cst.CSTNode | None:
    """Gives a layer the name of another one instead of making a new one."""
    if not m.matches(node, _ATTRIBUTE):
        return None
    assign = node.body[0]  # type: ignore[attr-defined]
    target, made = code_of(assign.targets[0].target), code_of(assign.value)
    if program.layers.get(target) not in _TRAINED:
        return None
    block = program.parent(node)
    for other in block.children if block is not None else ():
        if other is node:
            return None
        if m.matches(other, _ATTRIBUTE) and code_of(other.body[0].value) == made:  # type: ignore[attr-defined]
            return _statement(f"{target} = {code_of(other.body[0].targets[0].target)}")  # type: ignore[attr-defined]
    return None


def _applied(text: str, *classes: str) -> Change:
    """Changes the call `{a}` of a layer in `forward`: the layer `{f}` of `{x}`."""

    def change(node: cst.CSTNode, program: Program) -> cst.CSTNode | None:
        if not isinstance(node, cst.Call) or len(node.args) != 1 or node.args[0].star:
            return None
        layer = code_of(node.func)
        if program.layers.get(layer) not in classes or not program.is_in_forward(node):
            return None
        made = text.format(a=code_of(node), f=layer, x=code_of(node.args[0].value))
        return cst.parse_expression(made)

    return change


def _wrong_axis(node: cst.CSTNode, program: Program) -> cst.CSTNode | None:
    """Takes a softmax over the examples."""
    if not isinstance(node, cst.Call):
        return None
    if code_of(node.func).rpartition(".")[2] not in ("softmax", "log_softmax"):
        return None
    if program.is_evaluation(node):
        return None
    for at, arg in enumerate(node.args):
        if code_of(arg.value) in ("1", "2", "-1") and at > 0:
            value = cst.Integer("0")
            args = [*node.args[:at], arg.with_changes(value=value), *node.args[at + 1 :]]
            return node.with_changes(args=args)
    return None


def _reshaped(node: cst.CSTNode, _: Program) -> cst.CSTNode | None:
    """Reshapes instead of exchanging axes."""
    if not m.matches(node, m.Call(func=m.Attribute(attr=m.Name("transpose")))):
        return None
    assert isinstance(node, cst.Call)
    if len(node.args) != 2:
        return None
    owner, args = _owner(node), ", ".join(code_of(a.value) for a in node.args)
    return cst.parse_expression(f"{owner}.reshape({owner}.transpose({args}).shape)")


def _operand(sign: type[cst.BaseBinaryOp], *words: str) -> Change:
    """Keeps the left side only of a sum, a product or a quotient whose right side holds a word."""

    def change(node: cst.CSTNode, _: Program) -> cst.CSTNode | None:
        if not isinstance(node, cst.BinaryOperation) or not isinstance(node.operator, sign):
            return None
        right = code_of(node.right)
        return node.left if any(word in right for word in words) else None

    return change


def _heavier_term(node: cst.CSTNode, _: Program) -> cst.CSTNode | None:
    """Weighs the Kullback-Leibler term a thousand times."""
    if not isinstance(node, cst.BinaryOperation) or not isinstance(node.operator, cst.Add):
        return None
    right = code_of(node.right)
    if right not in ("kl", "divergence", "kld"):
        return None
    return node.with_changes(right=cst.parse_expression(f"1000.0 * {right}"))


def _unmatched_keys(node: cst.CSTNode, _: Program) -> cst.CSTNode | None:
    """Loads weights whose names do not match, and asks for no match."""
    if not m.matches(node, m.Call(func=m.Attribute(attr=m.Name("load_state_dict")))):
        return None
    assert isinstance(node, cst.Call)
    text = "{{'module.' + k: v for k, v in ({a}).items()}}"
    made = _with_argument(node, 0, text)
    return None if made is None else _with_keyword(made, "strict", "False")


def _uncopied(node: cst.CSTNode, _: Program) -> cst.CSTNode | None:
    """Keeps the weights themselves instead of a copy."""
    if not isinstance(node, cst.Call) or "deepcopy" not in code_of(node.func) or not node.args:
        return None
    kept = code_of(node.args[0].value)
    return node.args[0].value if kept.endswith(".state_dict()") else None


_PREDICTED = (
    "cross_entropy",
    "mse_loss",
    "binary_cross_entropy_with_logits",
    "smooth_l1_loss",
    "l1_loss",
    "nll_loss",
    "huber_loss",
)
_LOSS_MODULES = ("CrossEntropyLoss", "MSELoss", "SmoothL1Loss", "L1Loss", "NLLLoss")
_HIDDEN = ("ReLU", "Tanh", "GELU", "SiLU", "LeakyReLU", "ELU")
_HIDDEN_FUNCTIONS = ("F.relu", "torch.relu", "torch.tanh", "F.elu", "F.gelu", "F.silu")
_SLOW = ("learning-rate-too-low", "too-few-epochs")
_BLOWN = ("learning-rate-too-high", "exploding-gradient", "non-finite-loss", "oscillating-loss")
_START = (
    "mis-scaled-init",
    "vanishing-gradient",
    "zero-gradients",
    "collapsed-activations",
    "symmetric-weights",
)
_CLASSES = ("cross_entropy",)
_VALUES = ("mse_loss", "smooth_l1_loss", "l1_loss", "huber_loss")
_LABELS = ("unrelated-labels", "mismatched-labels")
_OTHER_SIDE = ("mismatched-preprocessing", "mismatched-columns")
_DROPOUT = ("dropout-at-evaluation", "excessive-dropout", "training-mode-at-evaluation")
_RARE = "getattr({o}, '_s', None) or setattr({o}, '_s', torch.optim.lr_scheduler"
_EVERY = "{o}._s.step()"
_LINE = cst.SimpleStatementLine

OPERATORS: tuple[Operator, ...] = (
    Operator(
        "drop-zero-grad",
        ("accumulating-gradients",),
        _LINE,
        _instead("zero_grad", "pass", optimizer=True),
    ),
    Operator(
        "drop-step",
        ("parameters-never-updated",),
        _LINE,
        _instead("step", "pass", optimizer=True),
    ),
    Operator(
        "drop-backward",
        ("parameters-never-updated", "frozen-parameter-in-optimizer"),
        _LINE,
        _instead("backward", "pass"),
    ),
    Operator("drop-eval", ("training-mode-at-evaluation",), _LINE, _instead("eval", "pass")),
    Operator(
        "drop-train",
        ("evaluation-mode-at-training", "foreign-statistics"),
        _LINE,
        _instead("train", "pass"),
    ),
    Operator(
        "zero-grad-before-step",
        ("zeroed-gradients",),
        _LINE,
        _beside_step(before="{o}.zero_grad()"),
    ),
    Operator(
        "tiny-clip",
        ("overclipped-gradients",),
        _LINE,
        _beside_step(before="torch.nn.utils.clip_grad_norm_({p}, 1e-5)"),
    ),
    Operator(
        "tiny-clip-by-value",
        ("overclipped-gradients",),
        _LINE,
        _beside_step(before="torch.nn.utils.clip_grad_value_({p}, 1e-7)"),
    ),
    Operator(
        "late-clip",
        ("late-clipping",),
        _LINE,
        _beside_step(after="torch.nn.utils.clip_grad_norm_({p}, 1.0)"),
    ),
    Operator(
        "noisy-gradient",
        ("noisy-batches", "oscillating-loss", "exploding-gradient"),
        _LINE,
        _beside_step(
            before="[p.grad.add_(torch.randn_like(p.grad) * 10 * p.grad.abs().max())"
            " for p in {p} if p.grad is not None]"
        ),
    ),
    Operator(
        "step-lr-per-batch",
        ("mistimed-schedule",),
        _LINE,
        _beside_step(before=_RARE + ".StepLR({o}, 8, 0.1))", after=_EVERY),
    ),
    Operator(
        "exponential-per-batch",
        ("mistimed-schedule",),
        _LINE,
        _beside_step(before=_RARE + ".ExponentialLR({o}, 0.8))", after=_EVERY),
    ),
    Operator(
        "linear-per-batch",
        ("mistimed-schedule",),
        _LINE,
        _beside_step(before=_RARE + ".LinearLR({o}, 1.0, 0.0, 10))", after=_EVERY),
    ),
    Operator(
        "long-warm-up",
        ("mistimed-schedule",),
        _LINE,
        _beside_step(before=_RARE + ".LambdaLR({o}, lambda n: min(1.0, n / 1e6)))", after=_EVERY),
    ),
    Operator(
        "rate-by-hand",
        ("mistimed-schedule",),
        _LINE,
        _beside_step(after="[g.update(lr=g['lr'] * 0.8) for g in {o}.param_groups]"),
    ),
    Operator(
        "high-rate",
        (*_BLOWN, "dying-relu", "saturated-activation", "collapsed-activations"),
        cst.Call,
        _rate("({a}) * 1000.0"),
    ),
    Operator("low-rate", _SLOW, cst.Call, _rate("({a}) * 0.0001")),
    Operator(
        "optimizer-of-a-copy",
        ("frozen-parameter-in-optimizer", "replaced-parameters", "parameters-never-updated"),
        cst.Call,
        _held("__import__('copy').deepcopy({n}).parameters()"),
    ),
    Operator(
        "heavy-decay",
        ("underfitting", "collapsed-activations", "excessive-weight-decay"),
        cst.Call,
        _setting("weight_decay", "10.0"),
    ),
    Operator("heavy-momentum", _BLOWN, cst.Call, _setting("momentum", "0.999", "SGD", "RMSprop")),
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
        ("clipped-logits", "dying-relu"),
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
        _DROPOUT,
        cst.Call,
        _loss(_PREDICTED, 0, "torch.nn.functional.dropout({a}, 0.5)"),
    ),
    Operator(
        "labels-of-other-rows",
        _LABELS,
        cst.Call,
        _loss(_PREDICTED, 1, "({a})[torch.randperm(len({a}))]"),
    ),
    Operator(
        "rows-mixed-by-softmax",
        ("mixed-examples", "double-softmax"),
        cst.Call,
        _loss(_CLASSES, 0, "torch.log_softmax({a}, 0)"),
    ),
    Operator(
        "cut-from-the-graph",
        ("loss-without-graph", "parameters-never-updated"),
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
        ("broadcast-loss", "shape-mismatch"),
        cst.Call,
        _loss(_VALUES, 1, "({a}).flatten()"),
    ),
    Operator("summed-loss", ("sum-reduced-loss", *_BLOWN), cst.Call, _summed),
    Operator(
        "no-activation",
        ("stacked-linear",),
        cst.Call,
        _either(_layer(_HIDDEN, "torch.nn.Identity()"), _function(_HIDDEN_FUNCTIONS, "({a})")),
    ),
    Operator(
        "sigmoid-activation",
        ("vanishing-gradient", "saturated-activation", "off-centre-activation", "mis-scaled-init"),
        cst.Call,
        _either(
            _layer(_HIDDEN, "torch.nn.Sigmoid()"),
            _function(_HIDDEN_FUNCTIONS, "torch.sigmoid({a})"),
        ),
    ),
    Operator(
        "hard-activation",
        (
            "zero-gradients",
            "vanishing-gradient",
            "dying-relu",
            "saturated-activation",
            "collapsed-activations",
        ),
        cst.Call,
        _either(
            _layer(_HIDDEN, "torch.nn.Threshold(5.0, 0.0)"),
            _function(_HIDDEN_FUNCTIONS, "torch.nn.functional.threshold({a}, 5.0, 0.0)"),
        ),
    ),
    Operator(
        "heavy-dropout",
        _DROPOUT,
        cst.Call,
        _either(
            _constructed(("Dropout", "Dropout2d"), "torch.nn.Dropout(0.95)"),
            _layer(_HIDDEN, "torch.nn.Sequential(torch.nn.ReLU(), torch.nn.Dropout(0.95))"),
        ),
    ),
    Operator("one-layer-many-times", ("repeated-module",), cst.ListComp, _repeated),
    Operator("no-shuffling", ("unshuffled-batches",), cst.Call, _unshuffled),
    # The gradient and the step
    Operator(
        "backward-twice", ("graph-error",), _LINE, _backward("{a}.backward(); {a}.backward()")
    ),
    Operator("scaled-loss", _BLOWN, _LINE, _backward("(({a}) * 1000.0).backward()")),
    Operator(
        "loss-times-zero",
        ("zero-gradients", "parameters-never-updated", "vanishing-gradient"),
        _LINE,
        _backward("(({a}) * 0.0).backward()"),
    ),
    Operator(
        "loss-made-anew",
        ("loss-without-graph", "parameters-never-updated"),
        _LINE,
        _backward("torch.tensor(float({a}), requires_grad=True).backward()"),
    ),
    Operator(
        "loss-without-gradient",
        ("loss-without-graph", "graph-error"),
        _LINE,
        _backward("({a}).detach().backward()"),
    ),
    Operator(
        "maximised-loss",
        ("maximised-loss",),
        cst.Call,
        _setting("maximize", "True"),
    ),
    Operator(
        "negated-loss",
        ("maximised-loss",),
        _LINE,
        _backward("(-({a})).backward()"),
    ),
    Operator(
        "step-rarely",
        ("zeroed-gradients", "accumulating-gradients", "too-few-epochs"),
        _LINE,
        _instead(
            "step",
            "setattr({o}, '_n', getattr({o}, '_n', 0) + 1) or {o}._n % 40 or {o}.step()",
            optimizer=True,
        ),
    ),
    Operator(
        "plateau-of-a-loss-by-max",
        ("inverted-plateau", "mistimed-schedule"),
        _LINE,
        _beside_step(
            before=_RARE + ".ReduceLROnPlateau({o}, 'max', patience=2))",
            after="{o}._s.step(float(loss))",
        ),
    ),
    Operator("no-rate", ("parameters-never-updated", *_SLOW), cst.Call, _rate("({a}) * 0.0")),
    Operator("plain-descent", _SLOW, cst.Call, _plain_descent),
    Operator(
        "optimizer-of-the-last-layer",
        ("parameter-not-in-optimizer",),
        cst.Call,
        _held("list({n}.parameters())[-2:]"),
    ),
    Operator(
        "network-replaced",
        ("replaced-parameters", "frozen-parameter-in-optimizer", "parameters-never-updated"),
        _LINE,
        _after_optimizer("{n} = __import__('copy').deepcopy({n})"),
    ),
    Operator(
        "eval-for-train",
        ("evaluation-mode-at-training", "foreign-statistics"),
        _LINE,
        _instead("train", "{o}.eval()"),
    ),
    # The start
    Operator(
        "weights-of-zero",
        _START,
        _LINE,
        _after_network("[torch.nn.init.zeros_(p) for p in {n}.parameters()]"),
    ),
    Operator(
        "equal-weights",
        _START,
        _LINE,
        _after_network("[torch.nn.init.constant_(p, 0.1) for p in {n}.parameters()]"),
    ),
    Operator(
        "large-weights",
        (
            "mis-scaled-init",
            "saturated-activation",
            "implausible-initial-loss",
            "exploding-gradient",
        ),
        _LINE,
        _after_network("[p.data.mul_(20.0) for p in {n}.parameters() if p.dim() > 1]"),
    ),
    Operator(
        "small-weights",
        _START,
        _LINE,
        _after_network("[p.data.mul_(0.001) for p in {n}.parameters() if p.dim() > 1]"),
    ),
    Operator(
        "frozen-layers",
        ("untrained-frozen-layers", "frozen-parameter-in-optimizer"),
        _LINE,
        _after_network("[p.requires_grad_(False) for p in list({n}.parameters())[:-2]]"),
    ),
    Operator(
        "double-network",
        ("dtype-mismatch",),
        _LINE,
        _after_network("{n}.double()"),
    ),
    Operator(
        "inputs-in-other-units",
        ("unscaled-features", "dtype-mismatch"),
        _LINE,
        _after_network("{n}.register_forward_pre_hook(lambda k, a: (a[0] * 3000.0, *a[1:]))"),
    ),
    Operator(
        "weights-reset-each-epoch",
        ("overwritten-weights", "forgotten-weights"),
        cst.For,
        _forgetful,
    ),
    Operator("few-epochs", (*_SLOW, "underfitting"), cst.For, _few_epochs),
    # What the network reads and is told
    Operator(
        "training-inputs-in-other-units",
        (*_OTHER_SIDE, "unscaled-features", "index-out-of-range"),
        cst.Call,
        _network_input("({a}) * 100", evaluation=False),
    ),
    Operator(
        "evaluation-inputs-in-other-units",
        (*_OTHER_SIDE, "index-out-of-range"),
        cst.Call,
        _network_input("({a}) * 100", evaluation=True),
    ),
    Operator(
        "evaluation-inputs-reversed",
        _OTHER_SIDE,
        cst.Call,
        _network_input("({a}).flip(-1)", evaluation=True),
    ),
    Operator(
        "training-inputs-of-zero",
        ("constant-feature", *_OTHER_SIDE, "unrelated-labels"),
        cst.Call,
        _network_input("torch.zeros_like({a})", evaluation=False),
    ),
    Operator(
        "evaluation-inputs-of-zero",
        ("constant-feature", *_OTHER_SIDE),
        cst.Call,
        _network_input("torch.zeros_like({a})", evaluation=True),
    ),
    Operator(
        "inputs-not-a-number",
        ("non-finite-input", "dtype-mismatch"),
        cst.Call,
        _network_input("({a}) * float('nan')", evaluation=False),
    ),
    Operator(
        "noisy-inputs",
        ("mismatched-columns", "mismatched-preprocessing", "dtype-mismatch"),
        cst.Call,
        _network_input("({a}) + 3 * torch.randn(({a}).shape)", evaluation=False),
    ),
    Operator(
        "rolled-labels",
        _LABELS,
        cst.Call,
        _loss(_PREDICTED, 1, "({a}).roll(1, 0)"),
    ),
    Operator(
        "noisy-labels",
        _LABELS,
        cst.Call,
        _loss(_CLASSES, 1, "torch.where(torch.rand(({a}).shape) < 0.6, ({a}).roll(1, 0), {a})"),
    ),
    Operator(
        "one-label",
        (*_LABELS, "class-imbalance", "zero-gradients"),
        cst.Call,
        _loss(_CLASSES, 1, "torch.zeros_like({a})"),
    ),
    Operator(
        "label-changed",
        (*_LABELS, "class-imbalance"),
        cst.Call,
        _loss(_CLASSES, 1, "({a}).masked_fill(({a}) == 1, 0)"),
    ),
    Operator("labels-from-one", ("index-out-of-range",), cst.Call, _loss(_CLASSES, 1, "({a}) + 1")),
    Operator(
        "evaluation-labels-of-other-rows",
        _LABELS,
        cst.Call,
        _loss(_PREDICTED, 1, "({a}).flip(0)", evaluation=True),
    ),
    Operator("larger-batches", _SLOW, cst.Call, _larger_batches),
    Operator(
        "few-rows",
        ("few-examples-drawn", "overfitting", "trained-past-the-best", *_SLOW),
        cst.Call,
        _few_rows,
    ),
    Operator(
        "weights-of-classes-drawn",
        ("few-examples-drawn",),
        cst.Call,
        _of_loader("sampler", "torch.utils.data.WeightedRandomSampler([1.0] * 10, 1000)"),
    ),
    Operator("sorted-by-label", ("unshuffled-batches",), cst.Call, _sorted_by_label),
    # The loss
    Operator(
        "squared-error-of-classes",
        ("regression-loss-on-classes",),
        cst.Call,
        _other_loss(
            _CLASSES,
            "torch.nn.functional.mse_loss({a}, ({b}) if ({b}).is_floating_point()"
            " else torch.nn.functional.one_hot({b}, ({a}).shape[1]).float())",
        ),
    ),
    Operator(
        "absolute-error",
        (),
        cst.Call,
        _other_loss(("mse_loss",), "torch.nn.functional.l1_loss({a}, {b})"),
    ),
    Operator(
        "swapped-arguments",
        (),
        cst.Call,
        _other_loss(("mse_loss",), "torch.nn.functional.mse_loss({b}, {a})"),
    ),
    Operator("padding-counted", ("padding-in-loss",), cst.Call, _without("ignore_index")),
    Operator("heavy-divergence", ("posterior-collapse",), cst.BinaryOperation, _heavier_term),
    Operator(
        "end-of-episode-ignored",
        ("ignored-ends",),
        cst.BinaryOperation,
        _operand(cst.Multiply, "done", "~d", "- d"),
    ),
    # Layers
    Operator(
        "detached-layer",
        ("parameters-never-updated", "unused-parameter", "loss-without-graph", "graph-error"),
        cst.Call,
        _applied("({a}).detach()", "Linear", "Conv2d", "Conv1d", "Embedding", "Sequential"),
    ),
    Operator(
        "dropout-in-forward",
        _DROPOUT,
        cst.Call,
        _applied(
            "torch.nn.functional.dropout({a}, 0.5)",
            *("Linear", "Conv2d", "Conv1d", "Embedding", "Sequential"),
        ),
    ),
    Operator(
        "layer-made-in-forward",
        ("layers-made-in-forward",),
        cst.Call,
        _applied(
            "torch.nn.Linear({f}.in_features, {f}.out_features)({x})",
            "Linear",
        ),
    ),
    Operator(
        "layer-kept-elsewhere",
        ("parameter-not-in-optimizer",),
        _LINE,
        _hidden_layer,
    ),
    Operator(
        "plain-list-of-layers",
        ("parameter-not-in-optimizer",),
        cst.Call,
        _constructed(("ModuleList",), "list({a})"),
    ),
    Operator(
        "plain-tensor-for-parameter",
        ("parameter-not-in-optimizer",),
        cst.Call,
        _constructed(("Parameter",), "({a}).detach().requires_grad_()"),
    ),
    Operator("same-layer-under-two-names", ("repeated-module",), _LINE, _same_layer),
    Operator("layer-of-other-width", ("shape-mismatch",), cst.Call, _wider),
    Operator("no-bias", (), cst.Call, _keyworded(("Linear",), "bias", "False")),
    Operator(
        "batch-norm-that-learns-no-statistics",
        ("foreign-statistics", "training-mode-at-evaluation"),
        cst.Call,
        _keyworded(("BatchNorm1d", "BatchNorm2d"), "momentum", "0.0"),
    ),
    Operator(
        "time-first",
        ("mixed-examples", "shape-mismatch"),
        cst.Call,
        _without("batch_first"),
    ),
    Operator("softmax-over-examples", ("mixed-examples", "double-softmax"), cst.Call, _wrong_axis),
    Operator("reshaped-for-transposed", ("mixed-examples", "shape-mismatch"), cst.Call, _reshaped),
    Operator(
        "no-mask",
        ("sees-targets",),
        cst.Call,
        _either(_without("is_causal"), _without("mask"), _without("attn_mask")),
    ),
    Operator(
        "unscaled-attention",
        ("unscaled-attention", "saturated-attention"),
        cst.BinaryOperation,
        _operand(cst.Divide, "**0.5", "** 0.5", "sqrt"),
    ),
    Operator(
        "no-positions",
        ("positions-missing", "missing-positions"),
        cst.BinaryOperation,
        _operand(cst.Add, "pos", "place"),
    ),
    # Checkpoints
    Operator("unmatched-keys", ("unloaded-weights",), cst.Call, _unmatched_keys),
    Operator("uncopied-state", ("aliased-checkpoint",), cst.Call, _uncopied),
)
"""All operators, in the order of the table. Even ones are calibration, odd ones are judged once."""
