"""What the frames of an exception tell: the layer that ran, the call in the line, its operands."""

from __future__ import annotations

__all__ = ["Call", "Failures", "call_at", "last_assignment"]

import ast
import linecache
import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from types import FrameType, TracebackType
from typing import Any, TypeAlias

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from trainwell.hooks.frames import is_own
from trainwell.hooks.guard import is_readable
from trainwell.probes.graph_errors import explain
from trainwell.probes.ledger import Ledger
from trainwell.probes.modules import Modules, held, named_modules, named_parameters
from trainwell.probes.places import Sources, function_of, module_of, place_of
from trainwell.probes.tracebacks import describe_error
from trainwell.record import Detail, Failure, Place
from trainwell.record.troubles import trouble

_SIGNS: dict[type[ast.operator], str] = {
    ast.MatMult: "@",
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
}


@dataclass(frozen=True)
class Call:
    """One call or operator in a line of source.

    Attributes:
        name: "torch.cat", "x.view", or the operator's whole text, "x @ weight".
        operands: the tensors among its operands that have a name, with that name.
    """

    name: str
    operands: list[tuple[str, torch.Tensor]] = field(default_factory=list)


def call_at(frame: FrameType, instruction: int) -> Call | None:
    """What a frame was doing at an instruction; None where its source is not known.

    Nothing of the user's is run for it: names and attributes are looked up, no property is read.

    Args:
        frame: of the traceback.
        instruction: `tb_lasti` of the traceback's entry.
    """
    node = _expression(frame, instruction)
    if isinstance(node, ast.BinOp):
        sign = _SIGNS.get(type(node.op))
        name = (
            None if sign is None else f"{ast.unparse(node.left)} {sign} {ast.unparse(node.right)}"
        )
        parts: list[ast.expr] = [node.left, node.right]
    elif isinstance(node, ast.Call):
        name = ast.unparse(node.func)
        parts = [*node.args, *(k.value for k in node.keywords)]
        if isinstance(node.func, ast.Attribute):
            parts.insert(0, node.func.value)
    else:
        return None
    flat = [e for p in parts for e in (p.elts if isinstance(p, ast.List | ast.Tuple) else [p])]
    found = [(ast.unparse(e), _value(e, frame)) for e in flat]
    tensors = [(n, v) for n, v in found if isinstance(v, torch.Tensor)]
    for name_, value in found:
        if isinstance(value, (list, tuple)):
            members = enumerate(islice(value, 64))
            tensors += [(f"{name_}[{i}]", v) for i, v in members if isinstance(v, torch.Tensor)]
    return Call(name or ast.unparse(node), tensors)


def last_assignment(frame: FrameType, name: str) -> tuple[int, str] | None:
    """The line of a frame's function that gave a name its value, and its text.

    It is the last one above the line at which the frame stands: of several branches the one that
    was taken is not known.

    Args:
        frame: of the user's code.
        name: a plain name; of anything else nothing is known.
    """
    if not name.isidentifier():
        return None
    found: tuple[int, str] | None = None
    for node in ast.walk(function_of(frame)):
        if isinstance(node, ast.Assign):
            targets = node.targets
        elif isinstance(node, ast.AnnAssign | ast.AugAssign | ast.For):
            targets = [node.target]
        else:
            continue
        names = {t.id for target in targets for t in ast.walk(target) if isinstance(t, ast.Name)}
        line = node.lineno
        if name in names and line < frame.f_lineno and (found is None or line > found[0]):
            found = line, linecache.getline(frame.f_code.co_filename, line).strip()
    return found


def _expression(frame: FrameType, instruction: int) -> ast.expr | None:
    positions = next(islice(frame.f_code.co_positions(), instruction // 2, None), None)
    if positions is None or any(p is None for p in positions):
        return None
    first, last, begin, end = (int(p or 0) for p in positions)
    lines = [
        linecache.getline(frame.f_code.co_filename, n).encode() for n in range(first, last + 1)
    ]
    lines[-1] = lines[-1][:end]
    lines[0] = lines[0][begin:]
    text = b"".join(lines).decode(errors="replace")
    try:
        return ast.parse(f"({text})", mode="eval").body
    except SyntaxError:
        # The file has changed since it was read, or the position is that of a statement.
        return None


def _value(node: ast.expr, frame: FrameType) -> Any:
    if isinstance(node, ast.Name):
        return frame.f_locals.get(node.id, frame.f_globals.get(node.id))
    if isinstance(node, ast.Attribute):
        owner = _value(node.value, frame)
        held = getattr(owner, "__dict__", None)
        if not isinstance(held, dict):
            return None
        if isinstance(owner, nn.Module):
            for table in (owner._parameters, owner._buffers, owner._modules):
                if node.attr in table:
                    return table[node.attr]
        return held.get(node.attr)
    return None


_OPERANDS = 8

_SETTINGS = (
    "in_features",
    "out_features",
    "in_channels",
    "out_channels",
    "kernel_size",
    "num_features",
    "normalized_shape",
    "num_embeddings",
    "embedding_dim",
    "input_size",
    "hidden_size",
    "embed_dim",
    "num_channels",
)
"""Attributes of PyTorch's layers that say which inputs they take."""

_TORCH = os.path.dirname(os.path.abspath(torch.__file__)) + os.sep


_Frame: TypeAlias = tuple[FrameType, int]
"""A frame of a traceback, and the instruction at which it stands."""


class Failures:
    """Describes the exception that ends a script.

    Args:
        ledger: where the failure is recorded.
        sources: tells the user's lines.
        modules: knows where layers were made.
    """

    def __init__(self, ledger: Ledger, sources: Sources, modules: Modules) -> None:
        self._ledger = ledger
        self._sources = sources
        self._modules = modules

    def saw(self, error: BaseException) -> None:
        """Record an exception that leaves the script. Keeps no frame and no tensor of it."""
        telling = _telling(error)
        described = describe_error(telling)
        frames = [f for f in _frames(telling.__traceback__) if not is_own(f[0].f_code.co_filename)]
        file, line = described["file"], described["line"]
        place = place_of(str(file), int(line)) if file and line else Place()
        inside = [m for frame, _ in frames if (m := module_of(frame)) is not None]
        failure = Failure(
            number=self._ledger.next_number("failure"),
            type=str(described["type"]),
            message=str(described["message"]),
            place=place,
            free_bytes=_free_bytes(),
        )
        if inside:
            failure = self._layer(failure, inside[0], inside[-1], frames)
        if frames:
            failure = self._operation(failure, frames)
        if trouble(failure.type, failure.message) == "graph":
            failure = self._reason(failure, [f for f, _ in frames])
        self._ledger.put(failure)

    def _reason(self, failure: Failure, frames: list[FrameType]) -> Failure:
        def is_own(file: str) -> bool:
            return self._sources.rank(file) >= 2

        own = [f for f in frames if is_own(f.f_code.co_filename)]
        found = explain(failure.message, own, self._modules.all(), is_own)
        if found is None:
            return failure
        return replace(failure, reason=found.kind, reason_name=found.name, reason_place=found.place)

    def _layer(
        self,
        failure: Failure,
        root: nn.Module,
        module: nn.Module,
        frames: list[_Frame],
    ) -> Failure:
        path = next((name for name, m in named_modules(root) if m is module), "")
        given = next((_given(f) for f, _ in frames if module_of(f) is root), [])
        rows = next((t.shape[0] for _, t in given if t.dim()), None)
        built = self._modules.built(module)
        settings: dict[str, Detail] = {}
        for name in _SETTINGS:
            value = vars(module).get(name)
            if isinstance(value, int) and not isinstance(value, bool):
                settings[name] = value
            elif isinstance(value, tuple) and all(isinstance(v, int) for v in value):
                settings[name] = list(value)
        return replace(
            failure,
            place=replace(failure.place, layer=path or None),
            built_place=built,
            settings=settings,
            network=type(root).__name__,
            batch=rows,
            parameter_count=sum(p.numel() for _, p in named_parameters(root) if not is_lazy(p)),
        )

    def _operation(self, failure: Failure, frames: list[_Frame]) -> Failure:
        callers = [i for i, (f, _) in enumerate(frames) if not _is_torch(f)]
        caller = callers[-1] if callers else 0
        own = [f for f in frames if self._sources.rank(f[0].f_code.co_filename) >= 2]
        call = call_at(*own[-1]) if own else None
        operation, operands = _failed_operation(frames, caller)
        kept: dict[int, tuple[str, torch.Tensor]] = {}
        for name, tensor in operands:
            if not is_lazy(tensor):
                kept.setdefault(id(tensor), (name, tensor))
        origins = _origins(frames, own[-1][0] if own else None, call)
        ranged = trouble(failure.type, failure.message) == "index"
        described = [_operand(n, t, origins) for n, t in list(kept.values())[:_OPERANDS]]
        if ranged:
            tensors = [t for _, t in list(kept.values())[:_OPERANDS]]
            described = [d | _range(t) for d, t in zip(described, tensors, strict=True)]
        return replace(failure, operation=operation, operands=tuple(described))


def _failed_operation(
    frames: list[_Frame], caller: int
) -> tuple[str | None, list[tuple[str, torch.Tensor]]]:
    """The name of what failed, and the tensors that it was given.

    Args:
        frames: all of them, outermost first.
        caller: index of the innermost one outside of PyTorch.
    """
    if caller == len(frames) - 1:
        # A function in C: its operands stand in the line itself.
        call = call_at(*frames[caller])
        return (None, []) if call is None else (call.name, call.operands)
    inside = [f for f, _ in frames[caller + 1 :]]
    layers = [(f, m) for f in inside if (m := module_of(f)) is not None]
    if layers:
        # The outermost frame of the innermost layer: what it calls in PyTorch is its own affair.
        module = layers[-1][1]
        own = [f for f, m in layers if m is module]
        frame = next((f for f in own if f.f_code.co_name == "forward"), own[-1])
        weights = [(n, p) for n, p in held(module, "_parameters").items() if p is not None]
        wide = [(n, p) for n, p in weights if p.dim() > 1]
        return type(module).__name__, [*_given(frame), *(wide or weights)]
    call = call_at(*frames[caller])
    for frame in inside:
        given = _given(frame)
        if given and frame.f_code.co_varnames[0] == "args" and call is not None:
            # A dispatcher without names of its own: the user's are better.
            return call.name, call.operands or given
        if given:
            return frame.f_code.co_name, given
    # What a data loader's worker died of is raised again: the operation was in another process.
    name = inside[-1].f_code.co_name
    return None if name == "reraise" else name, []


def _telling(error: BaseException) -> BaseException:
    """The exception of a chain that tells the trouble; the last one where none does."""
    seen: list[BaseException] = []
    each: BaseException | None = error
    while each is not None and each not in seen:
        seen.append(each)
        each = each.__cause__ or (None if each.__suppress_context__ else each.__context__)
    return next((e for e in seen if trouble(type(e).__name__, _text(e)) is not None), error)


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - a broken __str__ of the user's tells nothing
        return ""


def _frames(traceback: TracebackType | None) -> Iterator[_Frame]:
    while traceback is not None:
        yield traceback.tb_frame, traceback.tb_lasti
        traceback = traceback.tb_next


def _is_torch(frame: FrameType) -> bool:
    return frame.f_code.co_filename.startswith(_TORCH)


def _given(frame: FrameType) -> list[tuple[str, torch.Tensor]]:
    """The tensors among a function's arguments, those in lists and tuples included."""
    code = frame.f_code
    count = code.co_argcount + code.co_kwonlyargcount
    count += bool(code.co_flags & 0x04)
    found: list[tuple[str, torch.Tensor]] = []
    for name in code.co_varnames[:count]:
        value = frame.f_locals.get(name)
        if isinstance(value, torch.Tensor):
            found.append((name, value))
        elif isinstance(value, (list, tuple)):
            found += [
                (f"{name}[{i}]", each)
                for i, each in enumerate(value[:64])
                if isinstance(each, torch.Tensor)
            ]
    return found


def _origins(frames: list[_Frame], user: FrameType | None, call: Call | None) -> dict[int, str]:
    """Where tensors came from, in words, by identity."""
    found: dict[int, str] = {}
    for frame, _ in frames:
        container = module_of(frame)
        tensor = frame.f_locals.get("input")
        if isinstance(container, nn.Sequential) and isinstance(tensor, torch.Tensor):
            before = _before(container, frame.f_locals.get("module"))
            if before:
                found[id(tensor)] = before
    if call is None or user is None:
        return found
    for name, tensor in call.operands:
        made = last_assignment(user, name)
        if made is not None:
            found.setdefault(id(tensor), f"`{name}`, line {made[0]}: {made[1]}")
    return found


def _before(container: nn.Sequential, module: Any) -> str | None:
    children = [(n, m) for n, m in held(container, "_modules").items() if m is not None]
    at = next((i for i, (_, m) in enumerate(children) if m is module), 0)
    if not at:
        return None
    name, child = children[at - 1]
    return f"the layer before, `{name}` ({type(child).__name__})"


def _operand(name: str, tensor: torch.Tensor, origins: dict[int, str]) -> dict[str, Detail]:
    made: dict[str, Detail] = {
        "name": name,
        "shape": list(tensor.shape),
        "dtype": str(tensor.dtype).removeprefix("torch."),
        "device": str(tensor.device),
    }
    origin = origins.get(id(tensor))
    return made if origin is None else made | {"origin": origin}


def _range(tensor: torch.Tensor) -> dict[str, Detail]:
    """Smallest and largest number of a tensor of whole numbers on the CPU."""
    whole = not tensor.is_floating_point() and not tensor.is_complex()
    if not whole or not tensor.numel() or not is_readable(tensor) or not tensor.is_cpu:
        # After an assertion on a device nothing can be read from it any more.
        return {}
    return {"low": int(tensor.min()), "high": int(tensor.max())}


def _free_bytes() -> int | None:
    """Memory that Linux would give to a new process; None elsewhere."""
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            for line in file:
                if line.startswith("MemAvailable:"):
                    return int(line.split()[1]) * 1024
    except FileNotFoundError:
        return None
    return None
