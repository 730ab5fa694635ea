"""Readings of rivers become levels, and a level that is crossed becomes a document."""
