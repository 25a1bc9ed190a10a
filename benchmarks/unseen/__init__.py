"""Faults that stand in no line of the source: in data, checkpoints and settings."""
