"""Rehearsals: what an officer alone goes through, its words, and the made-up quarter it happens in (R18)."""
