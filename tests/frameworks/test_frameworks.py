"""Training by other people's frameworks is watched like any other training."""

from __future__ import annotations

import importlib.util
import json
import math
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from trainwell.record import Run
from trainwell.record.store import Store

pytestmark = pytest.mark.frameworks

_SCRIPTS = Path(__file__).parent / "scripts"

_TOO_LOW = frozenset({"OPT102"})
_TOO_HIGH = frozenset({"OPT101", "GRD102", "OPT107", "LOS109", "GRD103", "ACT101"})


@dataclass(frozen=True)
class Case:
    """One script, and what trainwell has to say about it.

    Attributes:
        name: file name without its ending.
        package: the package that it needs.
        accepted: one of these codes has to be among the findings; empty for a healthy script.
        text: the text of the user's line that the finding points to; None where it need not.
        rate: the learning rate; None where no `torch.optim.Optimizer` exists.
        layers: names of layers that parameters have to belong to.
    """

    name: str
    package: str
    accepted: frozenset[str] = frozenset()
    text: str | None = None
    rate: float | None = None
    layers: frozenset[str] = frozenset()


_NAMED = frozenset({"hidden", "head"})
_NUMBERED = frozenset({"0", "2"})

_CASES = [
    Case("lightning_healthy", "lightning", rate=0.002, layers=_NAMED),
    Case("lightning_rate_too_low", "lightning", _TOO_LOW, "torch.optim.SGD(", 1e-5, _NAMED),
    Case(
        "lightning_double_softmax",
        "lightning",
        frozenset({"LOS101"}),
        "torch.softmax(",
        0.002,
        _NAMED,
    ),
    Case("transformers_healthy", "transformers", layers=frozenset({"classifier"})),
    Case("transformers_rate_too_low", "transformers", _TOO_LOW, layers=frozenset({"classifier"})),
    Case("transformers_rate_too_high", "transformers", _TOO_HIGH, layers=frozenset({"classifier"})),
    Case("accelerate_healthy", "accelerate", layers=_NUMBERED),
    Case("accelerate_rate_too_high", "accelerate", _TOO_HIGH, layers=_NUMBERED),
    Case(
        "accelerate_head_left_out",
        "accelerate",
        frozenset({"OPT105"}),
        "torch.optim.SGD(",
        layers=_NUMBERED,
    ),
    Case("skorch_healthy", "skorch", rate=0.002, layers=_NAMED),
    Case("skorch_rate_too_low", "skorch", _TOO_LOW, rate=1e-5, layers=_NAMED),
    Case("skorch_double_softmax", "skorch", frozenset({"LOS101"}), "torch.softmax(", 0.002, _NAMED),
    # Keras steps with optimizers of its own, and names its layers itself.
    Case("keras_healthy", "keras"),
    Case("keras_rate_too_low", "keras", _TOO_LOW),
    Case("keras_rate_too_high", "keras", _TOO_HIGH),
    Case(
        "geometric_healthy",
        "torch_geometric",
        rate=0.01,
        layers=frozenset({"first.lin", "last.lin"}),
    ),
    Case("geometric_rate_too_low", "torch_geometric", _TOO_LOW, "torch.optim.SGD(", 1e-5),
    Case(
        "geometric_training_mode",
        "torch_geometric",
        frozenset({"MOD101"}),
        "model(data)[~train]",
        0.01,
    ),
    Case("torchmetrics_healthy", "torchmetrics", rate=0.002, layers=_NAMED),
    Case("torchmetrics_no_zero_grad", "torchmetrics", frozenset({"OPT103"}), None, 0.002, _NAMED),
    Case(
        "torchmetrics_training_mode",
        "torchmetrics",
        frozenset({"MOD101"}),
        "model(x_test)",
        0.002,
        _NAMED,
    ),
    Case("metric_learning_healthy", "pytorch_metric_learning", rate=0.001, layers=_NUMBERED),
    Case(
        "metric_learning_rate_too_low",
        "pytorch_metric_learning",
        _TOO_LOW,
        "torch.optim.SGD(",
        1e-6,
        _NUMBERED,
    ),
    Case(
        "metric_learning_first_layer_left_out",
        "pytorch_metric_learning",
        frozenset({"OPT105"}),
        "torch.optim.Adam(",
        0.001,
        _NUMBERED,
    ),
    Case("func_healthy", "torch"),
    Case("func_rate_too_low", "torch", _TOO_LOW),
    Case("func_double_softmax", "torch", frozenset({"LOS101"}), "torch.softmax("),
    Case("by_hand_grad_healthy", "torch", layers=_NUMBERED),
    Case("by_hand_grad_rate_too_low", "torch", _TOO_LOW, layers=_NUMBERED),
    Case("by_hand_backward_healthy", "torch", layers=_NUMBERED),
    Case("by_hand_backward_rate_too_low", "torch", _TOO_LOW, layers=_NUMBERED),
    Case("by_hand_backward_no_zero_grad", "torch", frozenset({"OPT103"}), layers=_NUMBERED),
]

_TIMES = re.compile(rb"'?\w*(?:runtime|per_second)'?: '?[\d.e-]+'?")
"""What the Trainer of transformers prints of its own speed."""


def _python(words: list[str], folder: Path) -> subprocess.CompletedProcess[bytes]:
    environment = {n: v for n, v in os.environ.items() if not n.startswith(("TRAINWELL", "PYTEST"))}
    environment |= {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "PYTHONHASHSEED": "0"}
    return subprocess.run(
        [sys.executable, *words],
        capture_output=True,
        cwd=folder,
        env=environment,
        timeout=180,
        check=False,
    )


def _record(folder: Path) -> Run:
    store = Store(str(folder / ".trainwell" / "runs.db"), create=False)
    try:
        return store.load(store.summaries()[-1].id)
    finally:
        store.close()


def test_the_table_holds_every_script() -> None:
    assert {case.name for case in _CASES} == {path.stem for path in _SCRIPTS.glob("*.py")}


@pytest.mark.parametrize("case", _CASES, ids=lambda case: case.name)
def test_a_framework_is_watched(case: Case, tmp_path: Path) -> None:
    if importlib.util.find_spec(case.package) is None:
        pytest.skip(f"{case.package} is not installed: see tests/frameworks/requirements.txt")
    script = _SCRIPTS / f"{case.name}.py"
    bare = _python([str(script)], tmp_path)
    assert bare.returncode == 0, bare.stderr.decode()
    report = tmp_path / "out.json"
    words = ["-m", "trainwell", "run", "--format", "json", "-o", str(report), str(script)]
    watched = _python(words, tmp_path)
    assert watched.returncode == bare.returncode
    assert _TIMES.sub(b"", watched.stdout) == _TIMES.sub(b"", bare.stdout)
    body = json.loads(report.read_text())
    assert not [note for note in body["notes"] if "failed" in note]

    run = _record(tmp_path)
    assert run.steps > 0
    losses = [
        series
        for (kind, _, quantity), series in run.vitals.items()
        if (kind, quantity) == ("objective", "loss")
    ]
    assert any(len(series) >= 3 for series in losses), "no training loss was recorded"
    held = {parameter.layer for parameter in run.parameters.values() if parameter.layer}
    assert all(any(name == h or h.endswith(f".{name}") for h in held) for name in case.layers), held
    if case.rate is not None:
        settings = [optimizer.settings.get("lr") for optimizer in run.optimizers.values()]
        assert any(lr is not None and math.isclose(float(lr), case.rate) for lr in settings), (
            settings
        )

    found = {entry["code"]: entry for entry in body["findings"] if entry["severity"] != "info"}
    if not case.accepted:
        assert found == {}
        return
    codes = case.accepted & set(found)
    assert codes, f"found {sorted(found)} instead of one of {sorted(case.accepted)}"
    if case.text is not None:
        lines = script.read_text().splitlines()
        places = [
            p
            for c in codes
            for w in [found[c]["where"]]
            for p in (w if isinstance(w, list) else [w])
        ]
        named = [
            p
            for p in places
            if p.get("file") and Path(p["file"]).name == script.name and p.get("line")
        ]
        assert any(case.text in lines[p["line"] - 1] for p in named), places
