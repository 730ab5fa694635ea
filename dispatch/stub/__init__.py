"""Stand in for the push services of the world, on loopback: for tests, the demo and benchmarks.

It checks what real services check (RFC 8030, 8188, 8292), answers as told, and keeps its own log,
which shares no code with the sender. That log is the judge of what was lost and what came twice.
"""
