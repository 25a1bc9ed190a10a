"""Projects that say something in their pyproject.toml."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from trainwell.configuration.settings import Settings, settings_for

settings.register_profile("seeded", derandomize=True, deadline=None, database=None)
settings.load_profile("seeded")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder; the working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def settled(project: Path) -> Callable[[str], Settings]:
    """Reads the settings of a pyproject.toml with this text."""

    def read(text: str) -> Settings:
        (project / "pyproject.toml").write_text(text)
        return settings_for("train.py")

    return read
