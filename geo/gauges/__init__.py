"""What a gauge's readings mean: whether to believe them, which level holds, what may come, whom it concerns."""
