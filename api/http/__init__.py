"""What every door does with a request: errors, limits, headers, counting, and what it has read so far."""
