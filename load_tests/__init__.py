"""Measure the pipeline against its latency budget.

The scenarios run the pipeline; budget, journey and report import nothing of it and read what a run left behind.
"""
