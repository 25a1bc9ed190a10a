"""Finds, in what a script prints, the number by which its author judges it."""

from __future__ import annotations

__all__ = ["Printed", "find_printed", "without_colours"]

import math
import re
from dataclasses import dataclass

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|nan|inf"
_FOUND = re.compile(rf"(?<![A-Za-z_\d.^@])(?:{_NUMBER})(?![A-Za-z_\d])", re.IGNORECASE)

_BAR = re.compile(r"^.*\d+%\|[^|]*\|\s*\d+/\d+\s*\[[^,\]]*,[^,\]]*,?\s*")
"""What tqdm draws before a bar's postfix."""

_COLOUR = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")

_BREAK = re.compile(r"[,;|\t\]\[{}]|\s-\s|\s{2,}")
"""What divides the numbers of one line."""

_HIGHER = {
    name: rank
    for rank, names in enumerate(
        (
            "top k hits recall precision sensitivity specificity correct solved success wins",
            "r r2 ssim psnr elbo likelihood ll loglik correlation pearson spearman",
            "reward return score bleu rouge chrf map map50 ap auc auroc auprc iou miou dice f1 mcc",
            "acc accuracy top1 acc1 em",
        ),
        start=2,
    )
    for name in names.split()
}
_LOWER = {
    name: rank
    for rank, names in enumerate(
        (
            "loss losses objective cost",
            "error err mse rmse mae mape nll bpc bpd ppl perplexity wer cer fid regret bce ce xent",
        ),
        start=1,
    )
    for name in names.split()
}
_HELD_OUT = {"val": 0, "valid": 0, "validation": 0, "dev": 0, "eval": 0, "evaluation": 0} | {
    "held": 0,
    "holdout": 0,
    "heldout": 0,
    "test": 1,
    "testing": 1,
}
_TRAINED = frozenset({"train", "training", "tr", "trn", "batch", "running"})
_OTHER = frozenset(
    {"best", "lr", "rate", "time", "eta", "sec", "seconds", "patience", "target", "baseline"}
)
_LOSSES = frozenset({"loss", "losses", "objective", "cost"})
_THINGS = frozenset(
    {
        *("image", "images", "picture", "pictures", "sample", "samples", "example", "examples"),
        *("sentence", "sentences", "instances", "points", "items", "rows", "records", "videos"),
        *("tokens", "words", "nodes", "graphs", "batches", "epochs", "episodes", "steps", "files"),
    }
)
"""What numbers in a sentence count."""
_AT = re.compile(r"(?:@|top[-_ ]?|hits[-_ ]?)(\d+)")
_PREFIXED = re.compile(r"^(val|valid|test|train|eval|dev)([a-z]{2,}\d?)$")
_WORD = re.compile(r"[a-z]+\d*")


@dataclass(frozen=True)
class Printed:
    """A number that a script prints.

    Attributes:
        label: the words beside it, as in "val acc".
        pattern: a regular expression whose one group is the number.
        maximize: higher is better.
        is_loss: it is a loss, whose size depends on the loss function.
        held_out: the words beside it say that the data were held out.
        rank: how well it judges: higher is better; equal ranks are equally plausible.
    """

    label: str
    pattern: str
    maximize: bool
    is_loss: bool
    held_out: bool
    rank: tuple[int, int, int]


@dataclass
class _Series:
    line: str
    at: int
    values: list[float]
    is_bar: bool


def find_printed(output: str) -> list[Printed]:
    """The numbers that a script may be judged by, the most plausible first.

    A number counts where a word such as accuracy, loss, score or bleu stands beside it, and where
    it changes from line to line, if several lines have it. Held-out data go before those that
    nothing is said of, and these before training data, which do not count; accuracies and scores
    go before errors, errors before losses.

    Args:
        output: what the script printed.

    Returns:
        One for each name. Those of the first one's rank are equally plausible.
    """
    series: dict[tuple[str, int], _Series] = {}
    for whole in re.split(r"[\r\n]+", without_colours(output)):
        line, bars = _BAR.subn("", whole)
        line = line.strip()
        found = list(_FOUND.finditer(line))
        template = _FOUND.sub("#", line)
        for at, match in enumerate(found):
            known = series.setdefault((template, at), _Series(line, at, [], bars > 0))
            known.values.append(float(match[0]))
    named: dict[str, Printed] = {}
    # Of two kinds of line that say the same, the one that came more often.
    for each in sorted(series.values(), key=lambda s: len(s.values), reverse=True):
        judged = _judge(each)
        if judged is not None:
            named.setdefault(judged.label, judged)
    return sorted(named.values(), key=lambda p: p.rank, reverse=True)


def without_colours(output: str) -> str:
    """The same without the codes by which a terminal colours it."""
    return _COLOUR.sub("", output)


def _judge(series: _Series) -> Printed | None:
    """What stands beside a number; None where it judges nothing."""
    known = [v for v in series.values if math.isfinite(v)]
    if not known or (len(series.values) > 2 and len(set(known)) == 1):
        return None
    found = list(_FOUND.finditer(series.line))
    own = _beside(series.line, found, series.at)
    if own is None or _OTHER & set(_words(own)):
        return None
    side = _side(own) or _side(series.line[: found[series.at].start()])
    if side in _TRAINED:
        return None
    metric = _metric(own) or _bare(own, known)
    if metric is None:
        return None
    name, maximize, rank = metric
    if any(int(n) > 1 for n in _AT.findall(own.lower())):
        # Among the first five: easier, and printed beside the accuracy itself.
        rank = 2
    return Printed(
        label=_label(own) or name,
        pattern=_pattern(series, found),
        maximize=maximize,
        is_loss=name in _LOSSES,
        held_out=side is not None,
        rank=(2 if side else 1, rank, 1 if _HELD_OUT.get(side or "") == 0 else 0),
    )


def _beside(line: str, found: list[re.Match[str]], at: int) -> str | None:
    """The words that say what a number is; None where it is none by which anything is judged."""
    this = found[at]
    end = found[at - 1].end() if at else 0
    own = line[end : this.start()]
    near = _BREAK.split(line[: this.start()])[-1]
    if len(near) < len(own):
        own = near
    if _counts(this[0], line[this.end() :]):
        return None
    if _metric(own) or _side(own):
        if _metric(own) or not _metric(near):
            return own
    elif not re.search(r"[A-Za-z]", own) and not re.search(r"[:=]", own):
        # The whole of a fraction, the same in percent.
        return None
    if at and _counts(found[at - 1][0], line[end:]) and _metric(near):
        return near
    if not re.search(r"[A-Za-z]", own) and _metric(near):
        return near
    behind = _BREAK.split(line[this.end() :])[0]
    if _metric(behind) and not _FOUND.search(behind) and not re.search(r"[:=]", behind):
        return behind
    return None


def _counts(number: str, after: str) -> bool:
    """Whether a number says of how many things the words beside it are."""
    if not number.isdigit():
        return False
    words = re.match(r"[A-Za-z\s-]*", after)
    return bool(words and _THINGS & set(_words(words[0])))


def _bare(text: str, values: list[float]) -> tuple[str, bool, int] | None:
    """What "Val: 0.78" is: a share that grows is an accuracy, what falls is an error."""
    side = _side(text)
    if side is None or len(values) < 2 or values[0] == values[-1]:
        return None
    grows = values[-1] > values[0]
    if grows and not all(0 <= v <= 100 for v in values):
        return None
    return side, grows, 0


def _words(text: str) -> list[str]:
    found: list[str] = []
    # "valLoss" and "val_loss" are two words each.
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    for word in _WORD.findall(text.lower()):
        joined = _PREFIXED.match(word)
        if joined and (joined[2] in _HIGHER or joined[2] in _LOWER):
            found += joined.groups()
        else:
            found.append(word)
    return found


def _metric(text: str) -> tuple[str, bool, int] | None:
    """The last word that names a metric, whether higher is better, and its rank."""
    for word in reversed(_words(text)):
        if word in _HIGHER:
            return word, True, _HIGHER[word]
        if word in _LOWER:
            return word, False, _LOWER[word]
    return None


def _side(text: str) -> str | None:
    """The last word that says which data were used."""
    words = reversed(_words(text))
    return next((w for w in words if w in _TRAINED or w in _HELD_OUT), None)


def _label(text: str) -> str:
    return " ".join(re.sub(r"[^\w^/@+.-]+", " ", _FOUND.sub("", text)).split()).strip(" -./")


def _pattern(series: _Series, found: list[re.Match[str]]) -> str:
    """What matches such lines up to the number, whatever the other numbers are."""
    parts = []
    end = 0
    for number in found[: series.at + 1]:
        text = series.line[end : number.start()]
        parts.append(r"\s+".join(map(re.escape, re.split(r"\s+", text))))
        end = number.end()
    numbers = [f"(?:{_NUMBER})"] * series.at + [f"({_NUMBER})"]
    beginning = r"\s" if series.is_bar else r"(?:^|[\r\n])\s*"
    return beginning + "".join(p + n for p, n in zip(parts, numbers, strict=True))
