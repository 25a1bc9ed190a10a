"""Remedies: what can be done about a finding."""

from __future__ import annotations

from trainwell.remedies.catalogue import ADVICE

__all__ = ["ADVICE"]
