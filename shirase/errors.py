"""What should not happen in what the command line makes and reads.

ShiraseError
├── NotDrained             documents or fan-outs are still open and nothing moves any more (demo.feeding)
├── PartNotUp              something that the command needs does not run
│   └── PipelineFailed     a worker of the demo (demo.pipeline)
├── ReceiversUnreadable    the receivers' keys of a synthetic snapshot are missing or no such file
├── SubscribersUnreadable  the plain list beside a synthetic snapshot is missing or no such file
├── TownUnreadable         a network or a list of shelters that cannot be read
└── UnknownArea            there is no population for the named area
"""


class ShiraseError(Exception):
    """Any error of this package; its text tells what to do next."""


class PartNotUp(ShiraseError):
    """Something that the command needs does not run."""


class ReceiversUnreadable(ShiraseError):
    """The receivers' keys of a synthetic snapshot are missing or no such file."""


class SubscribersUnreadable(ShiraseError):
    """The plain list beside a synthetic snapshot is missing or no such file."""


class UnknownArea(ShiraseError):
    """There is no population for the named area."""


class TownUnreadable(ShiraseError):
    """A network or a list of shelters that cannot be read."""
