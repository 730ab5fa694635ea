"""What should not happen in routing.

RoutingError
└── UnknownNode      a road, shelter or origin names a node that the network does not have
"""


class RoutingError(Exception):
    """Any error of this package."""


class UnknownNode(RoutingError):
    """A road, shelter or origin names a node that the network does not have: rebuild the import."""
