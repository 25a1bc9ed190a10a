"""Trials: a script with and without remedies, run under control and compared."""
