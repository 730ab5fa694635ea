"""What can go wrong when a run is measured.

LoadTestError
├── BudgetMalformed    budget.toml does not say what it must
├── ResultMalformed    a result file cannot be read; the message names file and line
├── ReferenceFailed    pywebpush could not be measured; the message has its last words
├── SinkNotReady       a server or relay that a load test needs did not come up
└── MeasureFailed      two ways that must agree gave different answers
"""


class LoadTestError(Exception):
    """Anything that the load tests raise."""


class BudgetMalformed(LoadTestError):
    """The budget does not say what it must."""


class ResultMalformed(LoadTestError):
    """A result file cannot be read."""


class ReferenceFailed(LoadTestError):
    """The reference could not be measured."""


class SinkNotReady(LoadTestError):
    """A server or relay that a load test needs did not come up."""


class MeasureFailed(LoadTestError):
    """Two ways that must agree gave different answers: a figure of either would mean nothing."""
