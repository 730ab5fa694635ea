"""Readers of road networks and shelter lists, and the network file.

Here files are read; the rest of `routing/` is pure. A reader never raises over one bad row: it drops
it, counts it under a reason, and the report shows the counts.
"""
