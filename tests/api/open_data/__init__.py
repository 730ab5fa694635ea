"""Tests of api.open_data."""
