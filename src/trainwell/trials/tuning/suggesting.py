"""Which parameters of a script are worth a search, and over which ranges."""

from __future__ import annotations

__all__ = ["suggest"]

import math
import os
import re
from collections.abc import Iterator

from trainwell.diagnosis import diagnose
from trainwell.trials.tuning.constants import constants_of
from trainwell.trials.tuning.defaults import run_default
from trainwell.trials.tuning.domain import Value
from trainwell.trials.tuning.engines import make_engine
from trainwell.trials.tuning.knobs import KNOBS, Seen, default_of
from trainwell.trials.tuning.plan import TunePlan
from trainwell.trials.tuning.subject import ScriptSubject, learned
from trainwell.trials.tuning.suggestion import Suggestion, Suggestions

_NOT_TUNED = re.compile(
    r"seed|path|dir|file|folder|device|gpu|worker|thread|log|verbose|print|save|port|num_class|"
    r"n_class|rank|world|resume|debug|name|test|val",
    re.IGNORECASE,
)
"""Names of what a script is told that changes nothing about how well it learns, or must not."""

_RATES = re.compile(
    r"(^|_|-)(lr|rate|eta|weight_decay|wd|decay|eps|lambda|alpha|temperature|tau)", re.IGNORECASE
)
_SHARES = re.compile(r"drop|smooth|momentum|noise|mixup|prob", re.IGNORECASE)


def suggest(plan: TunePlan) -> Suggestions:
    """Run a script once as it is, and say what is worth a search.

    Args:
        plan: names the script, its arguments and the metric; nothing else counts.

    Raises:
        BadInputError: if it fails, or trains nothing.
    """
    with make_engine(plan, None) as engine:
        subject = ScriptSubject(plan, engine.threads)
        outcome = run_default(subject, engine)
        assert outcome is not None
        subject.learn(outcome)
    seen = subject.seen
    found = {s.text.partition("=")[0]: s for s in _knobs(seen)}
    for option in subject.options:
        made = _own(option["names"][-1], option["value"], option["choices"], option["kind"])
        if made is not None:
            found.setdefault(made.text.partition("=")[0], made)
    found |= {s.text.partition("=")[0]: s for s in _constants(plan)}
    return Suggestions(tuple(learned(seen)), tuple(found.values()))


def _knobs(seen: Seen) -> Iterator[Suggestion]:
    """What trainwell sets itself, where the script has it or a finding asks for it."""
    slugs = {e.slug for e in diagnose(seen.run).roots}
    yield from _rate(seen, slugs)
    kind = default_of("optimizer", seen)
    if kind is not None:
        others = "adam,sgd" if kind in ("adam", "sgd") else f"{kind},adam,sgd"
        yield Suggestion(f"optimizer={others}", kind, "the other family may suit the problem")
        yield Suggestion(
            "momentum=0..0.99 if optimizer=sgd", default_of("momentum", seen), "SGD lives by it"
        )
    size = seen.batch_size
    if size is not None and KNOBS["batch_size"].unfit(seen) is None:
        near = sorted({max(4, 2 ** round(math.log2(size) + by)) for by in (-2, -1, 0, 1)} | {size})
        sizes = ",".join(map(str, near))
        yield Suggestion(f"batch_size={sizes}", size, "noise of the gradient, and time")
    overfits = bool(slugs & {"overfitting", "overconfidence", "trained-past-the-best"})
    if KNOBS["dropout"].unfit(seen) is None and (seen.drops or overfits):
        reason = "the script overfits" if overfits else "the script has dropout"
        yield Suggestion("dropout=0..0.6", default_of("dropout", seen), reason)
    if kind is not None and overfits:
        decay = default_of("weight_decay", seen)
        yield Suggestion("weight_decay=log:1e-5..1", decay, "the script overfits")
        if KNOBS["label_smoothing"].unfit(seen) is None:
            share = default_of("label_smoothing", seen)
            yield Suggestion("label_smoothing=0..0.2", share, "the script overfits")
    if slugs & {"vanishing-gradient", "mis-scaled-init", "dying-relu", "saturated-activation"}:
        yield Suggestion("initialisation=script,he,xavier", "script", "signals fade or saturate")
        if KNOBS["activation"].unfit(seen) is None:
            yield Suggestion("activation=script,relu,gelu", "script", "signals fade or saturate")
    if slugs & {"exploding-gradient", "oscillating-loss", "learning-rate-too-high"}:
        yield Suggestion("clip=log:0.1..10", None, "gradients or losses jump")
    yield Suggestion("schedule=script,cosine", "script", "a rate that falls ends closer")


def _rate(seen: Seen, slugs: set[str]) -> Iterator[Suggestion]:
    rate = default_of("lr", seen)
    if not isinstance(rate, float) or rate <= 0:
        return
    low, high, reason = rate / 30, rate * 30, "what matters most, in most scripts"
    if "learning-rate-too-high" in slugs:
        low, high, reason = rate / 1000, rate, "found too high"
    elif "learning-rate-too-low" in slugs:
        low, high, reason = rate, rate * 1000, "found too low"
    yield Suggestion(f"lr=log:{_round(low)}..{_round(high)}", rate, reason)


def _constants(plan: TunePlan) -> Iterator[Suggestion]:
    """Numbers in capitals at the top of the script."""
    if plan.is_module:
        return
    with open(plan.script, encoding="utf-8") as file:
        constants = constants_of(file.read())
    stem = os.path.splitext(os.path.basename(plan.script))[0]
    for name, value in constants.items():
        if name.rpartition(".")[2].isupper() or "." in name:
            made = _own(f"{stem}.{name}", value, None, "")
            if made is not None:
                yield made


def _own(name: str, value: object, choices: list[Value] | None, kind: str) -> Suggestion | None:
    """A parameter of the script's own; None where nothing sensible can be said."""
    if _NOT_TUNED.search(name) or re.search(r"epoch|step|iter", name, re.IGNORECASE):
        return None
    if choices and isinstance(value, str | int | float):
        listed = ",".join(map(str, choices))
        return Suggestion(f"{name}={listed}", value, "a choice of the script's")
    if isinstance(value, bool):
        if kind == "flag" or kind == "":
            return Suggestion(f"{name}=true,false", value, "a switch of the script's")
        return None
    if isinstance(value, int) and value > 1:
        low, high = max(1, value // 4), value * 4
        log = "log:" if high / low >= 10 else ""
        return Suggestion(f"{name}=int:{log}{low}..{high}", value, "a size of the script's")
    if isinstance(value, int) and value == 1:
        return Suggestion(f"{name}=int:1..4", value, "a size of the script's")
    if isinstance(value, float):
        if _SHARES.search(name) and 0 <= value < 1:
            return Suggestion(f"{name}=0..0.95", value, "a share of the script's")
        if value > 0:
            spread = 30 if _RATES.search(name) else 4
            text = f"{name}=log:{_round(value / spread)}..{_round(value * spread)}"
            return Suggestion(text, value, "a number of the script's")
    return None


def _round(value: float) -> str:
    """To one digit: a range is no measurement."""
    return f"{float(f'{value:.0e}'):g}"
