"""Which pyproject.toml speaks for a script."""

from __future__ import annotations

from pathlib import Path

import pytest

from trainwell.configuration.options import FailOn
from trainwell.configuration.pyproject import find_table
from trainwell.configuration.settings import Settings, settings_for
from trainwell.errors import BadInputError


def _write(folder: Path, fail_on: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pyproject.toml").write_text(f'[tool.trainwell]\nfail-on = "{fail_on}"\n')


def test_no_project_settles_nothing(project: Path) -> None:
    assert find_table(str(project)) is None
    assert settings_for("train.py") == Settings()


def test_the_nearest_to_the_script_speaks(project: Path) -> None:
    _write(project, "error")
    _write(project / "net" / "deep", "warning")
    assert settings_for("train.py").fail_on is FailOn.ERROR
    assert settings_for("net/train.py").fail_on is FailOn.ERROR
    assert settings_for("net/deep/train.py").fail_on is FailOn.WARNING
    assert settings_for("net/deep/below/train.py").fail_on is FailOn.WARNING
    assert settings_for(str(project / "net" / "deep" / "train.py")).fail_on is FailOn.WARNING
    assert settings_for("net/deep").fail_on is FailOn.WARNING, "a folder that is run"


def test_a_pyproject_without_the_table_is_passed_by(project: Path) -> None:
    _write(project, "error")
    (project / "net").mkdir()
    (project / "net" / "pyproject.toml").write_text('[project]\nname = "trainwell-user"\n')
    assert settings_for("net/train.py").fail_on is FailOn.ERROR


def test_an_empty_table_ends_the_search(project: Path) -> None:
    _write(project, "error")
    (project / "net").mkdir()
    (project / "net" / "pyproject.toml").write_text("[tool.trainwell]\n")
    assert settings_for("net/train.py") == Settings()


def test_the_working_directory_speaks_for_scripts_from_elsewhere_and_for_modules(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _write(project / "here", "error")
    (project / "there").mkdir()
    monkeypatch.chdir(project / "here")
    assert settings_for("../there/train.py").fail_on is FailOn.ERROR
    assert settings_for("-m package.train").fail_on is FailOn.ERROR
    _write(project / "there", "warning")
    assert settings_for("../there/train.py").fail_on is FailOn.WARNING


def test_isolated_reads_nothing(project: Path) -> None:
    (project / "pyproject.toml").write_text("[tool.trainwell]\nfoo = 1\n")
    assert settings_for("train.py", isolated=True) == Settings()


def test_what_is_no_business_of_ours_may_be_broken(project: Path) -> None:
    (project / "pyproject.toml").write_text("[tool.ruff\nfoo = ")
    assert settings_for("train.py") == Settings()
    (project / "pyproject.toml").unlink()
    (project / "pyproject.toml").mkdir()
    assert settings_for("train.py") == Settings()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[tool.trainwell\n", "`pyproject.toml` is not valid TOML: "),
        ("[tool.trainwell]\nignore = 'caf\xe9'", "`pyproject.toml` is not valid TOML: "),
        ("[tool]\ntrainwell = 3", "`pyproject.toml`: `tool.trainwell` must be a table, got 3"),
    ],
)
def test_a_broken_file_is_told(project: Path, text: str, message: str) -> None:
    (project / "pyproject.toml").write_bytes(text.encode("latin-1"))
    with pytest.raises(BadInputError) as caught:
        settings_for("train.py")
    assert str(caught.value).startswith(message)


def test_a_file_that_cannot_be_read_is_told(project: Path) -> None:
    (project / "pyproject.toml").symlink_to("pyproject.toml")
    with pytest.raises(BadInputError, match=r"cannot read `pyproject\.toml`: Too many levels"):
        settings_for("train.py")


def test_a_file_above_is_named_in_full(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "pyproject.toml").write_text("[tool.trainwell]\nfoo = 1\n")
    (project / "net").mkdir()
    monkeypatch.chdir(project / "net")
    with pytest.raises(BadInputError) as caught:
        settings_for("train.py")
    assert str(caught.value).startswith(f"`{project}/pyproject.toml`, [tool.trainwell]: ")
