"""Measure the pipeline against its latency budget. Imports nothing of the pipeline: it reads what that left behind."""
