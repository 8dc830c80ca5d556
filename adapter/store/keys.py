"""Hashes that things are looked up by."""

from __future__ import annotations

from hashlib import sha256


def key(*parts: str) -> str:
    """One text for several parts, of which none can pass for another."""
    return sha256("".join(f"{len(part)}:{part}" for part in parts).encode()).hexdigest()


def identifier_keys(system: str | None, value: str) -> tuple[str, str]:
    """An identifier's key with its system, and without."""
    return key(system or "", value), key(value)
