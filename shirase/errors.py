"""What should not happen in what the command line makes and reads.

ShiraseError
├── ReceiversUnreadable    the receivers' keys of a synthetic snapshot are missing or no such file
├── SubscribersUnreadable  the plain list beside a synthetic snapshot is missing or no such file
├── TownUnreadable         a network or a list of shelters that cannot be read
└── UnknownArea            there is no population for the named area
"""


class ShiraseError(Exception):
    """Any error of this package; its text tells what to do next."""


class ReceiversUnreadable(ShiraseError):
    """The receivers' keys of a synthetic snapshot are missing or no such file."""


class SubscribersUnreadable(ShiraseError):
    """The plain list beside a synthetic snapshot is missing or no such file."""


class UnknownArea(ShiraseError):
    """There is no population for the named area."""


class TownUnreadable(ShiraseError):
    """A network or a list of shelters that cannot be read."""
