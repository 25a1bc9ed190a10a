"""`trainwell boltzmann`: what it writes, prints, and refuses."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from trainwell.cli import main

ROWS = np.kron(np.eye(2), np.ones((20, 3))).astype(np.uint8)


def _run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    before, sys.argv = sys.argv, ["trainwell", "boltzmann", *words]
    try:
        status = main()
    finally:
        sys.argv = before
    out, err = capsys.readouterr()
    return status, out, err


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    np.savez("data.npz", rows=ROWS)
    np.save("data.npy", ROWS)
    return tmp_path


def test_fit_sample_score_complete(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fitting = ["--hidden", "4", "--epochs", "300", "--rate", "0.3", "--batch", "40"]
    fitting += ["--algorithm", "exact"]
    status, out, err = _run(capsys, "fit", "data.npz", *fitting, "-o", "model")
    assert (status, err) == (0, "")
    assert out.startswith("model: 4 hidden units, 300 epochs, reconstruction error 0.0")
    assert "log-likelihood -" in out
    assert {p.name for p in (folder / "model").iterdir()} == {
        "model.json",
        "parameters.safetensors",
    }
    status, out, _ = _run(capsys, "sample", "model", "-n", "7", "--steps", "9", "-o", "drawn.npz")
    assert (status, out) == (0, "drawn.npz: 7 rows of 6\n")
    assert np.load("drawn.npz")["rows"].shape == (7, 6)
    status, out, _ = _run(capsys, "score", "model", "data.npy")
    assert status == 0
    first, second = out.splitlines()
    assert first.startswith("log-likelihood -")
    assert second.startswith("log Z ")
    assert "by exact, standard error 0.000" in second
    status, out, _ = _run(
        capsys, "complete", "model", "data.npy", "--known", "0:1", "--steps", "50", "-o", "full.npy"
    )
    assert (status, out) == (0, "full.npy: 200 values in 40 rows completed\n")
    full = np.load("full.npy")
    np.testing.assert_array_equal(full[:, 0], ROWS[:, 0])
    assert np.mean((full > 0.5) == ROWS) > 0.8
    holes = ROWS.astype(float)
    holes[:, 2] = np.nan
    np.save("holes.npy", holes)
    status, out, _ = _run(capsys, "complete", "model", "holes.npy", "-o", "full.npy")
    assert (status, out) == (0, "full.npy: 40 values in 40 rows completed\n")


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("fit", "none.npz", "-o", "m"), "trainwell: `none.npz` cannot be read"),
        (("fit", "data.npz", "--algorithm", "pdc", "-o", "m"), "trainwell: unknown algorithm"),
        (("fit", "flat.npy", "-o", "m"), "trainwell: `flat.npy` holds no table of rows"),
        (("fit", "big.npy", "-o", "m"), "trainwell: `X` must lie in [0, 1]"),
        (("score", "none", "data.npz"), "trainwell: `none` holds no machine"),
        (("fit", "data.npz"), "trainwell: missing option '-o'"),
    ],
)
def test_misuse_is_one_line(
    words: tuple[str, ...], text: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    np.save("flat.npy", np.zeros(3))
    np.save("big.npy", ROWS * 5)
    status, out, err = _run(capsys, *words)
    assert (status, out) == (2, "")
    assert err.startswith(text)
    assert err.count("\n") == 1


def test_a_span_that_is_none(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _run(capsys, "fit", "data.npz", "--hidden", "2", "--epochs", "1", "-o", "m")
    status, _, err = _run(capsys, "complete", "m", "data.npy", "--known", "3", "-o", "o.npy")
    assert (status, err) == (2, "trainwell: `--known` must be FIRST:LAST, got `3`\n")
