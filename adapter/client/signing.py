"""The key that we sign with when we ask for an access token, and what a partner registers of it.

SMART App Launch 2.2, client-confidential-asymmetric: RS384 or ES384, and the key is named by its `kid`.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import time
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from mappings.r4 import exact_json

LEAST_RSA_BITS = 2048
COUNTS_FOR = 240
"""Seconds; SMART allows 300 at most."""


class UnfitKey(ValueError):
    """A key that SMART does not sign with; the text says how to mend it, and holds nothing of the key."""


@dataclass(frozen=True)
class SigningKey:
    """A private key, its algorithm and its name."""

    algorithm: str
    key_id: str
    key: Any = field(repr=False)

    @property
    def public(self) -> dict[str, Any]:
        """As a JSON Web Key: what is registered at the partner."""
        return {**_public(self.key), "kid": self.key_id, "alg": self.algorithm, "use": "sig", "key_ops": ["verify"]}

    def assertion(self, client_id: str, token_endpoint: str) -> str:
        """That it is us who ask this endpoint, now and once."""
        import jwt

        now = int(time.time())
        claims = {"iss": client_id, "sub": client_id, "aud": token_endpoint, "iat": now, "jti": str(uuid4())}
        return jwt.encode(
            claims | {"exp": now + COUNTS_FOR}, self.key, self.algorithm, {"kid": self.key_id, "typ": "JWT"}
        )


@functools.lru_cache(maxsize=64)
def signing_key(pem: str, key_id: str = "") -> SigningKey:
    """The key of a PEM text; named by key_id, or by its thumbprint (RFC 7638) where that is "".  UnfitKey."""
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(pem.encode(), None)
    except (ValueError, TypeError):
        raise UnfitKey("it is no private key in PEM without a password") from None
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= LEAST_RSA_BITS:
        algorithm = "RS384"
    elif isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name == "secp384r1":
        algorithm = "ES384"
    else:
        raise UnfitKey(f"SMART signs with RSA of {LEAST_RSA_BITS} bits or more, or with P-384")
    return SigningKey(algorithm, key_id or _thumbprint(_public(key)), key)


def _public(key: Any) -> dict[str, Any]:
    from cryptography.hazmat.primitives.asymmetric import rsa
    from jwt.algorithms import ECAlgorithm, RSAAlgorithm

    algorithm: Any = RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else ECAlgorithm
    told: dict[str, Any] = algorithm.to_jwk(key.public_key(), as_dict=True)
    return {name: value for name, value in told.items() if name in ("kty", "n", "e", "crv", "x", "y")}


def _thumbprint(public: dict[str, Any]) -> str:
    digest = hashlib.sha256(exact_json.canonical(public)).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
