"""What a command was given to read, as a stream of parsed documents.

A file is one JSON document, or NDJSON with one a line; either may be gzipped.  NDJSON is read line by line, so that an
archive of any size takes the memory of its longest line.  What cannot be read becomes a document with issues: a bad
file or line never keeps the others from being read.
"""

from __future__ import annotations

import gzip
import re
import sys
import zlib
from contextlib import ExitStack
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from mappings import Issue
from mappings.r4.exact_json import MalformedJSON, loads

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import BinaryIO

KINDS = (".json", ".ndjson", ".json.gz", ".ndjson.gz")
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
STANDARD_INPUT = "-"


@dataclass(frozen=True)
class Document:
    """One JSON document: its name as messages give it (the file, with the line of NDJSON) and what it holds."""

    name: str
    json: dict[str, Any] | None
    issues: tuple[Issue, ...] = ()


@dataclass
class Inputs:
    """The documents of the named files and folders; `done` of `total` bytes (None where that is not known) are read."""

    files: Sequence[str]
    total: int | None = None
    done: int = field(default=0, init=False)

    def __iter__(self) -> Iterator[Document]:
        named = list(self.files) or [STANDARD_INPUT]
        paths = [path for name in named for path in _paths(name)]
        if STANDARD_INPUT not in paths:
            self.total = sum(Path(path).stat().st_size for path in paths if Path(path).is_file())
        for path in paths:
            yield from self._documents(path)

    def _documents(self, path: str) -> Iterator[Document]:
        if Path(path).is_dir():
            yield _unreadable(path, f"No file in it ends in {', '.join(KINDS)}.")
            return
        before, found = self.done, False
        try:
            with ExitStack() as closing:
                raw = sys.stdin.buffer if path == STANDARD_INPUT else closing.enter_context(Path(path).open("rb"))
                name = "standard input" if path == STANDARD_INPUT else path
                for line, text in _texts(name, raw):
                    found = True
                    if self.total is not None:
                        self.done = before + raw.tell()
                    yield _parsed(name, line, text)
            if not found:
                yield _unreadable(name, "It is empty. Give a JSON document, or NDJSON with one a line.")
        except (gzip.BadGzipFile, EOFError, zlib.error):
            yield _unreadable(path, "It is no sound gzip file. Fetch or pack it again.")
        except OSError as error:
            yield _unreadable(path, f"{error.strerror or 'It cannot be read'}. Check the name and its permissions.")


def _paths(name: str) -> Iterator[str]:
    folder = Path(name)
    if name == STANDARD_INPUT or not folder.is_dir():
        yield name
        return
    found = sorted(str(path) for path in folder.rglob("*") if path.name.endswith(KINDS) and path.is_file())
    yield from found or [name]


def _texts(name: str, raw: BinaryIO) -> Iterator[tuple[int | None, bytes]]:
    """The JSON texts of one file, each with its line where it is NDJSON."""
    buffered = raw if isinstance(raw, BufferedReader) else BufferedReader(cast("Any", raw))
    if buffered.peek(2)[:2] == b"\x1f\x8b":
        buffered = BufferedReader(cast("Any", gzip.GzipFile(fileobj=buffered)))
    lines: Iterable[tuple[int, bytes]] = enumerate(buffered, start=1)
    plain = name.removesuffix(".gz")
    if plain.endswith(".json"):
        if text := buffered.read():
            yield None, text
        return
    first = next(((number, line) for number, line in lines if line.strip()), None)
    if first is None:
        return
    if plain.endswith(".ndjson") or _is_whole(first[1]):
        yield first
        for number, line in lines:
            if line.strip():
                yield number, line
    else:
        yield None, first[1] + buffered.read()


def _is_whole(line: bytes) -> bool:
    """Whether a first line is a document by itself, so that each further line is one too."""
    bare = re.sub(rb'"(?:[^"\\]|\\.)*"', b"", line.strip().removeprefix(BYTE_ORDER_MARK))
    return bare.startswith(b"{") and bare.count(b"{") == bare.count(b"}")


def _parsed(file: str, line: int | None, text: bytes) -> Document:
    name = file if line is None else f"{file}:{line}"
    try:
        document = loads(text.removeprefix(BYTE_ORDER_MARK).rstrip(b"\r\n"))
    except MalformedJSON as malformed:
        told = str(malformed)
        if line is not None:  # the name has the line already, and counts it from the top of the file
            told = told.replace(f"(line {malformed.line}, column", "(column")
        return Document(name, None, (Issue("fatal", "structure", "", told),))
    if not isinstance(document, dict):
        return _unreadable(name, "It is JSON, but no object. Give a FHIR resource or a clinic record.")
    return Document(name, document)


def _unreadable(name: str, text: str) -> Document:
    return Document(name, None, (Issue("fatal", "structure", "", text),))
