"""Drafts become notices: by policy, or by persons, in one order."""
