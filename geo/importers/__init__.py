"""Readers of area data. The only modules of `geo/` that touch files or other people's tables."""
