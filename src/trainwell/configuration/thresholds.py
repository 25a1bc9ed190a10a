"""Thresholds of findings: `[tool.trainwell.findings.dying-relu]`, by slug or by code."""

from __future__ import annotations

__all__ = ["Threshold", "read_thresholds", "with_thresholds"]

import dataclasses
import math
from collections.abc import Mapping
from typing import Any, TypeAlias, get_args, get_origin, get_type_hints

from trainwell.errors import BadInputError, UnknownNameError
from trainwell.findings.catalogue import FINDINGS, by_name
from trainwell.findings.finding import Finding

Threshold: TypeAlias = "bool | int | float | str | tuple[Threshold, ...]"
"""What a finding's field may be."""

_KINDS: dict[type, str] = {
    bool: "true or false",
    int: "a whole number, 1 or more",
    float: "a number, 0 or more",
    str: "a string",
}


def read_thresholds(tables: Mapping[str, Any]) -> dict[str, dict[str, Threshold]]:
    """Check thresholds against the findings' fields.

    Args:
        tables: by slug or code, each of values by field.

    Returns:
        The same by code, in the fields' own types.

    Raises:
        BadInputError: if a finding or a field does not exist, or a value is of another type.
    """
    read: dict[str, dict[str, Threshold]] = {}
    for name, values in tables.items():
        try:
            finding = by_name(name)
        except UnknownNameError as error:
            raise BadInputError(f"`findings`: {error}") from error
        if not isinstance(values, dict):
            raise BadInputError(f"`findings.{name}` must be a table of thresholds, got {values!r}")
        if finding.code in read:
            raise BadInputError(
                f"`findings.{name}` is there twice, as {finding.code} and as {finding.slug}"
            )
        read[finding.code] = _read(finding, name, values)
    return read


def with_thresholds(thresholds: Mapping[str, Mapping[str, Threshold]]) -> tuple[Finding, ...]:
    """The catalogue, with other thresholds where there are some.

    Args:
        thresholds: values by field by code, from `read_thresholds`.
    """
    return tuple(
        dataclasses.replace(finding, **thresholds.get(code, {}))
        for code, finding in FINDINGS.items()
    )


def _read(finding: Finding, name: str, values: Mapping[str, Any]) -> dict[str, Threshold]:
    fields = [f.name for f in dataclasses.fields(finding)]
    kinds = get_type_hints(type(finding))
    read: dict[str, Threshold] = {}
    for key, value in values.items():
        # As everywhere in TOML, dashes are welcome where Python has underscores.
        field = key.replace("-", "_")
        if field not in fields:
            raise _unknown(name, key, fields)
        if field in read:
            raise BadInputError(f"`findings.{name}.{key}` is there twice")
        try:
            read[field] = _converted(value, kinds[field])
        except TypeError as error:
            raise BadInputError(f"`findings.{name}.{key}` must be {error}, got {value!r}") from None
    return read


def _unknown(name: str, key: str, fields: list[str]) -> BadInputError:
    if not fields:
        return BadInputError(f"`findings.{name}.{key}`: this finding has no thresholds")
    unknown = UnknownNameError("threshold", key, fields)
    there = "" if "did you mean" in str(unknown) else f"; there are {', '.join(fields)}"
    return BadInputError(f"`findings.{name}`: {unknown}{there}")


def _converted(value: Any, kind: Any) -> Threshold:
    """A value in the type of its field.

    Raises:
        TypeError: if it is of another; the text is what was expected.
    """
    if get_origin(kind) is tuple:
        return _converted_tuple(value, get_args(kind))
    # TOML tells 1 from true, and Python should.
    good = isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
    if kind is float:
        # 1 is as good as 1.0; NaN is neither above nor below anything.
        number = isinstance(value, int | float) and not isinstance(value, bool)
        good = number and not math.isnan(value) and value >= 0
    elif kind is int:
        # Looks, steps, examples: none of them are no ground for a judgement.
        good = good and value >= 1
    if not good:
        raise TypeError(_KINDS[kind])
    return kind(value)  # type: ignore[no-any-return]


def _converted_tuple(value: Any, kinds: tuple[Any, ...]) -> Threshold:
    each = f"each {_KINDS[kinds[0]]}"
    if kinds[-1] is Ellipsis:
        wanted = f"a list, {each}"
        kinds = (kinds[0],) * (len(value) if isinstance(value, list) else 0)
    else:
        wanted = f"a list of {len(kinds)}, {each}"
    if not isinstance(value, list) or len(value) != len(kinds):
        raise TypeError(wanted)
    try:
        return tuple(_converted(v, k) for v, k in zip(value, kinds, strict=True))
    except TypeError:
        raise TypeError(wanted) from None
