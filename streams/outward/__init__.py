"""Notices leave on every other channel, each with its state (R16)."""
