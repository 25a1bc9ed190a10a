"""Sightings by line of source."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainwell.diagnosis import Diagnosis, Entry, Suppressed
from trainwell.record import Place, Run
from trainwell.report.spots import all_spots, spots_of, uri_path


def test_layers_of_one_line_are_one_spot(make_entry: Callable[..., Entry]) -> None:
    places = [
        Place("fc2", "net.py", 7),
        Place("fc1", "net.py", 7),
        Place("out", "net.py", 9),
        Place("fc1", "net.py", 7),
        Place("embedding"),
        Place("head"),
    ]
    entry = make_entry("ACT101", "dying-relu", "error", "units are zero", *places)
    assert [(s.place.line, s.layers) for s in spots_of(entry)] == [
        (7, ("fc2", "fc1")),
        (9, ("out",)),
        (None, ("embedding",)),
        (None, ("head",)),
    ]
    assert all(s.entry is entry for s in spots_of(entry))


def test_spots_come_in_the_order_of_the_report(
    diagnosis: Diagnosis, suppressed: Suppressed
) -> None:
    other = dataclasses.replace(suppressed, code="NET101", slug="stacked-linear")
    hiding = dataclasses.replace(diagnosis, suppressed=(suppressed, other, suppressed))
    spots = list(all_spots(hiding))
    assert [s.code for s in spots] == [
        "LOS101",
        "GRD101",
        "ACT103",
        "GRD102",
        "GRD102",
        "GRD102",
        "ACT101",
        "NET101",
    ]
    assert [s.entry is None for s in spots] == [False] * 6 + [True] * 2
    assert spots[-1].reason == "sparse on purpose"


def test_nothing_found_is_no_spot(run: Run) -> None:
    assert list(all_spots(Diagnosis(run))) == []


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("train.py", "net/train.py"),
        ("../train.py", "train.py"),
        ("/home/ada/net/deep/train.py", "net/deep/train.py"),
        ("/home/ada/..train.py", "..train.py"),
        ("/home/adam/train.py", None),
        ("/opt/lib/loss.py", None),
        ("../../train.py", None),
    ],
)
def test_files_are_named_from_the_root(file: str, expected: str | None) -> None:
    assert uri_path(file, "/home/ada/net", "/home/ada") == expected


def test_a_file_behind_a_link_is_below_the_root(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    linked, real = str(tmp_path / "link"), str(tmp_path / "real")
    assert uri_path(f"{real}/train.py", linked, linked) == "train.py"
    assert uri_path(f"{linked}/train.py", real, real) == "train.py"


@settings(derandomize=True, deadline=None, database=None)
@given(
    st.lists(st.sampled_from(["fc1", "fc2", None]), min_size=1),
    st.lists(st.sampled_from([1, 2, None]), min_size=1),
)
def test_no_place_is_lost(layers: list[str | None], lines: list[int | None]) -> None:
    from trainwell.record import Sighting

    places = [Place(a, b and "net.py", b) for a, b in zip(layers, lines, strict=False)]
    seen = tuple(Sighting(p, "m", 0, "error") for p in places)
    entry = Entry("A", "a", "error", "m", 0, tuple(places), {}, (), (), seen)
    spots = spots_of(entry)
    assert {(p.line, p.layer) for p in places if p.layer} == {
        (s.place.line, layer) for s in spots for layer in s.layers
    }
    keys = [(s.place.line, None if s.place.line else s.place.layer) for s in spots]
    assert len(set(keys)) == len(keys), "no line twice"
