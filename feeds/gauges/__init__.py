"""River levels and rain: each source's own form becomes readings and stations, in metres and millimetres."""
