"""Mutants of healthy scripts: each has one fault, on the line that is told, and runs."""

from __future__ import annotations

import contextlib
import difflib
import io
import warnings
from pathlib import Path

import pytest
import torch
from benchmarks.mutants.__main__ import Verdict, _is_decided, _marks, _sample, _verdict
from benchmarks.mutants.operators import OPERATORS, Mutant, mutants

from trainwell.findings.catalogue import FINDINGS

_ROOT = Path(__file__).parents[2]
_SCRIPTS = sorted((_ROOT / "tests/healthy").glob("*.py"))
_SOURCE = """\
import copy
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
torch.manual_seed(0)

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(4, 4)
        self.b = nn.Linear(4, 4)
        self.rnn = nn.RNN(4, 4, batch_first=True)
        self.more = nn.ModuleList([nn.Linear(4, 4) for _ in range(2)])
        self.shift = nn.Parameter(torch.zeros(4))
        self.positions = torch.ones(4)
    def forward(self, x):
        x = F.relu(self.a(x)) + self.positions
        x = F.relu(self.b(x)) + self.shift
        for layer in self.more:
            x = layer(x)
        x = self.rnn(x[:, None])[0][:, 0]
        keys = x.unsqueeze(2)
        scores = keys @ keys.transpose(1, 2) / 4 ** 0.5
        seen = F.scaled_dot_product_attention(keys, keys, keys, is_causal=True)
        return x + (torch.softmax(scores, dim=2) @ seen).squeeze(2)

x, y, z = torch.randn(60, 4), torch.randint(4, (60,)), torch.randn(60, 4)
done = torch.zeros(60, 4)
net = nn.Sequential(Net(), nn.BatchNorm1d(4), nn.ReLU(), nn.Dropout(0.1), nn.Linear(4, 4))
criterion = nn.CrossEntropyLoss(ignore_index=-1)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
adam = torch.optim.Adam(net.parameters(), lr=0.1)
kept = copy.deepcopy(net.state_dict())
for epoch in range(10):
    net.train()
    for some, label in DataLoader(TensorDataset(x, y), batch_size=20, shuffle=True):
        optimizer.zero_grad()
        loss = criterion(net(some), label)
        loss.backward()
        optimizer.step()
    for rows in torch.randperm(60).split(20):
        optimizer.zero_grad()
        kl = F.binary_cross_entropy_with_logits(net(x[rows]), z[rows].sigmoid())
        loss = F.mse_loss(net(x[rows]), z[rows] * (1 - done[rows])) + kl
        loss.backward()
        optimizer.step()
    net.eval()
    with torch.no_grad():
        test_loss = F.cross_entropy(net(x), y)
net.load_state_dict(kept)
"""
_CHANGED = {
    "drop-zero-grad": "        pass\n        loss = criterion",
    "drop-step": "        loss.backward()\n        pass",
    "drop-backward": "        pass\n        optimizer.step()",
    "drop-eval": "    pass\n    with torch.no_grad()",
    "drop-train": "    pass\n    for some",
    "zero-grad-before-step": "optimizer.zero_grad()\n        optimizer.step()",
    "tiny-clip": "clip_grad_norm_([p for g in optimizer.param_groups for p in g['params']], 1e-5)",
    "tiny-clip-by-value": "1e-7)\n        optimizer.step()",
    "late-clip": "optimizer.step()\n        torch.nn.utils.clip_grad_norm_(",
    "noisy-gradient": "torch.randn_like(p.grad)",
    "step-lr-per-batch": "StepLR(optimizer, 8, 0.1))\n        optimizer.step()",
    "exponential-per-batch": "ExponentialLR(optimizer, 0.8)",
    "linear-per-batch": "LinearLR(optimizer, 1.0, 0.0, 10)",
    "long-warm-up": "LambdaLR(optimizer, lambda n: min(1.0, n / 1e6))",
    "rate-by-hand": "optimizer.step()\n        [g.update(lr=g['lr'] * 0.8)",
    "high-rate": "lr=(0.1) * 1000.0",
    "low-rate": "lr=(0.1) * 0.0001",
    "optimizer-of-a-copy": "SGD(__import__('copy').deepcopy(net).parameters(), lr=0.1)",
    "heavy-decay": "weight_decay=10.0",
    "heavy-momentum": "momentum=0.999",
    "softmax-before-loss": "criterion(torch.softmax(net(some), 1), label)",
    "sigmoid-before-loss": "criterion(torch.sigmoid(net(some)), label)",
    "relu-before-loss": "criterion(torch.relu(net(some)), label)",
    "double-sigmoid": "with_logits(torch.sigmoid(net(x[rows])), z[rows].sigmoid())",
    "bounded-output": "F.mse_loss(torch.sigmoid(net(x[rows])),",
    "dropout-at-the-loss": "criterion(torch.nn.functional.dropout(net(some), 0.5), label)",
    "labels-of-other-rows": "criterion(net(some), (label)[torch.randperm(len(label))])",
    "rows-mixed-by-softmax": "criterion(torch.log_softmax(net(some), 0), label)",
    "cut-from-the-graph": "criterion((net(some)).detach().requires_grad_(), label)",
    "targets-in-other-units": "F.mse_loss(net(x[rows]), (z[rows] * (1 - done[rows])) * 1000.0)",
    "transposed-targets": "(z[rows] * (1 - done[rows])).flatten()",
    "summed-loss": "nn.CrossEntropyLoss(ignore_index=-1, reduction='sum')",
    "no-activation": "x = (self.a(x)) + self.positions",
    "sigmoid-activation": "torch.sigmoid(self.a(x)) + self.positions",
    "hard-activation": "torch.nn.functional.threshold(self.a(x), 5.0, 0.0)",
    "heavy-dropout": "torch.nn.Sequential(torch.nn.ReLU(), torch.nn.Dropout(0.95))",
    "one-layer-many-times": "[nn.Linear(4, 4)] * len(range(2))",
    "no-shuffling": "batch_size=20, shuffle=False)",
    "backward-twice": "loss.backward(); loss.backward()",
    "scaled-loss": "((loss) * 1000.0).backward()",
    "loss-times-zero": "((loss) * 0.0).backward()",
    "loss-made-anew": "torch.tensor(float(loss), requires_grad=True).backward()",
    "loss-without-gradient": "(loss).detach().backward()",
    "maximised-loss": "SGD(net.parameters(), lr=0.1, maximize=True)",
    "negated-loss": "(-(loss)).backward()",
    "step-rarely": "optimizer._n % 40 or optimizer.step()",
    "plateau-of-a-loss-by-max": "ReduceLROnPlateau(optimizer, 'max', patience=2)",
    "no-rate": "lr=(0.1) * 0.0)",
    "plain-descent": "adam = torch.optim.SGD(net.parameters(), lr=0.1)",
    "optimizer-of-the-last-layer": "SGD(list(net.parameters())[-2:], lr=0.1)",
    "network-replaced": "lr=0.1)\nnet = __import__('copy').deepcopy(net)",
    "eval-for-train": "    net.eval()\n    for some",
    "weights-of-zero": "[torch.nn.init.zeros_(p) for p in net.parameters()]",
    "equal-weights": "[torch.nn.init.constant_(p, 0.1) for p in net.parameters()]",
    "large-weights": "[p.data.mul_(20.0) for p in net.parameters() if p.dim() > 1]",
    "small-weights": "[p.data.mul_(0.001) for p in net.parameters() if p.dim() > 1]",
    "frozen-layers": "[p.requires_grad_(False) for p in list(net.parameters())[:-2]]",
    "double-network": "net.double()",
    "inputs-in-other-units": "(a[0] * 3000.0, *a[1:])",
    "weights-reset-each-epoch": "in range(10):\n    [k.reset_parameters() for k in net.modules()",
    "few-epochs": "for epoch in range(10)[-len(range(10)) // 10 :]:",
    "training-inputs-in-other-units": "net((some) * 100)",
    "evaluation-inputs-in-other-units": "test_loss = F.cross_entropy(net((x) * 100), y)",
    "evaluation-inputs-reversed": "test_loss = F.cross_entropy(net((x).flip(-1)), y)",
    "training-inputs-of-zero": "net(torch.zeros_like(some))",
    "evaluation-inputs-of-zero": "test_loss = F.cross_entropy(net(torch.zeros_like(x)), y)",
    "inputs-not-a-number": "net((some) * float('nan'))",
    "noisy-inputs": "net((some) + 3 * torch.randn((some).shape))",
    "rolled-labels": "criterion(net(some), (label).roll(1, 0))",
    "noisy-labels": "torch.where(torch.rand((label).shape) < 0.6, (label).roll(1, 0), label)",
    "one-label": "criterion(net(some), torch.zeros_like(label))",
    "label-changed": "criterion(net(some), (label).masked_fill((label) == 1, 0))",
    "labels-from-one": "criterion(net(some), (label) + 1)",
    "evaluation-labels-of-other-rows": "F.cross_entropy(net(x), (y).flip(0))",
    "larger-batches": "batch_size=(20) * 16, shuffle=True",
    "few-rows": "torch.utils.data.Subset(d, range(len(d) // 25)))(TensorDataset(x, y))",
    "weights-of-classes-drawn": "sampler=torch.utils.data.WeightedRandomSampler([1.0] * 10, 1000)",
    "sorted-by-label": "torch.utils.data.TensorDataset((x)[(y).argsort()], (y).sort().values)",
    "squared-error-of-classes": "else torch.nn.functional.one_hot(label, (net(some)).shape[1])",
    "absolute-error": "torch.nn.functional.l1_loss(net(x[rows]), z[rows] * (1 - done[rows]))",
    "swapped-arguments": "torch.nn.functional.mse_loss(z[rows] * (1 - done[rows]), net(x[rows]))",
    "padding-counted": "criterion = nn.CrossEntropyLoss()",
    "heavy-divergence": "z[rows] * (1 - done[rows])) + 1000.0 * kl",
    "end-of-episode-ignored": "F.mse_loss(net(x[rows]), z[rows])",
    "detached-layer": "F.relu((self.a(x)).detach())",
    "dropout-in-forward": "F.relu(torch.nn.functional.dropout(self.a(x), 0.5))",
    "layer-made-in-forward": "torch.nn.Linear(self.a.in_features, self.a.out_features)(x)",
    "layer-kept-elsewhere": "self.__dict__['a'] = nn.Linear(4, 4)",
    "plain-list-of-layers": "self.more = list(nn.ModuleList(",
    "plain-tensor-for-parameter": "(nn.Parameter(torch.zeros(4))).detach().requires_grad_()",
    "same-layer-under-two-names": "self.b = self.a",
    "layer-of-other-width": "self.a = nn.Linear((4) + 1, 4)",
    "no-bias": "self.a = nn.Linear(4, 4, bias=False)",
    "batch-norm-that-learns-no-statistics": "nn.BatchNorm1d(4, momentum=0.0)",
    "time-first": "self.rnn = nn.RNN(4, 4)",
    "softmax-over-examples": "torch.softmax(scores, dim=0)",
    "reshaped-for-transposed": "keys @ keys.reshape(keys.transpose(1, 2).shape)",
    "no-mask": "scaled_dot_product_attention(keys, keys, keys)",
    "unscaled-attention": "scores = keys @ keys.transpose(1, 2)\n",
    "no-positions": "x = F.relu(self.a(x))\n",
    "unmatched-keys": "{'module.' + k: v for k, v in (kept).items()}, strict=False",
    "uncopied-state": "kept = net.state_dict()",
}
"""What the first mutant of every operator holds."""
_CRASHES = {
    "transposed-targets": RuntimeError,
    "backward-twice": RuntimeError,
    "loss-without-gradient": RuntimeError,
    "double-network": RuntimeError,
    "labels-from-one": IndexError,
    "layer-of-other-width": RuntimeError,
}
"""Errors that operators are for."""
_MUTANTS: dict[str, Mutant] = {}
for _mutant in mutants(_SOURCE, OPERATORS):
    _MUTANTS.setdefault(_mutant.operator.name, _mutant)


def _execute(source: str) -> dict[str, object]:
    names: dict[str, object] = {"__name__": "__main__"}
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        exec(compile(source, "mutant", "exec"), names)
    return names


def test_there_is_a_test_of_every_operator() -> None:
    assert [o.name for o in OPERATORS] == list(_CHANGED)


@pytest.mark.parametrize("name", list(_CHANGED))
def test_an_operator_does_what_it_says_and_runs(name: str) -> None:
    mutant = _MUTANTS[name]
    assert _CHANGED[name] in mutant.source
    assert _CHANGED[name] not in _SOURCE
    if name in _CRASHES:
        with pytest.raises(_CRASHES[name]):
            _execute(mutant.source)
    else:
        loss = _execute(mutant.source)["test_loss"]
        assert isinstance(loss, torch.Tensor)


@pytest.mark.parametrize("script", _SCRIPTS[::5], ids=lambda s: s.stem)
def test_a_mutant_differs_at_its_line(script: Path) -> None:
    source = script.read_text()
    for mutant in mutants(source, OPERATORS):
        compile(mutant.source, str(script), "exec")
        old, new = source.splitlines(), mutant.source.splitlines()
        changes = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
        changed = [(tag, a, b) for tag, a, b, _, _ in changes if tag != "equal"]
        assert changed
        assert all(mutant.line - 1 <= a + 1 and b <= mutant.line + 12 for _, a, b in changed)


def test_accepted_names_are_findings() -> None:
    # The others belong to findings that are still to be written.
    slugs = {finding.slug for finding in FINDINGS.values()}
    unnamed = [o.name for o in OPERATORS if o.accepted and not set(o.accepted) & slugs]
    assert set(unnamed) <= {"end-of-episode-ignored", "unscaled-attention", "no-positions"}


def test_every_operator_has_its_turn_before_any_has_a_second() -> None:
    drawn = list(_sample(_SCRIPTS[:4], OPERATORS[:12], 3))
    names = [mutant.operator.name for _, mutant in drawn]
    assert drawn == list(_sample(_SCRIPTS[:4], OPERATORS[:12], 3))
    assert len(set(names[: len(set(names))])) == len(set(names))
    assert all(names.count(name) <= 3 for name in names)


def _row(metric: float | None, *, output: str = "a", error: str = "", named: tuple = ()) -> dict:
    return {"metric": metric, "output": output, "error": error, "named": list(named), "line": 7}


_SOUND = [_row(0.9), _row(0.92), _row(0.91)]


def test_one_seed_is_enough_where_it_decides() -> None:
    assert _is_decided(_SOUND[0], _row(0.9))
    assert _is_decided(_SOUND[0], _row(0.95, output="b"))
    assert _is_decided(_SOUND[0], _row(None, output="b", error="RuntimeError: no"))
    assert not _is_decided(_SOUND[0], _row(0.8, output="b"))
    assert not _is_decided(_SOUND[0], _row(None, output="b"))


def test_harm_is_what_the_interval_says() -> None:
    worse = [_row(m, output="b") for m in (0.5, 0.52, 0.49)]
    unsure = [_row(m, output="b") for m in (0.89, 0.5, 0.91)]
    lost = [_row(float("nan"), output="b")] * 3
    crashed = [_row(None, output="b", error="RuntimeError: no"), None, None]
    misfit = [_row(None, output="b", error="NameError: loss"), None, None]
    found = [_verdict(list(_SOUND), list(rows)) for rows in (worse, unsure, lost, crashed)]
    assert [v is not None and v.harmed for v in found] == [True, False, True, True]
    assert _verdict(list(_SOUND), list(misfit)) is None
    assert _verdict(list(_SOUND), [worse[0], None, None]) is None


def test_what_counts_as_right() -> None:
    operator = next(o for o in OPERATORS if o.name == "drop-zero-grad")
    code = next(c for c, f in FINDINGS.items() if f.slug == "accumulating-gradients")
    slugs = {c: f.slug for c, f in FINDINGS.items()}
    named = ([code, "error", [8], None, "..."],)
    right = Verdict(True, False, [_row(0.1, named=named)])
    assert _marks(operator, right, slugs) == dict.fromkeys(
        ("detected", "right", "first", "line"), True
    )
    nothing = Verdict(True, False, [_row(0.1)])
    assert not any(_marks(operator, nothing, slugs).values())
    other = (["ACT101", "error", [8], None, "..."],)
    assert _marks(operator, Verdict(False, False, [_row(1.0, named=other)]), slugs)["false"]
    assert not _marks(operator, Verdict(False, False, [_row(1.0, named=named)]), slugs)["false"]
