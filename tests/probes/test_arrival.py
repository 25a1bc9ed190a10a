"""The callback at the import of a module."""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Iterator
from importlib.machinery import SourceFileLoader
from pathlib import Path

import pytest

from trainwell.probes.arrival import when_imported


@pytest.fixture(autouse=True)
def _clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.syspath_prepend(str(tmp_path))
    before = list(sys.meta_path)
    yield
    assert sys.meta_path == before
    for name in [n for n in sys.modules if n.partition(".")[0] in ("late", "other")]:
        del sys.modules[name]


def test_it_calls_back_once_the_module_is_whole(tmp_path: Path) -> None:
    (tmp_path / "late.py").write_text("first = 1\nimport other\nlast = 2\n")
    (tmp_path / "other.py").write_text("")
    seen: list[int] = []
    when_imported("late", lambda: seen.append(sys.modules["late"].last))
    importlib.import_module("other")
    assert seen == []
    late = importlib.import_module("late")
    importlib.import_module("late")
    assert seen == [2]
    importlib.reload(late)
    assert seen == [2]


def test_the_module_keeps_its_loader(tmp_path: Path) -> None:
    (tmp_path / "late.py").write_text("def f():\n    return 1\n")
    when_imported("late", lambda: None)
    late = importlib.import_module("late")
    assert type(late.__loader__) is SourceFileLoader
    assert "exec_module" not in vars(late.__loader__)
    assert late.__spec__.loader is late.__loader__
    assert inspect.getsource(late.f) == "def f():\n    return 1\n"


def test_a_failed_import_does_not_count(tmp_path: Path) -> None:
    (tmp_path / "late.py").write_text("import other\nassert other.ready\n")
    (tmp_path / "other.py").write_text("ready = False\n")
    seen: list[str] = []
    when_imported("late", lambda: seen.append("late"))
    with pytest.raises(AssertionError):
        importlib.import_module("late")
    assert seen == []
    sys.modules["other"].ready = True  # type: ignore[attr-defined]
    importlib.import_module("late")
    assert seen == ["late"]


def test_a_package_arrives_when_its_init_has_run(tmp_path: Path) -> None:
    (tmp_path / "late").mkdir()
    (tmp_path / "late" / "__init__.py").write_text("from late.inner import value\n")
    (tmp_path / "late" / "inner.py").write_text("value = 3\n")
    seen: list[int] = []

    def arrived() -> None:
        from late import value  # type: ignore[import-not-found]

        seen.append(value)

    when_imported("late", arrived)
    importlib.import_module("late.inner")
    assert seen == [3]


def test_a_missing_module_stays_missing(tmp_path: Path) -> None:
    when_imported("late", lambda: None)
    with pytest.raises(ModuleNotFoundError, match="No module named 'late'"):
        importlib.import_module("late")
    (tmp_path / "late.py").write_text("")
    importlib.invalidate_caches()
    importlib.import_module("late")


def test_a_module_that_is_there_calls_back_at_once() -> None:
    seen: list[int] = []
    when_imported("sys", lambda: seen.append(1))
    assert seen == [1]
