"""Every remedy has its page, its name, its advice and its settings, and is found by all of them."""

from __future__ import annotations

import inspect
import json
import re
from dataclasses import fields
from typing import Any, get_type_hints

import pytest

import trainwell.remedies as package
from trainwell.errors import BadInputError, UnknownNameError
from trainwell.findings.catalogue import FINDINGS
from trainwell.remedies import ADVICE
from trainwell.remedies.catalogue import REMEDIES, from_json, parse
from trainwell.remedies.live import Live
from trainwell.remedies.remedy import Remedy, Safety

OTHER: dict[str, Any] = {
    "accumulate_micro_batches": 4,
    "augment_inputs": 0.5,
    "change_optimizer": "sgd",
    "clip_gradients": 0.25,
    "dropout": 0.5,
    "early_stopping": 2,
    "initialise_he": "uniform",
    "initialise_lecun": "uniform",
    "initialise_xavier": "normal",
    "input_noise": 0.1,
    "l1_penalty": 0.01,
    "label_smoothing": 0.2,
    "lower_dropout": 0.2,
    "lower_learning_rate": 0.5,
    "lower_momentum": 0.5,
    "raise_learning_rate": 3.0,
    "resize_batches": 16,
    "scale_inputs": "robust",
    "scale_robustly": 2.0,
    "train_longer": 2,
    "use_group_norm": 4,
    "train_shorter": 0.25,
    "weight_decay": 0.05,
    "weight_noise": 0.2,
}
"""Another setting of every remedy that has one."""

LEARNED: dict[Any, Any] = {
    bool: True,
    int: 7,
    int | None: 7,
    bool | None: True,
    str: "train.py",
    str | None: "head.0",
    tuple[float, ...]: (0.5, 2.0),
    tuple[float, ...] | None: (0.5, 2.0),
    tuple[str, ...]: ("body.0", "body.2"),
    tuple[str, ...] | None: ("body.0", "body.2"),
    tuple[tuple[str, int], ...]: (("train.py", 3), ("train.py", 5)),
    tuple[tuple[str, int, str], ...]: (("train.py", 3, "tanh"),),
}
"""What `fitted` may find out, by the type of the field."""

BY_HAND = frozenset(
    {
        "add_examples",
        "detach_state",
        "mine_easier",
        "weigh_divergence",
        "fit_indices",
        "keep_examples_apart",
        "keep_graph",
        "make_layers_once",
        "mask_future",
        "pass_training",
        "remove_output_activation",
        "change_embedder",
        "check_labels",
        "draw_all_examples",
        "ignore_padding",
        "match_columns",
        "impute_missing",
        "lower_weight_decay",
        "pair_labels",
        "renew_statistics",
        "relabel_example",
        "scale_to_unit",
        "temper_chains",
        "drop_feature",
        "seed_workers",
        "split_first",
        "share_preprocessing",
        "connect_parameters",
        "guard_operation",
        "shrink_output",
        "mend_reduction",
        "widen_network",
        "hold_out_data",
        "shrink_batch",
        "detach_losses",
        "load_once",
        "fit_shapes",
        "convert_dtype",
        "move_to_device",
        "wrap_in_ddp",
        "shard_rows",
        "fit_schedule",
        "turn_plateau",
        "unscale_gradients",
        "loosen_clipping",
        "keep_gradients",
        "match_names",
        "load_last",
        "copy_weights",
        "build_optimizer_last",
        "build_each_layer",
        "skip_padding",
        "weigh_keys",
        "scale_scores",
        "add_positions",
        "fill_with_infinity",
        "tie_weights",
        "connect_loss",
        "minimise_loss",
    }
)
"""Remedies that stand first at a finding, though only a person can do them."""

each = pytest.mark.parametrize("kind", REMEDIES.values(), ids=REMEDIES)


def settings(kind: type[Remedy]) -> list[str]:
    return [f.name for f in fields(kind) if not f.name.startswith("at_")]


def others(kind: type[Remedy]) -> Remedy:
    """One with another setting, and with all that `fitted` may find out."""
    given = {settings(kind)[0]: OTHER[kind.name]} if kind.name in OTHER else {}
    hints = get_type_hints(kind)
    learned = {f.name: LEARNED[hints[f.name]] for f in fields(kind) if f.name.startswith("at_")}
    return kind(**given, **learned)


def documented(kind: type[Remedy]) -> set[str]:
    """The names under "Attributes:" of a remedy and of what it derives from."""
    names: set[str] = set()
    for one in kind.__mro__:
        if one is Remedy:
            break
        found = re.search(r"Attributes:\n((?:    .*\n?|\n)+)", inspect.cleandoc(one.__doc__ or ""))
        for line in found[1].splitlines() if found else ():
            if head := re.match(r"    (\w[\w, ]*):", line):
                names |= {name.strip() for name in head[1].split(",")}
    return names


@each
def test_the_name_is_that_of_the_file_and_of_the_class(kind: type[Remedy]) -> None:
    assert kind.__module__ == f"{package.__name__}.{kind.name}"
    assert kind.__name__ == "".join(word.capitalize() for word in kind.name.split("_"))
    assert REMEDIES[kind.name] is kind


@each
def test_the_docstring_has_sources_and_names_every_setting(kind: type[Remedy]) -> None:
    text = inspect.cleandoc(kind.__doc__ or "")
    first = text.splitlines()[0]
    assert first.endswith((".", ":")) or text.split("\n\n")[0].endswith(".")
    assert re.search(r"^Sources:\n    \S", text, re.MULTILINE)
    names = documented(kind)
    assert set(settings(kind)) <= names
    assert names <= {f.name for f in fields(kind)}


@each
def test_it_has_advice_and_a_grade(kind: type[Remedy]) -> None:
    assert kind().advice == ADVICE[kind.name]
    assert isinstance(kind.safety, Safety)


@each
def test_the_label_is_what_the_command_line_takes(kind: type[Remedy]) -> None:
    assert parse(kind().label) == [kind()]
    assert kind().label.partition("=")[0] == kind.name
    assert parse(kind.name) == [kind()]
    if kind.name in OTHER:
        other = kind(**{settings(kind)[0]: OTHER[kind.name]})
        assert parse(other.label) == [other] != [kind()]


def test_the_label_of_an_optimizer_holds_its_rate() -> None:
    [chosen] = parse("change_optimizer=sgd:0.5")
    assert (chosen.kind, chosen.rate) == ("sgd", 0.5)  # type: ignore[attr-defined]
    assert chosen.label == "change_optimizer=sgd:0.5"


@each
def test_it_goes_through_json(kind: type[Remedy]) -> None:
    for remedy in (kind(), others(kind)):
        assert from_json(json.loads(json.dumps(remedy.to_json()))) == remedy


@each
def test_what_was_learned_is_not_in_the_label(kind: type[Remedy]) -> None:
    remedy = others(kind)
    assert remedy.label.partition("=")[0] == kind.name
    assert parse(remedy.label)[0].label == remedy.label


@each
def test_a_setting_that_does_not_fit_is_refused(kind: type[Remedy]) -> None:
    if not settings(kind):
        with pytest.raises(BadInputError, match=f"`{kind.name}` takes no setting, got `1`"):
            parse(f"{kind.name}=1")
        return
    for value in ("nonsense", "-1", "nan"):
        with pytest.raises(BadInputError, match=f"`{kind.name}` takes .*, got `?{value}"):
            parse(f"{kind.name}={value}")


@each
def test_it_acts_at_some_moment_or_says_why_not(kind: type[Remedy]) -> None:
    live = Live()
    before = {name: len(found) for name, found in vars(live).items() if isinstance(found, list)}
    try:
        kind().apply(live)
        asked = any(len(getattr(live, name)) > count for name, count in before.items())
        assert asked or live.counts or live.reasons
    finally:
        live.detach()


@each
def test_there_are_lines_for_a_reader(kind: type[Remedy]) -> None:
    from trainwell.remedies.survey import Survey

    text = others(kind).lines(Survey("train.py"))
    assert text.strip()
    assert text == text.rstrip("\n")


def test_every_setting_is_tried_here() -> None:
    assert set(OTHER) == {name for name, kind in REMEDIES.items() if settings(kind)}


def test_the_catalogue_is_sorted_and_whole() -> None:
    from pathlib import Path

    assert list(REMEDIES) == sorted(REMEDIES)
    folder = Path(package.__file__).parent
    files = {
        p.stem
        for p in folder.glob("*.py")
        if re.search(r"^    name: ClassVar\[str\] = ", p.read_text(), re.MULTILINE)
    }
    assert files == set(REMEDIES)


def test_all_remedies_of_findings_have_advice() -> None:
    named = {name for finding in FINDINGS.values() for name in finding.remedies}
    assert named <= set(ADVICE)
    assert set(REMEDIES) <= set(ADVICE)


@pytest.mark.parametrize("finding", FINDINGS.values(), ids=FINDINGS)
def test_the_first_remedy_can_be_applied_or_is_by_hand(finding: Any) -> None:
    assert finding.remedies[0] in set(REMEDIES) | BY_HAND


def test_what_is_by_hand_is_not_in_the_catalogue() -> None:
    assert set(REMEDIES).isdisjoint(BY_HAND)
    firsts = {finding.remedies[0] for finding in FINDINGS.values()}
    assert firsts >= BY_HAND


def test_seven_remedies_and_early_stopping_are_against_overfitting() -> None:
    assert {name for name, kind in REMEDIES.items() if kind.against_overfitting} == {
        "augment_inputs",
        "dropout",
        "early_stopping",
        "input_noise",
        "l1_penalty",
        "label_smoothing",
        "weight_decay",
        "weight_noise",
    }


def test_several_are_named_with_commas() -> None:
    assert [r.label for r in parse(" initialise_he , clip_gradients=0.5,")] == [
        "initialise_he",
        "clip_gradients=0.5",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("initialize_he", "unknown remedy `initialize_he`; did you mean `initialise_he`"),
        ("widen_network", "`widen_network` is done by hand: give the network more units"),
        ("use_relu,use_relu", "`use_relu` is named twice"),
        (" , ", "no remedy is named"),
    ],
)
def test_names_that_do_not_fit_are_refused(text: str, message: str) -> None:
    with pytest.raises((BadInputError, UnknownNameError), match=re.escape(message)):
        parse(text)
