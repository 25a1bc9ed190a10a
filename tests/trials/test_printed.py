"""The number by which a script's author judges it, found in what the script prints."""

from __future__ import annotations

import re

import pytest

from trainwell.errors import BadInputError
from trainwell.trials.job import Outcome
from trainwell.trials.measure import Measure, choose_measure
from trainwell.trials.printed import find_printed

HIGHER = {
    "beside training": (
        (
            "Epoch 1: train loss 0.9, val loss 0.8, val acc 0.71\n"
            "Epoch 2: train loss 0.7, val loss 0.6, val acc 0.81\n"
        ),
        "val acc",
        0.81,
    ),
    "with a fraction and percents": (
        (
            "Train Epoch: 1 [0/60000 (0%)]\tLoss: 2.30\n"
            "Train Epoch: 1 [640/60000 (1%)]\tLoss: 2.10\n\n"
            "Test set: Average loss: 0.0274, Accuracy: 9911/10000 (99%)\n\n"
            "Test set: Average loss: 0.0234, Accuracy: 9921/10000 (99%)\n"
        ),
        "Accuracy",
        9921,
    ),
    "a sentence that counts": (
        "[1,  2000] loss: 2.2\nAccuracy of the network on the 10000 test images: 57 %\n",
        "Accuracy of the network on the test images",
        57,
    ),
    "equals signs": (
        "epoch=1 train_loss=0.5 val_acc=0.7\nepoch=2 train_loss=0.4 val_acc=0.8\n",
        "val_acc",
        0.8,
    ),
    "a bar": (
        (
            "\r  0%|          | 0/20 [00:00<?, ?it/s]"
            "\r 50%|#####     | 10/20 [00:01<00:01, 9.9it/s, loss=0.5, val_acc=0.7]"
            "\r100%|##########| 20/20 [00:02<00:00, 9.9it/s, loss=0.4, val_acc=0.8]\n"
        ),
        "val_acc",
        0.8,
    ),
    "dashes": (
        (
            "10/10 - 1s - loss: 0.5 - accuracy: 0.7 - val_loss: 0.6 - val_accuracy: 0.65\n"
            "10/10 - 1s - loss: 0.4 - accuracy: 0.8 - val_loss: 0.5 - val_accuracy: 0.75\n"
        ),
        "val_accuracy",
        0.75,
    ),
    "a dictionary": (
        (
            "{'eval_loss': 0.5, 'eval_accuracy': 0.83, 'epoch': 1.0}\n"
            "{'eval_loss': 0.4, 'eval_accuracy': 0.85, 'epoch': 2.0}\n"
        ),
        "eval_accuracy",
        0.85,
    ),
    "columns": (
        (
            "epoch   3  train 0.512  valid 0.612  acc 0.77\n"
            "epoch   4  train 0.412  valid 0.512  acc 0.79\n"
        ),
        "acc",
        0.79,
    ),
    "behind the number": ("1: 81.2% accuracy\n2: 85.0% accuracy\n", "accuracy", 85.0),
    "a share without a word": (
        (
            "Epoch: 010, Train: 0.95, Val: 0.78, Test: 0.77\n"
            "Epoch: 020, Train: 0.96, Val: 0.79, Test: 0.78\n"
        ),
        "Val",
        0.79,
    ),
    "returns": (
        "episode 10 reward 21.0 eps 0.9\nepisode 20 reward 29.0 eps 0.8\n",
        "reward",
        29.0,
    ),
    "a logger": (
        (
            "2024-01-01 12:00:00,123 INFO valid bleu: 12.3 ppl: 33.1\n"
            "2024-01-01 12:01:00,223 INFO valid bleu: 14.3 ppl: 30.1\n"
        ),
        "INFO valid bleu",
        14.3,
    ),
    "validation before test": (
        "val acc 0.8 test acc 0.7\nval acc 0.82 test acc 0.72\n",
        "val acc",
        0.82,
    ),
    "the first before the first five": ("Acc@1 45.2 Acc@5 77.1\n", "Acc@1", 45.2),
    "a number in a name": ("test R^2: 0.81\n", "test R^2", 0.81),
    "once": ("training took 3 s\ntest accuracy 0.881, loss 0.31\n", "test accuracy", 0.881),
    "not the rate": ("acc 0.5 lr: 0.01\nacc 0.6 lr: 0.001\n", "acc", 0.6),
    "colours": (
        "\x1b[32mval acc\x1b[0m 0.5\n\x1b[32mval acc\x1b[0m 0.7\n",
        "val acc",
        0.7,
    ),
    "not the best so far": (
        "val acc 0.7 (best val acc 0.7)\nval acc 0.6 (best val acc 0.7)\n",
        "val acc",
        0.6,
    ),
}

LOWER = {
    "an error": ("done\ntest error 0.123\n", "test error", 0.123),
    "a mean square": ("test mse: 0.12 | baseline mse: 0.3\n", "test mse", 0.12),
    "a loss of held-out data": (
        "1 train loss 0.9 val loss 0.8\n2 train loss 0.7 val loss 0.6\n",
        "val loss",
        0.6,
    ),
    "perplexity": ("valid ppl 33.0\nvalid ppl 31.0\n", "valid ppl", 31.0),
    "camel case": ("valLoss 0.5 trainLoss 0.4\nvalLoss 0.4 trainLoss 0.3\n", "valLoss", 0.4),
}


@pytest.mark.parametrize("maximize", [True, False])
@pytest.mark.parametrize("name", [*HIGHER, *LOWER])
def test_the_number_that_judges(name: str, maximize: bool) -> None:
    output, label, value = {**HIGHER, **LOWER}[name]
    if maximize is not (name in HIGHER):
        output = output.replace("\n", "\r\n")
    measure, other = choose_measure(
        Outcome(0, output=output), None, maximize=False, by_accuracy=False
    )
    assert (measure.label, measure.maximize) == (label, name in HIGHER)
    assert measure.value(Outcome(0, output=output)) == value
    assert measure.name == f"`{label}` that the script prints"
    assert other is None


@pytest.mark.parametrize(
    "output",
    [
        "",
        "epoch 1 loss 0.9\nepoch 2 loss 0.5\n",
        "train acc 0.5\ntrain acc 0.7\n",
        "val acc 0.5\nval acc 0.5\nval acc 0.5\n",
        "val loss nan\nval loss nan\n",
        "1 0.693 0.512\n2 0.6 0.6\n",
        "accuracy of 10000 images\n",
    ],
)
def test_what_judges_nothing(output: str) -> None:
    with pytest.raises(BadInputError, match="nothing to judge by"):
        choose_measure(Outcome(0, output=output), None, maximize=False, by_accuracy=False)


def test_equally_plausible_numbers_are_listed_as_options() -> None:
    output = "val f1 0.5 val auc 0.6\nval f1 0.6 val auc 0.7\n"
    with pytest.raises(BadInputError, match="several numbers to judge by; give one:") as error:
        choose_measure(Outcome(0, output=output), None, maximize=False, by_accuracy=False)
    lines = str(error.value).splitlines()[1:]
    patterns = [re.fullmatch(r"  --metric '(.*)' --maximize", line) for line in lines]
    found = [
        Measure("pattern", pattern=p[1]).value(Outcome(0, output=output)) for p in patterns if p
    ]
    assert sorted(found) == [0.6, 0.7]


def test_a_number_of_unknown_data_is_doubted() -> None:
    for output, doubtful in (("acc 0.5\nacc 0.6\n", True), ("val acc 0.5\nval acc 0.6\n", False)):
        measure, _ = choose_measure(
            Outcome(0, output=output), None, maximize=False, by_accuracy=False
        )
        assert bool(measure.doubt) is doubtful


def test_an_evaluation_that_was_seen_goes_before_what_is_printed() -> None:
    outcome = Outcome(0, curves={"judge#0": [[4, 0.9, None, 32]]}, output="val acc 0.5\n")
    measure, _ = choose_measure(outcome, None, maximize=False, by_accuracy=False)
    assert measure == Measure("loss", "judge#0")


def test_printed_losses_are_losses() -> None:
    outcome = Outcome(0, output="val loss 0.5\nval loss 0.4\n")
    measure, _ = choose_measure(outcome, None, maximize=False, by_accuracy=False)
    assert measure.is_loss
    assert [p.is_loss for p in find_printed("val acc 0.5 val loss 0.5\n")] == [False, True]
