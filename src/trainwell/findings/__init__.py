"""Findings: pure functions of a record that each see one kind of fault. Imports no torch."""
