"""A callback for the moment at which a script has imported a module."""

from __future__ import annotations

__all__ = ["when_imported"]

import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType


def when_imported(name: str, callback: Callable[[], None]) -> None:
    """Call back once, as soon as the module's code has run; at once if it is imported already.

    The module keeps its own loader and spec, and nothing of this stays behind. An import that
    fails does not count.

    Args:
        name: a top-level module.
        callback: called inside the import statement that brought the module in; must not raise.
    """
    if name in sys.modules:
        callback()
    else:
        sys.meta_path.insert(0, _Finder(name, callback))


class _Finder:
    # A meta path finder that finds one module through the finders behind it.

    def __init__(self, name: str, callback: Callable[[], None]) -> None:
        self.name = name
        self.callback = callback

    def find_spec(
        self,
        name: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        if name != self.name:
            return None
        for finder in sys.meta_path:
            if finder is self or not hasattr(finder, "find_spec"):
                continue
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                self._wait_for(spec)
                return spec
        return None

    def _wait_for(self, spec: ModuleSpec) -> None:
        # The loader stays what it is, whoever looks at `torch.__loader__`: only this one object's
        # method is replaced, and given back before it runs.
        loader = spec.loader
        run = getattr(loader, "exec_module", None)
        if loader is None or run is None:
            return

        def exec_module(module: ModuleType) -> None:
            del loader.exec_module
            run(module)
            if self in sys.meta_path:
                sys.meta_path.remove(self)
                self.callback()

        try:
            loader.exec_module = exec_module  # type: ignore[method-assign]
        except AttributeError:
            # A loader that takes no attributes: the module is imported unseen.
            return
