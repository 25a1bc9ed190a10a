"""Every finding has its page, its place in the catalogue, its remedies and its specimens."""

from __future__ import annotations

import dataclasses
import difflib
import inspect
import re
from pathlib import Path

import pytest

import trainwell
from trainwell.errors import UnknownNameError
from trainwell.findings.catalogue import FINDINGS, by_name
from trainwell.findings.finding import Finding
from trainwell.remedies import ADVICE
from trainwell.report.page import FAMILIES

CATALOGUE = {
    "DAT101": "unscaled-features",
    "DAT102": "unscaled-targets",
    "DAT103": "constant-feature",
    "DAT104": "non-finite-input",
    "DAT105": "outlier-squeezed-features",
    "DAT106": "class-imbalance",
    "DAT107": "unshuffled-batches",
    "DAT108": "duplicate-worker-streams",
    "DAT109": "leaked-validation",
    "DAT110": "mismatched-preprocessing",
    "DAT111": "few-examples-drawn",
    "DAT112": "unrelated-labels",
    "DAT113": "mismatched-labels",
    "DAT114": "padding-in-loss",
    "DAT115": "missing-value-code",
    "DAT116": "mismatched-columns",
    "NET101": "stacked-linear",
    "NET102": "symmetric-weights",
    "NET103": "mis-scaled-init",
    "NET104": "unused-parameter",
    "NET105": "excessive-dropout",
    "NET106": "batch-of-one-batchnorm",
    "NET107": "off-centre-activation",
    "NET108": "layers-made-in-forward",
    "NET109": "mixed-examples",
    "NET110": "sees-targets",
    "NET111": "repeated-module",
    "NET115": "foreign-statistics",
    "NET116": "reads-padding",
    "NET117": "misnormalised-attention",
    "NET118": "spiked-attention",
    "NET119": "missing-positions",
    "NET120": "leaky-mask",
    "NET121": "untied-weights",
    "LOS101": "double-softmax",
    "LOS102": "double-sigmoid",
    "LOS103": "single-unit-softmax",
    "LOS104": "regression-loss-on-classes",
    "LOS105": "bounded-regression-output",
    "LOS106": "nll-without-log-softmax",
    "LOS107": "sigmoid-with-cross-entropy",
    "LOS108": "broadcast-loss",
    "LOS109": "non-finite-loss",
    "LOS110": "sum-reduced-loss",
    "LOS111": "implausible-initial-loss",
    "LOS112": "clipped-logits",
    "LOS113": "loss-without-graph",
    "LOS114": "posterior-collapse",
    "LOS115": "collapsed-embeddings",
    "LOS116": "maximised-loss",
    "ACT101": "dying-relu",
    "ACT102": "saturated-activation",
    "ACT103": "collapsed-activations",
    "GRD101": "vanishing-gradient",
    "GRD102": "exploding-gradient",
    "GRD103": "non-finite-gradient",
    "GRD104": "clipped-while-scaled",
    "GRD105": "overclipped-gradients",
    "GRD106": "zeroed-gradients",
    "GRD107": "late-clipping",
    "GRD108": "zero-gradients",
    "OPT101": "learning-rate-too-high",
    "OPT102": "learning-rate-too-low",
    "OPT103": "accumulating-gradients",
    "OPT104": "parameters-never-updated",
    "OPT105": "parameter-not-in-optimizer",
    "OPT106": "frozen-parameter-in-optimizer",
    "OPT107": "oscillating-loss",
    "OPT108": "noisy-batches",
    "OPT109": "mistimed-schedule",
    "OPT110": "inverted-plateau",
    "OPT111": "replaced-parameters",
    "OPT115": "excessive-weight-decay",
    "GEN101": "overfitting",
    "GEN102": "underfitting",
    "GEN103": "overconfidence",
    "GEN104": "too-few-epochs",
    "GEN105": "trained-past-the-best",
    "GEN106": "no-validation",
    "MOD101": "training-mode-at-evaluation",
    "MOD102": "evaluation-mode-at-training",
    "MOD103": "dropout-at-evaluation",
    "CKP101": "unloaded-weights",
    "CKP102": "overwritten-weights",
    "CKP103": "aliased-checkpoint",
    "CKP104": "untrained-frozen-layers",
    "RES101": "out-of-memory",
    "RES102": "growing-memory",
    "RES103": "input-bound",
    "RES104": "shape-mismatch",
    "RES105": "dtype-mismatch",
    "RES106": "device-mismatch",
    "RES107": "index-out-of-range",
    "RES108": "graph-error",
    "DST101": "diverging-replicas",
    "DST102": "repeated-shards",
    "BMN101": "chains-not-mixing",
    "BMN102": "falling-likelihood",
    "BMN103": "dead-hidden-units",
    "BMN104": "diverging-weights",
    "BMN105": "data-outside-unit-interval",
    "ONE101": "indistinct-labels",
    "ONE102": "stray-example",
    "ONE103": "foreign-queries",
}
"""The full table of the design: code to slug, both of them public and never reused."""

LATER = frozenset(
    [
        "scale_inputs",
        "scale_targets",
        "add_batch_norm",
        "feed_logits",
        "match_loss",
        "initialise_lecun",
        "initialise_xavier",
        "initialise_he",
        "use_relu",
        "use_leaky_relu",
        "use_gelu",
        "use_tanh",
        "lower_learning_rate",
        "raise_learning_rate",
        "clip_gradients",
        "change_optimizer",
        "zero_gradients",
        "register_parameters",
        "shuffle_batches",
        "resize_batches",
        "early_stopping",
        "weight_decay",
        "l1_penalty",
        "dropout",
        "label_smoothing",
        "augment_inputs",
        "input_noise",
        "weight_noise",
        "evaluate_in_eval_mode",
        "train_longer",
        "train_shorter",
        "accumulate_micro_batches",
    ]
)
"""Remedies that the design asks for, whether a finding names them already or not."""

SPECIMENS = Path(trainwell.__file__).parent / "specimens"
SECTIONS = ["What it looks for", "Why it hurts", "When it is not a fault", "Thresholds", "Sources"]
EVERY = pytest.mark.parametrize("finding", FINDINGS.values(), ids=lambda f: f.slug)


def sections(finding: Finding) -> dict[str, str]:
    """A docstring's sections by heading, in their order; "" is what comes before them."""
    found, heading = {"": ""}, ""
    for line in inspect.cleandoc(type(finding).__doc__ or "").splitlines():
        if re.fullmatch(r"[A-Z][A-Za-z ]+:", line):
            heading = line[:-1]
            found[heading] = ""
        else:
            found[heading] += line + "\n"
    return found


def thresholds(finding: Finding) -> list[str]:
    return [f.name for f in dataclasses.fields(finding)]


@EVERY
def test_a_page_has_its_sections_in_order(finding: Finding) -> None:
    found = sections(finding)
    expected = [s for s in SECTIONS if s != "Thresholds" or thresholds(finding)]
    assert list(found)[1:] == expected
    assert all(text.strip() for text in found.values())


@EVERY
def test_a_page_begins_with_one_sentence(finding: Finding) -> None:
    first = inspect.cleandoc(type(finding).__doc__ or "").splitlines()
    assert first[0].endswith(".")
    assert first[1] == ""


@EVERY
def test_a_page_explains_every_threshold_and_no_other(finding: Finding) -> None:
    text = sections(finding).get("Thresholds", "")
    described = re.findall(r"^ {4}(\w+):", text, re.MULTILINE)
    assert described == thresholds(finding)


@EVERY
def test_a_finding_is_frozen_data_with_defaults(finding: Finding) -> None:
    assert type(finding)() == finding
    with pytest.raises(dataclasses.FrozenInstanceError):
        finding.anything = 1  # type: ignore[attr-defined]


@EVERY
def test_a_code_is_that_of_the_catalogue(finding: Finding) -> None:
    assert CATALOGUE[finding.code] == finding.slug
    assert finding.code[:3] in FAMILIES


def test_findings_come_in_the_order_of_the_catalogue() -> None:
    order = [code for code in CATALOGUE if code in FINDINGS]
    assert list(FINDINGS) == order
    assert [f.code for f in FINDINGS.values()] == order
    families = list(dict.fromkeys(code[:3] for code in FINDINGS))
    assert [f for f in FAMILIES if f in families] == families


def test_codes_and_slugs_are_told_once() -> None:
    assert len(set(CATALOGUE.values())) == len(CATALOGUE)
    assert len({f.slug for f in FINDINGS.values()}) == len(FINDINGS)


@EVERY
def test_a_finding_stands_in_the_file_and_class_of_its_name(finding: Finding) -> None:
    name = finding.slug.replace("-", "_")
    assert type(finding).__module__ == f"trainwell.findings.{name}"
    assert type(finding).__name__ == name.title().replace("_", "")


@EVERY
def test_causes_are_slugs_of_other_findings(finding: Finding) -> None:
    assert set(finding.causes) <= set(CATALOGUE.values())
    assert finding.slug not in finding.causes
    assert len(set(finding.causes)) == len(finding.causes)


@EVERY
def test_remedies_are_known(finding: Finding) -> None:
    assert finding.remedies
    assert set(finding.remedies) <= set(ADVICE)
    assert len(set(finding.remedies)) == len(finding.remedies)


@pytest.mark.parametrize("remedy", ADVICE)
def test_advice_is_used_or_asked_for(remedy: str) -> None:
    used = {r for f in FINDINGS.values() for r in f.remedies}
    assert remedy in used | LATER


@EVERY
def test_a_finding_is_found_by_code_and_slug(finding: Finding) -> None:
    assert by_name(finding.code) is by_name(finding.slug) is finding
    assert by_name(finding.code.lower()) is by_name(finding.slug.upper()) is finding


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("dying-rely", "unknown finding `dying-rely`; did you mean `dying-relu`?"),
        ("act999", "unknown finding `act999`; did you mean `ACT10"),
        ("zzz", "unknown finding `zzz`"),
        ("", "unknown finding ``"),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest(name: str, text: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        by_name(name)
    assert str(caught.value).startswith(text)


@EVERY
def test_specimens_differ_in_three_lines_at_most(finding: Finding) -> None:
    folder = SPECIMENS / finding.slug
    sick, cured = ((folder / f"{n}.py").read_text().splitlines() for n in ("sick", "cured"))
    changes = difflib.SequenceMatcher(None, sick, cured, autojunk=False).get_opcodes()
    changed = sum(max(b - a, d - c) for tag, a, b, c, d in changes if tag != "equal")
    assert 1 <= changed <= 3


def test_no_specimen_without_a_finding() -> None:
    folders = {p.name for p in SPECIMENS.iterdir() if p.is_dir() and p.name != "__pycache__"}
    assert folders == {f.slug for f in FINDINGS.values()}


@EVERY
def test_a_folder_of_specimens_holds_nothing_else(finding: Finding) -> None:
    names = {p.name for p in (SPECIMENS / finding.slug).iterdir()}
    assert names - {"__pycache__"} == {"sick.py", "cured.py"}
