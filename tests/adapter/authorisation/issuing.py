"""An authorisation server as partners have one, without the server: its keys, and the access tokens it signs."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from mappings.r4 import exact_json

ISSUER = "https://login.hospital.example"
AUDIENCE = "https://lakeside.example/fhir"
EVERYTHING = "system/*.cruds"
CLIENTS = {"hospital": "hospital-client", "registry": "registry-client"}

Node = dict[str, Any]


@cache
def private_key(name: str) -> Any:
    """The same key for the same name, of the algorithm that the name starts with."""
    if name.startswith("ES384"):
        return ec.generate_private_key(ec.SECP384R1())
    if name.startswith("ES256"):
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(65537, 1024 if name.endswith("small") else 2048)


def pem(name: str) -> str:
    """The private key as a file holds it."""
    return str(private_key(name).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())


def public_jwk(name: str, **members: Any) -> Node:
    key = private_key(name)
    algorithm: Any = ECAlgorithm if isinstance(key, ec.EllipticCurvePrivateKey) else RSAAlgorithm
    told: Node = algorithm.to_jwk(key.public_key(), as_dict=True)
    return {**told, "kid": name, "use": "sig", **members}


def key_set(*names: str) -> bytes:
    return exact_json.dumps({"keys": [public_jwk(name) for name in names]})


def claims(partner: str = "hospital", scope: str | None = EVERYTHING, **others: Any) -> Node:
    """What a token says; a claim of None is left out."""
    now = int(time.time())
    told = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "client_id": CLIENTS.get(partner, partner),
        "sub": CLIENTS.get(partner, partner),
        "iat": now,
        "exp": now + 3600,
        "jti": "once",
        "scope": scope,
    } | others
    return {name: value for name, value in told.items() if value is not None}


def signed(told: Node, key: str = "RS384-1", algorithm: str | None = None, **header: Any) -> str:
    """A token; a header member of None is left out, the key's name too."""
    members = {"kid": key} | header
    alg = algorithm or key.partition("-")[0]
    return jwt.encode(told, private_key(key), alg, {k: v for k, v in members.items() if v is not None})


@cache
def bearer(partner: str = "hospital", scope: str = EVERYTHING) -> Mapping[str, str]:
    """The header with a good token of this partner."""
    return MappingProxyType({"Authorization": f"Bearer {signed(claims(partner, scope))}"})
