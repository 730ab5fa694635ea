"""What should not happen in routing.

RoutingError
├── UnknownNode        a road, shelter or origin names a node that the network does not have
├── NothingImported    a file that holds no road or shelter we could use
└── NetworkFileDamaged a network file that is cut short or of another version
"""


class RoutingError(Exception):
    """Any error of this package."""


class UnknownNode(RoutingError):
    """A road, shelter or origin names a node that the network does not have: rebuild the import."""


class NothingImported(RoutingError):
    """A file holds nothing that we could use: the message says what was dropped, and why."""


class NetworkFileDamaged(RoutingError):
    """A network file cannot be used: import it again."""
