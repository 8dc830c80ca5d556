"""The forms in which a value may be asked for, each as a hash of 16 bytes.

A token is asked for by its code, by system and code, or by its system; a reference by the id alone, by type and id, by
a foreign address, or by the identifier in it.  What was written under a form is found by asking in that form.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from hashlib import sha256

from adapter.store.keys import key
from mappings.r4.search_parameters import Parameter, link
from mappings.r4.search_values import Token

MISSING = "missing"


def digest(parameter: Parameter, form: str, *parts: str) -> bytes:
    told = key(parameter.of, parameter.name, form, *parts)
    return sha256(told.encode()).digest()[:16]


@functools.cache
def missing(parameter: Parameter) -> bytes:
    """Stands where a resource has no value of this parameter."""
    return digest(parameter, MISSING)


def token_forms(parameter: Parameter, token: Token, of: str = "") -> Iterator[bytes]:
    """What a token is written under."""
    if token.code is not None:
        yield coded(parameter, None, token.code, of)
        yield coded(parameter, token.system or "", token.code, of)
    if token.system:
        yield in_system(parameter, token.system, of)


def coded(parameter: Parameter, system: str | None, code: str, of: str = "") -> bytes:
    """A code of a system; of any where it is None, of none where it is ""."""
    return digest(parameter, f"{of}code", code) if system is None else digest(parameter, f"{of}token", system, code)


def in_system(parameter: Parameter, system: str, of: str = "") -> bytes:
    return digest(parameter, f"{of}system", system)


def reference_forms(parameter: Parameter, reference: str) -> Iterator[bytes]:
    """What a reference is written under; its version is left out."""
    there = link(reference)
    if there is not None and there.server is None:
        yield local(parameter, there.type, there.id)
        yield by_id(parameter, there.id)
    elif not reference.startswith("#"):
        yield address(parameter, reference)


def local(parameter: Parameter, type_: str, id_: str) -> bytes:
    return digest(parameter, "local", type_, id_)


def by_id(parameter: Parameter, id_: str) -> bytes:
    return digest(parameter, "id", id_)


def address(parameter: Parameter, url: str) -> bytes:
    """What lies elsewhere, or has no RESTful address."""
    there = link(url)
    return digest(parameter, "address", f"{there.server}/{there.type}/{there.id}" if there else url)


IDENTIFIER = "identifier "
