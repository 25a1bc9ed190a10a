"""A search as one HTML page that opens offline: Optuna's figures, and the table of trials."""

from __future__ import annotations

__all__ = ["importances", "render_tuned_html"]

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from jinja2 import Environment

from trainwell.errors import BadInputError
from trainwell.report.tuning import number, render_tuned, setting

if TYPE_CHECKING:
    from trainwell.trials.tuning.tuned import Tuned

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{{ found.study }}</title>
<meta name="viewport" content="width=device-width">
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
pre { background: #f4f4f4; padding: 1rem; overflow-x: auto; }
table { border-collapse: collapse; }
td, th { padding: .2rem 1rem .2rem 0; text-align: left; border-bottom: 1px solid #ddd; }
td:nth-child(3) { text-align: right; }
figure { margin: 2rem 0; }
</style></head><body>
<h1>{{ found.study }}</h1>
<pre>{{ text }}</pre>
{% if shares %}<h2>Importance</h2>
<p>Share of the differences between trials that a parameter explains: over the whole range (fANOVA),
and among the good trials (PED-ANOVA).</p>
<table><tr><th>parameter</th><th>fANOVA</th><th>PED-ANOVA</th></tr>
{% for name, one, other in shares %}
<tr><td>{{ name }}</td><td>{{ one }}</td><td>{{ other }}</td></tr>
{% endfor %}</table>{% endif %}
{% for title, figure in figures %}
<figure><h2>{{ title }}</h2>{{ figure | safe }}</figure>
{% endfor %}
<h2>Trials</h2>
<table><tr><th>trial</th><th>state</th><th>value</th><th>seconds</th><th>setting</th></tr>
{% for t in found.trials %}<tr><td>{{ t.number }}</td>
<td>{{ "as it is" if t.is_default else t.state }}</td>
<td>{{ number(t.value) }}</td><td>{{ "%.1f" | format(t.seconds) }}</td>
<td>{{ t.error or setting(t.values) }}</td></tr>
{% endfor %}</table>
</body></html>
"""


def render_tuned_html(found: Tuned) -> str:
    """The page.

    Args:
        found: what the search found, with its `optuna_study`.

    Raises:
        BadInputError: without Plotly.
    """
    try:
        import plotly  # noqa: F401 - Optuna would only warn
    except ModuleNotFoundError:
        raise BadInputError("the page needs a package: pip install 'trainwell[report]'") from None
    template = Environment(autoescape=True).from_string(_PAGE)
    return template.render(
        found=found,
        text=render_tuned(found),
        figures=_figures(found),
        shares=_shares(found),
        number=number,
        setting=setting,
    )


def importances(found: Tuned, kind: str) -> dict[str, float]:
    """How much each parameter matters.

    Args:
        found: what the search found.
        kind: "fanova" or "pedanova".

    Returns:
        Shares that add up to 1, the largest first; empty with too few trials.
    """
    from optuna.importance import (
        FanovaImportanceEvaluator,
        PedAnovaImportanceEvaluator,
        get_param_importances,
    )

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        evaluator: Any = (
            FanovaImportanceEvaluator(seed=0) if kind == "fanova" else PedAnovaImportanceEvaluator()
        )
        try:
            shares = get_param_importances(_drawable(found), evaluator=evaluator)
        except (ValueError, RuntimeError):
            # Optuna's way to say that there are too few trials, or none with these parameters.
            return {}
    return dict(shares)


def _shares(found: Tuned) -> list[tuple[str, str, str]]:
    one, other = importances(found, "fanova"), importances(found, "pedanova")
    return [
        (name, f"{share:.0%}", f"{other[name]:.0%}" if name in other else "-")
        for name, share in one.items()
    ]


def _drawable(found: Tuned) -> Any:
    """The study without trials that have no parameters: Optuna shows what all of them have."""
    import optuna

    assert found.optuna_study is not None
    drawn = optuna.create_study(direction=found.optuna_study.direction)
    kept = [t for t in found.optuna_study.get_trials(deepcopy=False) if t.params]
    drawn.add_trials([t for t in kept if t.state.is_finished()])
    return drawn


def _figures(found: Tuned) -> list[tuple[str, str]]:
    import optuna.visualization as drawn

    study = _drawable(found)
    drawings: list[tuple[str, Callable[..., Any]]] = [
        ("History", drawn.plot_optimization_history),
        ("Slices", drawn.plot_slice),
        ("Parallel coordinates", drawn.plot_parallel_coordinate),
        ("Evaluation curves", drawn.plot_intermediate_values),
    ]
    figures: list[tuple[str, str]] = []
    for title, draw in drawings:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            figure = draw(study)
        if figure.data:
            # The library once, inside the page: it has to open without a network.
            inline = "inline" if not figures else False
            figures.append((title, figure.to_html(full_html=False, include_plotlyjs=inline)))
    return figures
