"""Where is it dangerous? Shapes, area codes, H3 cells, and the hazard map.

Pure: no clock and no environment. Only `geo/importers/` reads or writes files.
Direction of safety throughout: a cover may be too large, and never stops short of its shape.
"""
