"""What we talk about: CAP 1.2 names, the life cycle of a series, Japanese levels.

Pure: standard library only, no input or output, no clock. Everything here is a frozen value or a
function of its arguments, so that a decision can be replayed from the record that led to it.
"""
