"""How often one address may ask for something that costs us a push: a bucket of tokens each, forgotten soon.

Addresses are kept as keyed hashes for minutes, in memory only: no log and no metric ever names one.
"""

import hashlib
import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass, field


@dataclass(slots=True)
class RateLimit:
    """At most *burst* at once and *per_minute* in the long run, for each address."""

    burst: int
    per_minute: float
    most_addresses: int = 100_000
    """The oldest is forgotten beyond this: a flood of addresses cannot use up the memory."""
    _key: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    _buckets: OrderedDict[bytes, tuple[float, float]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def wait_seconds(self, address: str, at: float) -> float:
        """Take one and return 0, or return after how many seconds *address* may ask again. *at* is monotonic."""
        name = hashlib.blake2b(address.encode(), key=self._key, digest_size=8).digest()
        with self._lock:
            left, since = self._buckets.pop(name, (float(self.burst), at))
            left = min(float(self.burst), left + (at - since) * self.per_minute / 60.0)
            wait = 0.0 if left >= 1.0 else (1.0 - left) * 60.0 / self.per_minute
            self._buckets[name] = (left if wait else left - 1.0, at)
            if len(self._buckets) > self.most_addresses:
                self._buckets.popitem(last=False)
        return wait

    def forgive(self, address: str) -> None:
        """Give *address* all it may ask at once again: it has shown that it does not guess."""
        name = hashlib.blake2b(address.encode(), key=self._key, digest_size=8).digest()
        with self._lock:
            self._buckets.pop(name, None)
