"""NET116 to NET121 on invented runs."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from tests.findings.invented import Invention, falling, only, sightings

from trainwell.findings.leaky_mask import LeakyMask
from trainwell.findings.misnormalised_attention import MisnormalisedAttention
from trainwell.findings.missing_positions import MissingPositions
from trainwell.findings.reads_padding import ReadsPadding
from trainwell.findings.sees_targets import SeesTargets
from trainwell.findings.spiked_attention import SpikedAttention
from trainwell.findings.untied_weights import UntiedWeights
from trainwell.record import (
    Attention,
    Dependence,
    Detail,
    Examples,
    Ordering,
    PaddingRead,
    Parameter,
    Place,
    Twin,
)
from trainwell.record.checkpoints import Checkpoint

LINE = Place(None, "train.py", 30, "states[:, -1]")

# NET116 reads-padding


def padded(falls: bool = False, **fields: Any) -> Invention:
    made = Invention()
    made.objective(falling() if falls else ())
    known: dict[str, Any] = {
        "looks": 4,
        "word": 0,
        "length": 30,
        "rows": 0.9,
        "positions": 0.4,
        "gradient": 0.95,
        "last": True,
    }
    made.run.paddings[0] = PaddingRead(0, 0, 0, LINE, **(known | fields))
    return made


def test_a_last_step_that_is_padding() -> None:
    seen = only(ReadsPadding(), padded())
    assert (seen.where, seen.severity) == (LINE, "error")
    assert "padding in 90% of the examples" in seen.message
    assert "95.0% of the gradient" in seen.message
    assert seen.evidence["padding"] == 0


def test_it_is_a_warning_where_the_network_learns_nevertheless() -> None:
    (seen,) = sightings(ReadsPadding(learned=0.001), padded(falls=True))
    assert seen.severity == "warning"


def test_it_is_nothing_where_nothing_is_left_to_learn() -> None:
    assert not sightings(ReadsPadding(), padded(falls=True))


def test_a_step_behind_the_end_of_packed_sequences() -> None:
    seen = only(ReadsPadding(), padded(gradient=0.0, unread=0.95))
    assert "the answers of 95% of these depend on none of their words" in seen.message


def test_rows_of_zeros_are_said_to_be_some() -> None:
    assert "rows of zeros" in only(ReadsPadding(), padded(word=None)).message


@pytest.mark.parametrize(
    "fields",
    [
        {"gradient": 0.0},
        {"gradient": 0.3},
        {"rows": 0.3},
        {"last": False},
        {"last": False, "positions": 0.8, "silent": True},
    ],
    ids=["packed", "mostly words", "few are filled up", "pooled, little padding", "zeros, summed"],
)
def test_what_reads_words_is_none(fields: dict[str, Any]) -> None:
    assert not sightings(ReadsPadding(), padded(**fields))


def test_much_padding_that_is_pooled_counts_where_nothing_is_learned() -> None:
    pooled: dict[str, Any] = {"last": False, "positions": 0.8, "gradient": 0.8}
    seen = only(ReadsPadding(), padded(**pooled, attended=0.7))
    assert "80% of the positions are padding" in seen.message
    assert "70% of the attention" in seen.message
    assert not sightings(ReadsPadding(), padded(falls=True, **pooled))


def test_attention_to_padding_alone_is_an_inverted_mask() -> None:
    seen = only(ReadsPadding(), padded(attended=1.0, last=False))
    assert "the padding mask is inverted" in seen.message
    made = padded(attended=0.9, last=False)
    assert not sightings(ReadsPadding(), made)
    # Where all but a few words are padding, it gets nearly all of the attention without a mask.
    most = only(ReadsPadding(), padded(attended=0.98, positions=0.97, last=False))
    assert "inverted" not in most.message


# Attention


def attending(falls: bool = False, **fields: Any) -> Invention:
    made = Invention()
    made.objective(falling() if falls else ())
    known: dict[str, Any] = {
        "looks": 4,
        "axis": "keys",
        "size": 12,
        "shape": (32, 12, 12),
        "summed": 12,
        "depth": 64,
        "scaled": True,
        "top": 0.2,
        "keys": 12.0,
        "spread": 0.6,
    }
    made.run.attentions[0] = Attention(0, 0, 0, LINE, **(known | fields))
    return made


def test_a_softmax_over_the_queries() -> None:
    seen = only(MisnormalisedAttention(), attending(axis="queries"))
    assert (seen.where, seen.severity) == (LINE, "error")
    assert "shape 32x12x12" in seen.message


def test_a_softmax_over_a_dimension_of_one() -> None:
    seen = only(MisnormalisedAttention(), attending(axis="single", size=1, shape=(32, 12, 1)))
    assert "dimension of size 1" in seen.message
    assert "all 12 weights" in seen.message


@pytest.mark.parametrize("axis", ["keys", ""])
def test_one_over_the_keys_or_over_what_is_not_known_is_right(axis: str) -> None:
    assert not sightings(MisnormalisedAttention(), attending(axis=axis))


SPIKED: dict[str, Any] = {"scaled": False, "top": 0.9, "spread": 8.0}


def test_scores_that_nothing_divides() -> None:
    seen = only(SpikedAttention(), attending(**SPIKED))
    assert seen.severity == "error"
    assert "sqrt(64) = 8" in seen.message
    assert seen.evidence["numbers in a product"] == 64


@pytest.mark.parametrize(
    "fields",
    [
        {"scaled": True},
        {"top": 0.4},
        {"spread": 2.0},
        {"keys": 3.0},
        {"step": 200},
        {"depth": 0},
        {"falls": True},
    ],
    ids=lambda f: next(iter(f)),
)
def test_what_is_scaled_or_soft_or_learns_is_none(fields: dict[str, Any]) -> None:
    assert not sightings(SpikedAttention(), attending(**(SPIKED | fields)))


def test_attention_that_was_loaded_may_be_sharp() -> None:
    made = attending(**SPIKED)
    made.run.checkpoints[0] = Checkpoint(0, "load", matched=9)
    assert not sightings(SpikedAttention(), made)


def test_a_mask_that_hides_nothing() -> None:
    seen = only(LeakyMask(), attending(masked=0.45, masked_share=0.5, mask_place=LINE))
    assert (seen.where, seen.severity) == (LINE, "error")
    assert "45% of the weights" in seen.message
    assert "(50% of all)" in seen.message


def test_a_mask_of_ones_that_is_added() -> None:
    assert "added to the scores" in only(LeakyMask(), attending(added=True)).message


@pytest.mark.parametrize("masked", [None, 0.0, 1e-4])
def test_a_mask_that_hides(masked: float | None) -> None:
    assert not sightings(LeakyMask(), attending(masked=masked, masked_share=0.5))


# NET119 missing-positions


def blind(falls: bool = False, **fields: Any) -> Invention:
    made = Invention()
    made.objective(falling() if falls else (), networks=(0,))
    made.run.orderings[0] = Ordering(0, 0, 0, LINE, looks=4, length=9, **fields)
    return made


def labelled(made: Invention, agreement: float) -> Invention:
    told: dict[str, Detail] = {"rows": 300, "agreement": agreement, "agreement_chance": 0.5}
    made.run.examples_seen[0] = Examples(0, 0, kind="tokens", labels="classes", training=told)
    return made


def test_equal_words_with_different_targets() -> None:
    told: dict[str, Any] = {"pairs": 200, "judged": 90, "told": 0.6}
    seen = only(MissingPositions(), blind(**told, contradicted=0.4))
    assert (seen.where, seen.severity) == (LINE, "error")
    assert "40% of the pairs of equal words" in seen.message


def test_words_that_do_not_tell_the_label() -> None:
    seen = only(MissingPositions(), labelled(blind(), 0.52))
    assert "agree in 52%, chance is 50%" in seen.message


@pytest.mark.parametrize(
    "made",
    [
        blind(pairs=200, contradicted=0.01, judged=90, told=0.6),
        blind(pairs=5, contradicted=0.8, judged=90, told=0.6),
        blind(pairs=200, contradicted=0.8, judged=90, told=0.02),
        blind(),
        labelled(blind(), 0.9),
        labelled(blind(falls=True), 0.5),
    ],
    ids=[
        "no contradiction",
        "few pairs",
        "no place tells",
        "labels unknown",
        "a bag tells",
        "it learns",
    ],
)
def test_where_order_does_not_matter_or_is_not_known_to(made: Invention) -> None:
    assert not sightings(MissingPositions(), made)


def test_a_short_run_says_nothing() -> None:
    made = labelled(blind(), 0.5)
    made.run.objectives[0] = replace(made.run.objectives[0], steps=20)
    assert not sightings(MissingPositions(), made)


def test_numbers_that_are_none_are_no_sighting() -> None:
    assert not sightings(ReadsPadding(), padded(gradient=math.nan))
    assert not sightings(LeakyMask(), attending(masked=math.nan, masked_share=0.5))


# NET110 sees-targets, as far as it says why


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"touched": 2}, "the causal mask is missing or inverted"),
        ({"touched": 2, "mixer": "mean"}, "a statistic along time"),
        ({"touched": 2, "mixer": "layer_norm"}, "a layer norm along time"),
        ({"touched": 2, "mixer": "convolution"}, "padded on both sides"),
        ({"touched": 2, "mixer": "recurrent"}, "runs backwards"),
        ({"shift": 0}, "at the same positions"),
        ({"shift": 2}, "shifted twice"),
        ({"shift": -1}, "inputs and targets are exchanged"),
    ],
    ids=["mask", "mean", "layer norm", "convolution", "recurrent", "copied", "twice", "backwards"],
)
def test_why_a_target_is_seen(fields: dict[str, Any], said: str) -> None:
    made = Invention()
    made.objective()
    known: dict[str, Any] = {"looks": 3, "found": 3, "rows": 12, "shift": 1, "place": LINE}
    made.run.dependences[0] = Dependence(0, 0, 0, "time", **(known | fields))
    assert said in only(SeesTargets(), made).message


# NET121 untied-weights


def copied(**fields: Any) -> Invention:
    made = Invention()
    made.objective()
    for name in ("words.weight", "out.weight"):
        number = len(made.run.parameters)
        made.run.parameters[number] = Parameter(number, name, place=LINE, shape=(40, 16), **fields)
    made.run.twins[0] = Twin(0, 0, 0, 1, LINE, (40, 16))
    return made


def test_an_output_that_is_a_copy() -> None:
    seen = only(UntiedWeights(), copied())
    assert (seen.where, seen.severity) == (LINE, "warning")
    assert seen.message.startswith("`out.weight` (train.py:30) starts with the very numbers")
    assert "of the embedding `words.weight` (train.py:30)" in seen.message


def test_a_copy_that_is_not_trained_is_none() -> None:
    assert not sightings(UntiedWeights(), copied(trainable=False))
