"""Pictures: what they show, and what is said without matplotlib."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest

from trainwell.boltzmann import RBM, BoltzmannMachine
from trainwell.boltzmann.plots import mosaic
from trainwell.errors import BadInputError

X = (np.random.default_rng(0).random((30, 12)) < 0.5).astype(np.float32)


@pytest.mark.parametrize("machine", [RBM(5), BoltzmannMachine(5)], ids=lambda m: type(m).__name__)
def test_every_picture_is_drawn(machine: Any, tmp_path: Any) -> None:
    fitted = machine.set_params(
        n_iter=4, likelihood_every=2, annealing_temperatures=10, early_stopping=9, random_state=0
    ).fit(X)
    figures = [
        fitted.plot_filters(4, shape=(3, 4), columns=2),
        fitted.plot_samples(4, shape=(3, 4), n_gibbs_steps=2),
        fitted.plot_chains(2, n_pictures=3, every=2, shape=(3, 4)),
        fitted.plot_likelihood(),
    ]
    for number, figure in enumerate(figures):
        figure.savefig(tmp_path / f"{number}.png")
    assert figures[0].axes[0].images[0].get_array().shape == (7, 9)
    assert figures[2].axes[0].images[0].get_array().shape == (7, 14)
    labels = [text.get_text() for text in figures[3].axes[0].get_legend().get_texts()]
    assert labels[:2] == ["log-likelihood", "held-out rows"]
    with pytest.raises(BadInputError, match="`shape` must hold the 12 visible units, got 3 x 3"):
        fitted.plot_samples(2, n_gibbs_steps=1)


def test_chains_go_on_from_picture_to_picture() -> None:
    fitted = RBM(5, n_iter=2, random_state=0).fit(X)
    longer = fitted.sample(3, n_gibbs_steps=7)
    again = fitted.sample(3, n_gibbs_steps=7)
    np.testing.assert_array_equal(longer, again)


def test_a_mosaic_has_lines_between_its_pictures() -> None:
    grid = mosaic(np.arange(12).reshape(3, 4), None, 2)
    expected = np.array(
        [
            [0, 1, np.nan, 4, 5],
            [2, 3, np.nan, 6, 7],
            [np.nan] * 5,
            [8, 9, np.nan, np.nan, np.nan],
            [10, 11, np.nan, np.nan, np.nan],
        ]
    )
    np.testing.assert_array_equal(grid, expected)


def test_without_matplotlib_the_command_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    fitted = RBM(5, n_iter=1, random_state=0).fit(X)
    with pytest.raises(BadInputError, match=r"pip install 'trainwell\[plots\]'"):
        fitted.plot_likelihood()
