"""Errors of the vocabulary itself.

AlertsError
├── CheckDaysError  the register of the days of checks cannot be used: which row, and what is wrong with it
├── PolicyError     the policy cannot be used: which rule, and what is wrong with it
└── WardError       the register of wards cannot be used: which row, and what is wrong with it
"""


class AlertsError(Exception):
    """Something that the words alone cannot express."""


class CheckDaysError(AlertsError):
    """A register of the days of checks that cannot be used. Names the row, so that it can be found in the file."""


class PolicyError(AlertsError):
    """A policy that cannot be used. Names the rule, so that it can be found in the file."""


class WardError(AlertsError):
    """A register of wards that cannot be used. Names the row, so that it can be found in the file."""
