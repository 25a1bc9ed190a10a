"""How a failure and the tensors behind it are spelled in a message."""

from __future__ import annotations

__all__ = ["evidence", "head", "listed", "size"]

from trainwell.record.facts import Detail
from trainwell.record.incidents import Failure

_LISTED = 4


def head(failure: Failure) -> str:
    """What failed: "`fc1` (`Linear(in_features=64)`, made at line 12)", "`x @ w`", ..."""
    layer, operation = failure.place.layer, failure.operation
    if operation is None:
        return "the script" if layer is None else f"`{layer}`"
    constants = ", ".join(f"{k}={_plain(v)}" for k, v in failure.settings.items())
    called = f"`{operation}({constants})`" if constants else f"`{operation}`"
    if layer is None:
        return called
    if not constants:
        return f"{called} in `{layer}`"
    built = failure.built_place
    made = "" if built is None or built.line is None else f", made at line {built.line}"
    return f"`{layer}` ({called}{made})"


def listed(failure: Failure, *facts: str) -> str:
    """The operands with the facts that matter: "input 3x128 and weight 10x64"; "" of none.

    Args:
        failure: whose operands.
        facts: of "shape", "dtype" and "device", in the order in which they are to stand.
    """
    texts = []
    for operand in failure.operands[:_LISTED]:
        parts = [_spelled(operand[f]) for f in facts if operand.get(f) is not None]
        texts.append(" ".join([str(operand.get("name", "?")), *parts]))
    return " and ".join([", ".join(texts[:-1]), texts[-1]] if len(texts) > 1 else texts)


def evidence(failure: Failure, fact: str) -> dict[str, Detail]:
    """One fact of each operand by its name, and where operands came from, in words.

    Args:
        failure: whose operands.
        fact: "shape", "dtype" or "device".
    """
    found = {str(o.get("name", "?")): o.get(fact) for o in failure.operands[:_LISTED]}
    known = [o["origin"] for o in failure.operands if o.get("origin") is not None]
    for at, origin in enumerate(known[:2]):
        found["from" if at == 0 else "and from"] = origin
    return found


def size(shape: object) -> str:
    """A shape as PyTorch's messages write it: "3x128", "[3]", "[]"."""
    parts = shape if isinstance(shape, list | tuple) else [shape]
    return "x".join(map(str, parts)) if len(parts) > 1 else f"[{''.join(map(str, parts))}]"


def _spelled(value: object) -> str:
    return size(value) if isinstance(value, list | tuple) else str(value)


def _plain(value: object) -> str:
    return "x".join(map(str, value)) if isinstance(value, list) else str(value)
