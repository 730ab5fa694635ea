"""Tests of the C half."""
