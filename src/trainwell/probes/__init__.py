"""Probes: read a live training run and fill a record."""
