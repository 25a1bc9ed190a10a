"""The project's own files agree with each other."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from trainwell.cli.app import app

_ROOT = Path(__file__).parents[2]
_PROJECT = tomllib.loads((_ROOT / "pyproject.toml").read_text())


def test_every_dependency_is_pinned_for_ci() -> None:
    pinned = {
        line.partition("==")[0].lower().replace("_", "-")
        for line in (_ROOT / "constraints.txt").read_text().splitlines()
        if not line.startswith("#")
    }
    wanted = [
        *_PROJECT["project"]["dependencies"],
        *_PROJECT["project"]["optional-dependencies"]["dev"],
    ]
    names = {re.split(r"[<>=\[; ]", word)[0].lower() for word in wanted}
    assert names <= pinned
    assert "torch==2.13.0" in (_ROOT / "constraints.txt").read_text().splitlines()


def test_the_floors_hold() -> None:
    tool = shutil.which("lint-imports", path=str(_ROOT / ".venv" / "bin")) or shutil.which(
        "lint-imports"
    )
    if tool is None:
        pytest.fail("import-linter is not installed: make venv")
    done = subprocess.run([tool, "--no-cache"], cwd=_ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_readme_and_help_name_the_options_that_there_are() -> None:
    text = (_ROOT / "README.md").read_text() + (_ROOT / "docs" / "configuration.md").read_text()
    command = get_command(app)
    assert isinstance(command, TyperGroup)
    there = {o for c in command.commands.values() for p in c.params for o in p.opts}
    assert set(re.findall(r"`(--[a-z-]+)", text)) <= there


def test_the_wheel_holds_what_modules_read_beside_them() -> None:
    # Hatchling packs `packages` whole, but for what git ignores.
    wheel = _PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel == {"packages": ["src/trainwell"]}
    assets = list((_ROOT / "src/trainwell/oneshot/assets").rglob("*.*"))
    assert {"README.md", "embedder.json", "embedder.safetensors"} <= {p.name for p in assets}
    ignored = subprocess.run(
        ["git", "check-ignore", "--no-index", *map(str, assets)],
        cwd=_ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert (ignored.stdout, ignored.returncode) == ("", 1)
