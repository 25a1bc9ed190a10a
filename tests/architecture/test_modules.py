"""What every module keeps to: length, exports, and what it may import."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import trainwell

_ROOT = Path(trainwell.__file__).parent
_MODULES = sorted(
    path for path in _ROOT.rglob("*.py") if "specimens" not in path.relative_to(_ROOT).parts
)
_IDS = [str(path.relative_to(_ROOT)) for path in _MODULES]

EXPORTS: list[str] = [
    "Answer",
    "Diagnosis",
    "Run",
    "TrainwellError",
    "Tuned",
    "Watch",
    "treat",
    "tune",
    "watch",
]
"""The root's public names: the contract with everyone who writes `import trainwell`."""

_HEAVY = ["torch", "numpy", "scipy", "sklearn", "optuna", "libcst", "jinja2", "pandas"]


_UNITS = [
    path
    for path in _MODULES
    if path.parent.name in ("findings", "remedies")
    and re.search(r"^class \w+\((Finding|Remedy)\)", path.read_text(), re.MULTILINE)
]


def test_a_unit_of_a_catalogue_has_at_most_200_lines() -> None:
    assert len(_UNITS) > 100
    lines = {path.name: path.read_text().count("\n") for path in _UNITS}
    assert {name: count for name, count in lines.items() if count > 200} == {}


@pytest.mark.parametrize("path", _MODULES, ids=_IDS)
def test_a_module_lists_its_exports_in_order(path: Path) -> None:
    tree = ast.parse(path.read_text())
    lists = [
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and node.targets[0].id == "__all__"
    ]
    if not lists:
        # A package or a script that only stands for what is inside.
        assert path.name in ("__init__.py", "__main__.py")
        return
    (names,) = lists
    # As ruff sorts them (RUF022): constants, classes, then functions.
    assert names == sorted(names, key=lambda n: (not n.isupper(), not n[0].isupper(), n))
    made = {
        name
        for node in ast.walk(tree)
        for name in (
            [node.name]
            if isinstance(node, ast.FunctionDef | ast.ClassDef)
            else [alias.asname or alias.name for alias in node.names]
            if isinstance(node, ast.ImportFrom)
            else [node.id]
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
            else []
        )
    }
    assert set(names) <= made


@pytest.mark.parametrize("path", _MODULES, ids=_IDS)
def test_a_module_says_what_it_is(path: Path) -> None:
    text = ast.get_docstring(ast.parse(path.read_text()))
    assert text
    assert text.splitlines()[0].endswith((".", "?"))


def test_no_module_has_a_name_that_means_nothing() -> None:
    stems = {part for path in _MODULES for part in path.relative_to(_ROOT).with_suffix("").parts}
    assert not stems & {"utils", "util", "helpers", "helper", "common", "manager", "misc", "base"}


def test_the_root_exports_what_it_promises() -> None:
    assert list(getattr(trainwell, "__all__", [])) == EXPORTS
    for name in EXPORTS:
        assert getattr(trainwell, name) is not None


def _imported_by(code: str, folder: Path) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print(*sys.modules, file=sys.stderr)"],
        capture_output=True,
        text=True,
        check=True,
        cwd=folder,
    )
    return set(done.stderr.split())


@pytest.mark.parametrize(
    "code",
    [
        "import trainwell",
        "import trainwell.probes.script, trainwell.cli.session",
        "import trainwell.diagnosis, trainwell.report.text, trainwell.report.json",
        "import trainwell.report.sarif, trainwell.report.github",
        "import trainwell.configuration.selection, trainwell.configuration.thresholds",
        "import sys; sys.argv = ['trainwell', 'explain']; import trainwell.cli as c; c.main()",
        "import sys; sys.argv = ['trainwell', 'show']; import trainwell.cli as c; c.main()",
    ],
)
def test_nothing_heavy_is_imported_before_it_is_needed(code: str, tmp_path: Path) -> None:
    if "'show'" in code:
        from trainwell.record import Run
        from trainwell.record.store import Store

        store = Store(str(tmp_path / ".trainwell" / "runs.db"))
        store.begin(Run("a", "train.py"))
        store.close()
    assert not _imported_by(code, tmp_path) & set(_HEAVY)


def test_watching_starts_without_what_reports_need(tmp_path: Path) -> None:
    # Nor does a project that settles nothing of findings need them, or one that settles nothing
    # at all a parser.
    (tmp_path / "pyproject.toml").write_text("[tool.ruff]\nline-length = 100\n")
    names = _imported_by(
        "import trainwell.cli.app, trainwell.cli.session\n"
        "from trainwell.configuration.settings import settings_for\n"
        "assert settings_for('train.py').findings() is None\n"
        "assert 'tomllib' not in __import__('sys').modules\n"
        "open('pyproject.toml', 'w').write('[tool.trainwell]\\nbudget = 0.01')\n"
        "assert settings_for('train.py').budget == 0.01",
        tmp_path,
    )
    assert not names & {
        "rich",
        "trainwell.diagnosis",
        "trainwell.findings",
        "trainwell.report.text",
    }


@pytest.mark.parametrize("words", ["empty.py", "--quiet --no-record --every 3 empty.py"])
def test_an_empty_script_runs_without_what_it_does_not_need(words: str, tmp_path: Path) -> None:
    (tmp_path / "empty.py").write_text("import atexit\n")
    names = _imported_by(
        # Looked at behind everything that trainwell does at the end.
        "import atexit, sys\n"
        "atexit.register(lambda: print(*sys.modules, file=sys.stderr))\n"
        f"sys.argv = ['trainwell', 'run', *{words.split()}]\n"
        "import trainwell.cli as c; c.main()",
        tmp_path,
    )
    unwanted = {
        *_HEAVY,
        *("asyncio", "multiprocessing", "pydantic", "rich", "runpy", "tomllib", "typer"),
        *("trainwell.cli.app", "trainwell.diagnosis", "trainwell.findings.catalogue"),
        *("trainwell.probes.probe", "trainwell.report.text"),
    }
    assert not names & unwanted


def test_a_script_that_only_imports_torch_needs_no_catalogue(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text("import torch\n")
    names = _imported_by(
        "import atexit, sys\n"
        "atexit.register(lambda: print(*sys.modules, file=sys.stderr))\n"
        "sys.argv = ['trainwell', 'run', 'script.py']\n"
        "import trainwell.cli as c; c.main()",
        tmp_path,
    )
    assert "trainwell.probes.probe" in names
    assert not names & {"trainwell.diagnosis", "trainwell.findings.catalogue", "rich", "typer"}
