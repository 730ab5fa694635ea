"""A real browser on the real pages: what a resident sees and what her phone shows."""
