"""Measures: pure functions from tensors to numbers."""
