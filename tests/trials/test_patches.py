"""A patched script, run by Python alone, does to the last bit what the treated one did."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from tests.forked import run_forked
from tests.treated import surveyed, trial

from trainwell.errors import CannotApplyError
from trainwell.remedies.catalogue import REMEDIES, parse
from trainwell.trials.arms import Arm
from trainwell.trials.patch import Patch
from trainwell.trials.patches import bare_run, beside, make_patch

PLAIN = """\
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
x = torch.randn(96, 4) * torch.tensor([1.0, 50.0, 0.3, 2.0]) + 3
y = (x[:, 0] + 3 * x[:, 2] > 12).long()
train_x, train_y, held_x, held_y = x[:64], y[:64], x[64:], y[64:]
model = nn.Sequential(
    nn.Linear(4, 8),
    nn.Tanh(),
    nn.Linear(8, 8),
    nn.Tanh(),
    nn.Linear(8, 2),
)
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
for epoch in range(4):
    model.train()
    for a, b in zip(train_x.split(16), train_y.split(16)):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(a), b)
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        held = F.cross_entropy(model(held_x), held_y)
    print(epoch, repr(held.item()))
"""

REGRESSION = (
    PLAIN.replace("y = (x[:, 0] + 3 * x[:, 2] > 12).long()", "y = 300 + 40 * x[:, :1].tanh()")
    .replace("cross_entropy", "mse_loss")
    .replace("Linear(8, 2)", "Linear(8, 1)")
    .replace("* torch.tensor([1.0, 50.0, 0.3, 2.0]) + 3", "")
)
BINARY = PLAIN.replace("Linear(8, 2)", "Linear(8, 1)").replace(".long()", ".float()[:, None]")
LOADER = PLAIN.replace("zip(train_x.split(16), train_y.split(16))", "loader").replace(
    "optimizer =", "loader = DataLoader(TensorDataset(train_x, train_y), batch_size=8)\noptimizer ="
)
MODULE = """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(4, 8)
        self.second = nn.Linear(8, 8)
        self.last = nn.Linear(8, 2)

    def forward(self, x):
        x = torch.tanh(self.first(x))
        x = F.dropout(x, 0.6, self.training)
        x = torch.sigmoid(self.second(x))
        return self.last(x)


model = Net()
"""
FUNCTIONAL = PLAIN[: PLAIN.index("model =")] + MODULE + PLAIN[PLAIN.index("optimizer =") :]


LAST = """\
class Last(nn.Module):
    def forward(self, pair):
        return pair[0]


"""


def edit(source: str, *changes: tuple[str, str]) -> str:
    """The source with other text in some places, each of which has to be there."""
    for old, new in changes:
        assert old in source, old
        source = source.replace(old, new)
    return source


def behind(module: str) -> tuple[str, str]:
    """Another module in the place of the last activation."""
    return "nn.Tanh(),\n    nn.Linear(8, 2)", f"{module},\n    nn.Linear(8, 2)"


def ending(module: str, units: int) -> tuple[str, str]:
    """A module behind the last layer."""
    last = f"    nn.Linear(8, {units}),\n"
    return last, f"{last}    {module},\n"


CASES: dict[str, tuple[str, str]] = {
    "clip_gradients=0.1": ("clip_gradients=0.1", PLAIN),
    "l1_penalty": ("l1_penalty=0.01", PLAIN),
    "weight_decay": ("weight_decay=0.1", PLAIN),
    "weight_decay of Adam": ("weight_decay", edit(PLAIN, ("SGD", "Adam"))),
    "weight_noise": ("weight_noise", PLAIN),
    "input_noise": ("input_noise", PLAIN),
    "label_smoothing": ("label_smoothing", PLAIN),
    "dropout": ("dropout=0.4", PLAIN),
    "add_batch_norm": ("add_batch_norm", PLAIN),
    "initialise_he": ("initialise_he", PLAIN),
    "initialise_he=uniform": ("initialise_he=uniform", PLAIN),
    "initialise_lecun": ("initialise_lecun", PLAIN),
    "initialise_xavier": ("initialise_xavier", PLAIN),
    "scale_inputs": ("scale_inputs", PLAIN),
    "scale_inputs=min-max": ("scale_inputs=min-max", PLAIN),
    "scale_robustly": ("scale_robustly", PLAIN),
    "scale_targets": ("scale_targets", REGRESSION),
    "scale_targets of l1": ("scale_targets", edit(REGRESSION, ("mse_loss", "l1_loss"))),
    "scale_targets of several columns": (
        "scale_targets",
        edit(
            REGRESSION,
            ("40 * x[:, :1].tanh()", "torch.tensor([1.0, 90.0]) * x[:, :2].tanh()"),
            ("Linear(8, 1)", "Linear(8, 2)"),
        ),
    ),
    "use_group_norm": (
        "use_group_norm=4",
        edit(PLAIN, ("nn.Linear(4, 8),\n", "nn.Linear(4, 8),\n    nn.BatchNorm1d(8),\n")),
    ),
    "use_log_softmax": (
        "use_log_softmax",
        edit(PLAIN, ending("nn.Softmax(dim=1)", 2), ("cross_entropy", "nll_loss")),
    ),
    "impute_values": ("impute_values", edit(PLAIN, ("y = (x", "x[::7, 1] = float('nan')\ny = (x"))),
    "initialise_he of a recurrent layer": (
        "initialise_he",
        edit(
            PLAIN,
            ("    nn.Linear(8, 8),\n", "    nn.RNN(8, 8),\n    Last(),\n    nn.Linear(8, 8),\n"),
            (
                "torch.manual_seed(0)\n",
                "torch.manual_seed(0)\n" + LAST,
            ),
        ),
    ),
    "lower_learning_rate": ("lower_learning_rate", PLAIN),
    "raise_learning_rate": ("raise_learning_rate", edit(PLAIN, (", lr=0.05", ""))),
    "lower_momentum": ("lower_momentum", edit(PLAIN, ("lr=0.05", "lr=0.05, momentum=0.99"))),
    "change_optimizer": ("change_optimizer", PLAIN),
    "change_optimizer=sgd": ("change_optimizer=sgd", edit(PLAIN, ("SGD", "RMSprop"))),
    "zero_gradients": ("zero_gradients", edit(PLAIN, ("        optimizer.zero_grad()\n", ""))),
    "step_optimizer": ("step_optimizer", edit(PLAIN, ("        optimizer.step()\n", ""))),
    "register_parameters": (
        "register_parameters",
        edit(PLAIN, ("(model.parameters()", "(model[0].parameters()")),
    ),
    "unfreeze_parameters": (
        "unfreeze_parameters",
        edit(PLAIN, ("optimizer =", "model[2].requires_grad_(False)\noptimizer =")),
    ),
    "train_longer": ("train_longer=2", PLAIN),
    "shuffle_batches": ("shuffle_batches", LOADER),
    "resize_batches": ("resize_batches", LOADER),
    "use_relu": ("use_relu", PLAIN),
    "use_relu of calls": ("use_relu", FUNCTIONAL),
    "use_leaky_relu of calls": ("use_leaky_relu", FUNCTIONAL),
    "use_gelu": ("use_gelu", PLAIN),
    "use_gelu of calls": ("use_gelu", FUNCTIONAL),
    "use_leaky_relu": ("use_leaky_relu", edit(PLAIN, ("Tanh", "ReLU"))),
    "use_tanh": ("use_tanh", edit(PLAIN, ("Tanh", "Sigmoid"))),
    "insert_activation": (
        "insert_activation",
        edit(PLAIN, ("    nn.Linear(4, 8),\n    nn.Tanh(),\n", "    nn.Linear(4, 8),\n")),
    ),
    "insert_activation of calls": (
        "insert_activation",
        edit(
            FUNCTIONAL,
            ("torch.tanh(self.first(x))", "self.first(x)"),
            ("        x = F.dropout(x, 0.6, self.training)\n", ""),
        ),
    ),
    "lower_dropout": (
        "lower_dropout",
        edit(PLAIN, behind("nn.Dropout(0.9)")),
    ),
    "feed_logits": (
        "feed_logits",
        edit(PLAIN, ending("nn.Softmax(dim=1)", 2)),
    ),
    "feed_logits of calls": (
        "feed_logits",
        edit(FUNCTIONAL, ("return self.last(x)", "return torch.softmax(self.last(x), dim=1)")),
    ),
    "release_output": (
        "release_output",
        edit(REGRESSION, ending("nn.Sigmoid()", 1)),
    ),
    "use_sigmoid": (
        "use_sigmoid",
        edit(
            BINARY,
            ending("nn.Softmax(dim=1)", 1),
            ("cross_entropy", "binary_cross_entropy"),
        ),
    ),
    "average_loss": (
        "average_loss",
        edit(PLAIN, ("cross_entropy(model(a), b)", 'cross_entropy(model(a), b, reduction="sum")')),
    ),
    "weigh_classes": ("weigh_classes", PLAIN),
    "weigh_classes of two": (
        "weigh_classes",
        edit(BINARY, ("cross_entropy", "binary_cross_entropy_with_logits")),
    ),
    "evaluate_in_eval_mode": (
        "evaluate_in_eval_mode",
        edit(
            PLAIN,
            ("    model.eval()\n", ""),
            behind("nn.Dropout(0.5)"),
        ),
    ),
    "train_in_train_mode": (
        "train_in_train_mode",
        edit(
            PLAIN,
            ("    model.train()\n", "    model.eval()\n"),
            behind("nn.Dropout(0.5)"),
        ),
    ),
}
"""By a name: the remedies and the script."""

ROUNDED = {
    "use_log_softmax",
    "feed_logits",
    "feed_logits of calls",
    "scale_targets",
    "scale_targets of l1",
    "scale_targets of several columns",
    "average_loss",
}
"""Where the trial computes the same by another way: the results agree to a rounding."""


def printed(output: str) -> list[float]:
    return [float(line.split()[-1]) for line in output.strip().splitlines()]


def proven(script: Path, names: str, *arguments: str, exact: bool = True) -> Patch:
    """The patch of remedies on a script, when its bare run gives what the trial gives."""
    run, survey, plain = surveyed(script, *arguments)
    arm = Arm(tuple(r.fitted(run, survey) for r in parse(names)))
    live = trial(script, *arguments, remedies=arm.remedies)
    assert (live.status, live.error, live.unused) == (0, "", {})
    assert live.output != plain.output
    patch = make_patch(str(script), arm, survey)
    assert patch.by_hand == ()
    assert patch.whole
    patched = script.with_name("patched.py")
    patched.write_text(patch.source)
    bare = run_forked(patched, *arguments, probed=False)
    assert bare.error == "", patch.diff
    if exact:
        assert bare.output == live.output, patch.diff
    else:
        assert printed(bare.output) == pytest.approx(printed(live.output), rel=1e-4), patch.diff
    return patch


@pytest.mark.parametrize("name", CASES)
def test_the_patch_does_what_the_remedy_did(tmp_path: Path, name: str) -> None:
    names, source = CASES[name]
    script = tmp_path / "train.py"
    script.write_text(source)
    patch = proven(script, names, exact=name not in ROUNDED)
    assert "train.py" in patch.diff


def indented(text: str, by: str = "    ") -> str:
    return "".join(by + line if line.strip() else line for line in text.splitlines(keepends=True))


_AT = PLAIN.index("torch.manual_seed(0)")
IMPORTS, BODY = PLAIN[:_AT], PLAIN[_AT:]
_MODEL = BODY.index("model = ")
_TRAINING = BODY.index("for epoch")

LAYOUTS = {
    "a function": (
        IMPORTS
        + "\n\ndef main():\n"
        + indented(BODY)
        + '\n\nif __name__ == "__main__":\n    main()\n'
    ),
    "a class": (
        IMPORTS
        + BODY[:_MODEL]
        + "\n\nclass Trainer:\n    def __init__(self):\n"
        + indented(
            BODY[_MODEL:_TRAINING]
            .replace("model = ", "self.model = ")
            .replace("optimizer = ", "self.optimizer = ")
            .replace("model.parameters", "self.model.parameters"),
            " " * 8,
        )
        + "\n    def fit(self):\n"
        + indented(
            BODY[_TRAINING:].replace("model", "self.model").replace("optimizer", "self.optimizer"),
            " " * 8,
        )
        + "\n\nTrainer().fit()\n"
    ),
    "another name of torch": (
        PLAIN.replace("import torch\n", "import torch as th\n")
        .replace("torch.", "th.")
        .replace("th.nn", "torch.nn")
        .replace("from th.", "from torch.")
    ),
    "no torch itself": (
        PLAIN.replace("import torch\n", "from torch import manual_seed, no_grad, randn, tensor\n")
        .replace(
            "import torch.nn.functional", "from torch.optim import SGD\nimport torch.nn.functional"
        )
        .replace("torch.optim.SGD", "SGD")
        .replace("torch.manual_seed", "manual_seed")
        .replace("torch.no_grad", "no_grad")
        .replace("torch.randn", "randn")
        .replace("torch.tensor", "tensor")
    ),
    "arguments": (
        "import argparse\n"
        + IMPORTS
        + "\nparser = argparse.ArgumentParser()\n"
        + 'parser.add_argument("--lr", type=float, default=0.01)\n'
        + "args = parser.parse_args()\n"
        + BODY.replace("lr=0.05", "lr=args.lr")
    ),
    "windows": PLAIN.replace("\n", "\r\n"),
    "tabs and names that are taken": (
        IMPORTS
        + "input_centre = layer = group = weight = held = x = drop = path = norm = 3\n"
        + "def main(scale_input=1, clean=2, add_noise=3):\n"
        + indented(BODY, "\t").replace("    ", "\t")
        + "\nmain()\n"
    ),
}

TOGETHER = [
    "scale_inputs,initialise_he,lower_learning_rate,clip_gradients,use_relu",
    "weight_noise,input_noise,dropout,label_smoothing",
    "add_batch_norm,weight_decay,train_longer=2,scale_robustly,raise_learning_rate=2",
    "use_gelu,train_longer=2,initialise_xavier=normal,l1_penalty,clip_gradients",
]


@pytest.mark.parametrize(
    ("layout", "names"),
    [
        (layout, names)
        for layout in LAYOUTS
        for names in (TOGETHER if layout in ("a class", "no torch itself") else TOGETHER[:1])
    ],
)
def test_several_remedies_in_one_patch(tmp_path: Path, layout: str, names: str) -> None:
    script = tmp_path / "train.py"
    script.write_text(LAYOUTS[layout], newline="")
    arguments = ["--lr", "0.03"] if layout == "arguments" else []
    patch = proven(script, names, *arguments)
    for name in names.split(","):
        assert name.partition("=")[0] in REMEDIES
    if layout == "windows":
        assert "\n" not in patch.source.replace("\r\n", "")


JUDGE = """\
criterion = nn.CrossEntropyLoss()


def judge(x, y):
    return criterion(model(x), y)
"""
SHARED = edit(
    PLAIN,
    ("optimizer =", JUDGE + "\n\noptimizer ="),
    ("F.cross_entropy(model(a), b)", "judge(a, b)"),
    ("F.cross_entropy(model(held_x), held_y)", "judge(held_x, held_y)"),
)
ALONE = edit(
    PLAIN,
    ("model = nn.Sequential", "models = [None]\nmodels[0] = nn.Sequential"),
    ("model(", "models[0]("),
    ("model.", "models[0]."),
)


@pytest.mark.parametrize(
    ("names", "source", "reason", "lines"),
    [
        ("label_smoothing", SHARED, "share the loss", "label_smoothing=0.1"),
        ("weigh_classes", SHARED, "share the loss", "CrossEntropyLoss(weight="),
        ("scale_inputs", ALONE, "no variable at line", "scale the data before training"),
        ("initialise_he", ALONE, "no variable at line", "kaiming_normal_"),
        ("early_stopping", PLAIN, "no patch", "load_state_dict(best_weights)"),
        ("augment_inputs", PLAIN, "no patch", "torch.distributions.Beta(0.2, 0.2)"),
        ("lower_dropout", FUNCTIONAL, "forward() calls dropout itself", "drop no more than 0.1"),
        (
            "change_optimizer",
            LAYOUTS["no torch itself"],
            "does not call `torch.optim.SGD`",
            "another optimizer",
        ),
        (
            "lower_learning_rate",
            edit(
                PLAIN,
                ("torch.optim.SGD(model.parameters(), lr=0.05)", "torch.optim.SGD(**settings)"),
                ("optimizer =", "settings = dict(params=model.parameters(), lr=0.05)\noptimizer ="),
            ),
            "",
            "multiply the learning rate by 0.1",
        ),
    ],
)
def test_where_no_patch_is_safe_there_are_lines_to_add(
    tmp_path: Path, names: str, source: str, reason: str, lines: str
) -> None:
    script = tmp_path / "train.py"
    script.write_text(source)
    run, survey, _ = surveyed(script)
    arm = Arm(tuple(r.fitted(run, survey) for r in parse(names)))
    live = trial(script, remedies=arm.remedies)
    assert (live.status, live.unused) == (0, {})
    patch = make_patch(str(script), arm, survey)
    assert (patch.diff, patch.source, patch.whole) == ("", source, False)
    [(label, why, text)] = patch.by_hand
    assert label == arm.label
    assert reason in why
    assert lines in text


def test_what_has_no_patch_does_not_keep_the_others_from_theirs(tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text(PLAIN)
    run, survey, _ = surveyed(script)
    named = parse("early_stopping,clip_gradients")
    patch = make_patch(str(script), Arm(tuple(r.fitted(run, survey) for r in named)), survey)
    assert [label for label, _, _ in patch.by_hand] == ["early_stopping"]
    assert "clip_grad_norm_" in patch.diff
    assert not patch.whole


@pytest.mark.parametrize(
    ("name", "source", "reason"),
    [
        ("scale_targets", PLAIN, "no regression loss was seen"),
        (
            "add_batch_norm",
            edit(
                PLAIN,
                behind("nn.BatchNorm1d(8)"),
            ),
            "has batch normalisation",
        ),
        ("dropout", FUNCTIONAL, "the network has dropout"),
        ("change_optimizer=sgd", PLAIN, "SGD is used already"),
        ("lower_momentum", PLAIN, "no optimizer has a momentum above 0.9"),
        ("label_smoothing", REGRESSION, "the training loss is no cross-entropy"),
        ("match_loss", PLAIN, "no distance is used as the loss"),
        ("match_loss", REGRESSION, "the targets are not zeros and ones"),
        ("match_shapes", REGRESSION, "prediction and target have one shape"),
        ("shuffle_batches", PLAIN, "no DataLoader without shuffling feeds the training"),
        ("resize_batches=8", LOADER, "no DataLoader with another batch size feeds the training"),
        ("feed_logits", PLAIN, "no loss that wants logits is given probabilities"),
        ("release_output", PLAIN, "no activation stands between the network and its loss"),
        ("use_sigmoid", PLAIN, "no softmax over one unit was seen"),
        ("use_relu", edit(PLAIN, ("Tanh", "ReLU")), "no hidden activation is one of"),
        ("insert_activation", PLAIN, "no layer reads another one as it is"),
        ("lower_dropout", PLAIN, "nothing drops more than 0.1"),
        ("average_loss", PLAIN, "no training loss is summed"),
        ("step_optimizer", PLAIN, "an optimizer steps already"),
        ("evaluate_in_eval_mode", PLAIN, "no network is evaluated in training mode"),
        ("train_in_train_mode", PLAIN, "no network is trained in evaluation mode"),
        ("accumulate_micro_batches", PLAIN, "16 steps are too few to make one of 8"),
        ("weight_decay", edit(PLAIN, ("lr=0.05", "weight_decay=0.2, lr=0.05")), "decays by 0.2"),
    ],
)
def test_a_remedy_that_does_not_fit_says_why(
    name: str,
    source: str,
    reason: str,
    seen: dict[str, object],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    if source not in seen:
        script = tmp_path_factory.mktemp("seen") / "train.py"
        script.write_text(source)
        seen[source] = surveyed(script)
    run, survey, _ = seen[source]  # type: ignore[misc]
    [remedy] = parse(name)
    with pytest.raises(CannotApplyError, match=reason):
        remedy.fitted(run, survey)


@pytest.fixture(scope="module")
def seen() -> dict[str, object]:
    """What was learned of a script, by its source."""
    return {}


def test_a_source_runs_bare_in_the_place_of_the_script(tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text("raise SystemExit('never run')")
    (tmp_path / "neighbour.py").write_text("import torch\ndrawn = torch.rand(1).item()\n")
    source = (
        "import sys, os, torch\nfrom neighbour import drawn\n"
        "print(drawn, __name__, sys.argv[1:], os.path.dirname(__file__), torch.get_num_threads())\n"
        "raise SystemExit(5)\n"
    )
    status, printed_text = bare_run(str(script), source, ("--lr", "1"), threads=1, limit=60)
    assert status == 5
    # Seeded as the first trial, where the script itself does not seed.
    assert printed_text.startswith("0.4962565898895263")
    assert printed_text.split()[1:] == ["__main__", "['--lr',", "'1']", str(tmp_path), "1"]
    assert sorted(p.name for p in tmp_path.glob("*.py")) == ["neighbour.py", "train.py"]
    assert os.path.basename(beside(str(script))[0]).startswith(".")
    assert stat.S_ISREG(script.stat().st_mode)
