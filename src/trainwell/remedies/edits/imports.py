"""How code put into a script can name a module, imported first where it is not yet."""

from __future__ import annotations

__all__ = ["qualified"]

from collections.abc import Sequence

import libcst as cst
from libcst.helpers import get_full_name_for_node
from libcst.metadata import ImportAssignment

from trainwell.errors import UnsafeEditError
from trainwell.remedies.edits.names import module_of
from trainwell.remedies.edits.tree import Tree, parse

# `import torch` alone makes these names usable.
_EAGER = frozenset(
    {
        "torch.distributed",
        "torch.nn",
        "torch.nn.functional",
        "torch.nn.init",
        "torch.nn.utils",
        "torch.optim",
        "torch.optim.lr_scheduler",
        "torch.utils.data",
    }
)


def qualified(source: str, module: str) -> tuple[str, str]:
    """The name by which a script can use a module, and the script with its import.

    The script is unchanged when a module-level import is there. Otherwise `import module` comes
    after the first block of imports, and every line after it moves: edit those lines first.

    >>> qualified("import torch as th", "torch")
    ('th', 'import torch as th')

    Args:
        source: the script.
        module: the module's dotted name.

    Raises:
        UnsafeEditError: when the script uses the module's name for something else.
    """
    tree = parse(source)
    names = _names(tree)
    wanted = module
    while wanted:
        if wanted in names:
            return names[wanted] + module.removeprefix(wanted), source
        # A part of torch that `import torch` loads may be named by what holds it.
        wanted = wanted.rpartition(".")[0] if module in _EAGER else ""
    root = module.split(".", maxsplit=1)[0]
    if not _only_imports(tree, root, root):
        raise UnsafeEditError(f"`{root}` is something else than the module in the script")
    return module, _with_import(tree, module)


def _names(tree: Tree) -> dict[str, str]:
    """Modules by their dotted names, each with the name that the script's top imports it by."""
    names: dict[str, str] = {}
    for line in tree.module.body:
        for statement in line.body if isinstance(line, cst.SimpleStatementLine) else ():
            if not isinstance(statement, cst.Import | cst.ImportFrom):
                continue
            if isinstance(statement.names, cst.ImportStar):
                continue
            prefix = ""
            if isinstance(statement, cst.ImportFrom):
                if module_of(statement) is None:
                    continue
                prefix = f"{module_of(statement)}."
            for alias in statement.names:
                full = prefix + (get_full_name_for_node(alias.name) or "")
                bound = get_full_name_for_node(alias.asname.name) if alias.asname else None
                used = bound or full.removeprefix(prefix)
                root = used.split(".")[0]
                if _only_imports(tree, root, full.split(".")[0]):
                    names.setdefault(full, used)
                    if not bound and not prefix:
                        # `import torch.nn` binds `torch` too.
                        names.setdefault(root, root)
    return names


def _only_imports(tree: Tree, name: str, root: str) -> bool:
    """Whether nothing in the script binds the name but imports of the package `root`."""
    for binding in tree.bindings_anywhere(name):
        if not isinstance(binding, ImportAssignment):
            return False
        if _package(binding.node, name) != root:
            return False
    return True


def _package(statement: cst.CSTNode, name: str) -> str | None:
    """The package that an import binds the name from."""
    if isinstance(statement, cst.ImportFrom):
        return (module_of(statement) or "").split(".")[0]
    for alias in statement.names if isinstance(statement, cst.Import) else ():
        full = get_full_name_for_node(alias.name) or ""
        bound = get_full_name_for_node(alias.asname.name) if alias.asname else full.split(".")[0]
        if bound == name:
            return full.split(".")[0]
    return None


def _with_import(tree: Tree, module: str) -> str:
    newline, body = tree.module.default_newline, tree.module.body
    code = f"import {module}{newline}"
    first = _skipped(tree, body)
    last = None
    for line in body[first:]:
        if not _is_import(line) or (last is not None and _has_gap(line)):
            break
        last = line
    if last is not None:
        return _after(tree, last, code, newline)
    if first:
        return _after(tree, body[first - 1], newline + code, newline)
    at = tree.line_start(tree.start(body[0])) if body else len(tree.text)
    if body:
        code += newline
    elif tree.text and not tree.text.endswith(("\n", "\r")):
        code = newline + code.removesuffix(newline)
    return tree.splice([(at, at, code)], f"importing `{module}`")


def _after(tree: Tree, line: cst.CSTNode, code: str, newline: str) -> str:
    at = tree.next_line(tree.bare(line)[1])
    if at == len(tree.text) and not tree.text.endswith(("\n", "\r")):
        code = newline + code.removesuffix(newline)
    return tree.splice([(at, at, code)], "importing a module")


def _skipped(tree: Tree, body: Sequence[cst.CSTNode]) -> int:
    """How many statements must stay the first: the docstring, imports from `__future__`."""
    count = 0
    for line in body:
        if not isinstance(line, cst.SimpleStatementLine):
            break
        one = line.body[0]
        future = (
            isinstance(one, cst.ImportFrom)
            and one.module is not None
            and tree.source(one.module) == "__future__"
        )
        doc = count == 0 and isinstance(one, cst.Expr) and isinstance(one.value, cst.SimpleString)
        if not future and not doc:
            break
        count += 1
    return count


def _is_import(line: cst.CSTNode) -> bool:
    return isinstance(line, cst.SimpleStatementLine) and isinstance(
        line.body[0], cst.Import | cst.ImportFrom
    )


def _has_gap(line: cst.CSTNode) -> bool:
    leading = line.leading_lines if isinstance(line, cst.SimpleStatementLine) else ()
    return any(empty.comment is None for empty in leading)
