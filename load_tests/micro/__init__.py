"""Small measurements, each beside the plain way to do the same."""
