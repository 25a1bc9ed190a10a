"""How a user names findings: by code, by slug, by family, or all of them."""

from __future__ import annotations

__all__ = ["check_name", "matches", "precision"]

from collections.abc import Iterable

from trainwell.errors import UnknownNameError
from trainwell.findings.catalogue import FINDINGS
from trainwell.findings.finding import Finding

_EVERYTHING = "ALL"


def precision(name: str, finding: Finding) -> int:
    """How closely a name names a finding.

    Args:
        name: in any case; a code, a slug, the letters of a family, or "ALL".
        finding: perhaps one of those that are meant.

    Returns:
        3 by its code or slug, 2 by its family, 1 by "ALL", 0 not at all.
    """
    lowered = name.lower()
    if lowered in (finding.code.lower(), finding.slug.lower()):
        return 3
    if lowered == _family(finding).lower():
        return 2
    return int(lowered == _EVERYTHING.lower())


def matches(names: Iterable[str], finding: Finding) -> bool:
    """Whether one of the names names the finding."""
    return any(precision(name, finding) for name in names)


def check_name(name: str) -> str:
    """The name again, if it names something in the catalogue.

    Raises:
        UnknownNameError: if it does not; the text names the nearest that does.
    """
    if any(precision(name, finding) for finding in FINDINGS.values()):
        return name
    known = [n for f in FINDINGS.values() for n in (f.code, f.slug)]
    families = dict.fromkeys(_family(f) for f in FINDINGS.values())
    raise UnknownNameError("finding", name, [*known, *families, _EVERYTHING])


def _family(finding: Finding) -> str:
    return finding.code.rstrip("0123456789")
