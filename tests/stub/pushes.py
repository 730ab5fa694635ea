"""Make pushes as a correct sender would, with the reference libraries only."""

import json
import os
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from dispatch.stub.opened import Receiver


def text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


@dataclass
class Sender:
    """A VAPID key and tokens signed with it."""

    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    @property
    def public(self) -> str:
        return text(self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))

    def token(self, claims: dict[str, Any], *, algorithm: str = "ES256") -> str:
        head = text(json.dumps({"typ": "JWT", "alg": algorithm}).encode())
        signed = f"{head}.{text(json.dumps(claims).encode())}"
        r, s = decode_dss_signature(self.key.sign(signed.encode(), ec.ECDSA(SHA256())))
        return f"{signed}.{text(r.to_bytes(32) + s.to_bytes(32))}"

    def authorization(self, origin: str, expires: float, **more: Any) -> str:
        claims = {"aud": origin, "exp": int(expires), "sub": "mailto:duty@example.org"} | more
        claims = {name: value for name, value in claims.items() if value is not None}
        return f"vapid t={self.token(claims)}, k={self.public}"


@dataclass
class Phone:
    """A subscription's secrets on the receiving side."""

    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    auth: bytes = field(default_factory=lambda: os.urandom(16))

    @property
    def receiver(self) -> Receiver:
        return Receiver(self.key.private_numbers().private_value.to_bytes(32), self.auth)

    def envelope(self, plain: bytes) -> bytes:
        public = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        sealed = http_ece.encrypt(
            plain,
            private_key=ec.generate_private_key(ec.SECP256R1()),
            dh=public,
            auth_secret=self.auth,
            version="aes128gcm",
        )
        assert isinstance(sealed, bytes)
        return sealed
