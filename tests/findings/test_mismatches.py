"""RES101 and RES104 to RES106 on invented ends of a script."""

from __future__ import annotations

from typing import Any

import pytest
from tests.findings.invented import Invention, mlp, only, sightings

from trainwell.findings.device_mismatch import DeviceMismatch
from trainwell.findings.dtype_mismatch import DtypeMismatch
from trainwell.findings.finding import Finding
from trainwell.findings.out_of_memory import OutOfMemory
from trainwell.findings.shape_mismatch import ShapeMismatch
from trainwell.record import Place

MESSAGES = {
    "RES101": "CUDA out of memory. Tried to allocate 20.00 MiB. GPU 0 has a total capacity of "
    "79.10 GiB of which 5.00 MiB is free.",
    "RES104": "mat1 and mat2 shapes cannot be multiplied (3x128 and 64x10)",
    "RES105": "mat1 and mat2 must have the same dtype, but got Double and Float",
    "RES106": "Expected all tensors to be on the same device, but found at least two devices, "
    "cuda:0 and cpu! (when checking argument for argument mat1 in method wrapper_CUDA_addmm)",
}
FINDINGS = [OutOfMemory(), ShapeMismatch(), DtypeMismatch(), DeviceMismatch()]

LINEAR: dict[str, Any] = {
    "operation": "Linear",
    "settings": {"in_features": 64, "out_features": 10},
    "operands": (
        {"name": "input", "shape": [3, 128], "dtype": "float64", "device": "cpu"},
        {"name": "weight", "shape": [10, 64], "dtype": "float32", "device": "cuda:0"},
    ),
    "built_place": Place(None, "train.py", 12, "self.fc1 = nn.Linear(64, 10)"),
}


def died(message: str, kind: str = "RuntimeError", **fields: Any) -> Invention:
    made = Invention()
    made.failure(message, kind, **fields)
    return made


@pytest.mark.parametrize("finding", FINDINGS, ids=lambda f: f.slug)
@pytest.mark.parametrize("code", MESSAGES)
def test_a_death_is_told_by_exactly_one_finding(finding: Finding, code: str) -> None:
    seen = sightings(finding, died(MESSAGES[code], **LINEAR))
    assert bool(seen) == (finding.code == code)
    for sighting in seen:
        assert (sighting.severity, sighting.harm, sighting.where.line) == ("error", 1.0, 40)


@pytest.mark.parametrize("finding", FINDINGS, ids=lambda f: f.slug)
@pytest.mark.parametrize("message", ["", "element 0 of tensors does not require grad", "\n \n"])
def test_other_deaths_are_told_by_none(finding: Finding, message: str) -> None:
    assert not sightings(finding, died(message))


@pytest.mark.parametrize("finding", FINDINGS, ids=lambda f: f.slug)
def test_a_script_that_lives_has_none_of_them(finding: Finding) -> None:
    assert not sightings(finding, mlp())


@pytest.mark.parametrize("finding", FINDINGS, ids=lambda f: f.slug)
def test_the_step_is_the_one_that_was_not_finished(finding: Finding) -> None:
    assert only(finding, died(MESSAGES[finding.code])).step == Invention().run.steps


def test_a_shape_is_told_with_the_layer_and_what_would_fit() -> None:
    seen = only(ShapeMismatch(), died(MESSAGES["RES104"], **LINEAR))
    assert seen.message == (
        "`fc1` (`Linear(in_features=64, out_features=10)`, made at line 12) was given input 3x128 "
        "and weight 10x64: mat1 and mat2 shapes cannot be multiplied (3x128 and 64x10); "
        "in_features=128 would fit"
    )
    assert seen.evidence == {"input": [3, 128], "weight": [10, 64]}


@pytest.mark.parametrize(
    ("operation", "settings", "shape", "fits"),
    [
        ("Linear", {"in_features": 4}, [3, 9], "in_features=9 would fit"),
        ("Conv2d", {"in_channels": 3}, [2, 1, 8, 8], "in_channels=1 would fit"),
        ("BatchNorm1d", {"num_features": 5}, [3, 4], "num_features=4 would fit"),
        ("LSTM", {"input_size": 4}, [5, 2, 6], "input_size=6 would fit"),
        ("Linear", {"in_features": 9}, [3, 9], None),
        ("Conv2d", {"in_channels": 3}, [2, 8], None),
        ("Linear", {"in_features": 4}, [], None),
        ("Linear", {}, [3, 9], None),
        ("LayerNorm", {"normalized_shape": 5}, [3, 4], None),
    ],
)
def test_what_would_fit(
    operation: str, settings: dict[str, int], shape: list[int], fits: str | None
) -> None:
    operand = {"name": "input", "shape": shape}
    made = died(MESSAGES["RES104"], operation=operation, settings=settings, operands=(operand,))
    message = only(ShapeMismatch(), made).message
    assert message.endswith(fits) if fits else "would fit" not in message


def test_a_dtype_is_told_with_the_types() -> None:
    seen = only(DtypeMismatch(), died(MESSAGES["RES105"], **LINEAR))
    assert "input 3x128 float64 and weight 10x64 float32" in seen.message
    assert seen.evidence == {"input": "float64", "weight": "float32"}


def test_a_device_is_told_with_the_devices() -> None:
    seen = only(DeviceMismatch(), died(MESSAGES["RES106"], **LINEAR))
    assert "input 3x128 cpu and weight 10x64 cuda:0" in seen.message
    assert seen.evidence == {"input": "cpu", "weight": "cuda:0"}


def test_where_an_operand_came_from_is_evidence() -> None:
    operand = {"name": "flat", "shape": [3, 128], "origin": "`flat`, line 28: flat = x.flatten(1)"}
    seen = only(ShapeMismatch(), died(MESSAGES["RES104"], operands=(operand,)))
    assert seen.evidence["from"] == "`flat`, line 28: flat = x.flatten(1)"


@pytest.mark.parametrize(
    ("message", "kind", "text"),
    [
        (MESSAGES["RES101"], "torch.OutOfMemoryError", "asked for 20 MiB, where 5 MiB were free"),
        ("", "MemoryError", "asked for more memory than there is"),
        (
            "DefaultCPUAllocator: can't allocate memory: you tried to allocate 4096 bytes.",
            "RuntimeError",
            "asked for 4 KiB, where 1 KiB were free",
        ),
        (
            "Unable to allocate 2.00 GiB for an array with shape (9,) and data type float64",
            "numpy._core._exceptions._ArrayMemoryError",
            "asked for 2 GiB, where 1 KiB were free",
        ),
    ],
)
def test_memory_is_told_with_amounts(message: str, kind: str, text: str) -> None:
    seen = only(OutOfMemory(), died(message, kind, free_bytes=1024))
    assert seen.message.endswith(text)


def test_the_machines_memory_says_nothing_of_a_devices() -> None:
    made = died("CUDA out of memory. Tried to allocate 2.00 GiB.", free_bytes=1 << 40)
    assert "free" not in only(OutOfMemory(), made).message


@pytest.mark.parametrize(
    ("batch", "rows"),
    [(64, 16), (4, 1), (3, None), (None, None)],  # a quarter of it is free
)
def test_rows_that_fit(batch: int | None, rows: int | None) -> None:
    made = died(MESSAGES["RES101"], **LINEAR, batch=batch, parameter_count=650)
    seen = only(OutOfMemory(), made)
    assert seen.evidence.get("rows_that_fit") == rows
    assert seen.evidence["parameters"] == 650
    assert (f"{rows} of its {batch} rows fit" in seen.message) == (rows is not None)
