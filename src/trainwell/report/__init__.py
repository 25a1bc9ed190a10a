"""Renderers: a diagnosis in, a string out. Imports no torch."""
