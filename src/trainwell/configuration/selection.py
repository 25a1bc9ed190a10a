"""Which findings are looked for."""

from __future__ import annotations

__all__ = ["select_findings"]

from collections.abc import Iterable

from trainwell.errors import BadInputError
from trainwell.findings.catalogue import FINDINGS
from trainwell.findings.finding import Finding
from trainwell.findings.names import check_name, precision


def select_findings(
    select: Iterable[str] = ("ALL",),
    ignore: Iterable[str] = (),
    findings: Iterable[Finding] | None = None,
) -> tuple[Finding, ...]:
    """The findings that are selected and not ignored.

    Where both name a finding, the closer name counts (its code or slug, then its family, then
    "ALL"), and `ignore` among equals: `select=["ACT101"], ignore=["ACT"]` leaves ACT101.

    Args:
        select: codes, slugs, letters of families, "ALL"; in any case.
        ignore: the same.
        findings: to choose from; the catalogue with its default thresholds when None.

    Raises:
        UnknownNameError: if a name names nothing.
        BadInputError: if no finding is left.

    Example:
        >>> [f.slug for f in select_findings(["ACT"], ["ACT102"])]
        ['dying-relu', 'collapsed-activations']
    """
    wanted, unwanted = _checked(select), _checked(ignore)
    left = tuple(
        finding
        for finding in (FINDINGS.values() if findings is None else findings)
        if _closest(wanted, finding) > _closest(unwanted, finding)
    )
    if not left:
        raise BadInputError(
            f"`select` ({', '.join(wanted)}) and `ignore` ({', '.join(unwanted)}) leave no finding"
            " to look for"
        )
    return left


def _checked(names: Iterable[str]) -> list[str]:
    # A lone string is one name, not its letters.
    return [check_name(name) for name in ([names] if isinstance(names, str) else names)]


def _closest(names: list[str], finding: Finding) -> int:
    return max((precision(name, finding) for name in names), default=0)
