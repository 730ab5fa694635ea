"""What can go wrong in the push-service stub.

StubError
├── BehaviourMalformed     a rule that cannot be read
├── StubNotReady           the process did not come up
├── EnvelopeUnreadable     a body that the receiver's keys do not open
├── FieldsMalformed        a header block that is not HPACK (the connection ends)
└── ConnectionBroken       the peer broke HTTP/2; carries the error code for GOAWAY
"""


class StubError(Exception):
    """Anything that the stub raises."""


class BehaviourMalformed(StubError):
    """A rule of behaviour cannot be read; the message names the field."""


class StubNotReady(StubError):
    """The stub's process ended, or said nothing, before it was ready."""


class EnvelopeUnreadable(StubError):
    """The receiver's private key and secret do not open this body."""


class FieldsMalformed(StubError):
    """A header block breaks RFC 7541."""


class ConnectionBroken(StubError):
    """The peer broke RFC 9113 so that the whole connection must end."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
