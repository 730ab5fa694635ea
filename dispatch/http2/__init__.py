"""Speak the client's half of HTTP/2 (RFC 9113) to push services, framed by hand for this one job.

Every request of a fan-out differs from the last in its address and its body only. So the other fields are
encoded once for each connection, a hundred requests are written as one run of bytes, and of an answer three
bytes are looked at. A general client spends fifty microseconds on what takes five here.

frames      what is on the wire
fields      request fields as HPACK: the dynamic table holds what does not change
requests    requests as frames, within the peer's windows
chunk       what is remembered of requests
status      the status out of an answer's field block
connection  one connection without its socket: bytes in, bytes out, answers
link        a socket with TLS that never waits
lookup      names to addresses, without waiting
pool        the connections to one push service and what waits for them
sender      the engine: one epoll over all of them
"""
