"""Remedies: what can be done about a finding.

What this imports needs no torch; `trainwell.remedies.catalogue` has what can be applied.
"""

from __future__ import annotations

from trainwell.remedies.advice import ADVICE

__all__ = ["ADVICE"]
