"""What does a request ask for, and what is the answer? HTTP/1.1 and the routes, without any I/O.

The table of routes stands in `runners/PROTOCOL.md`. A server reads a head, has it parsed here, reads the
body if there is one, does what the `Plan` says in its own way, and sends the reply.
"""

import hashlib
import os
import tempfile
from typing import NamedTuple
from urllib.parse import parse_qsl

HEAD_BYTES = 16 << 10
BODY_BYTES = 1 << 20
PATTERN = bytes(range(251))
REASONS = {
    200: "OK",
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    413: "Content Too Large",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    501: "Not Implemented",
}


class Rejected(Exception):
    """A request that gets this status; what follows on its connection cannot be understood."""

    def __init__(self, status):
        super().__init__(REASONS[status])
        self.status = status


class Plan(NamedTuple):
    """What to do for one request: wait, then hash or read; what is None is left out."""

    status: int = 200
    wait_us: int | None = None
    hash_kib: int | None = None
    file_bytes: int | None = None
    echo: bool = False
    # The body, unless the above give one.
    body: bytes = b"ok"


class Request(NamedTuple):
    """A parsed head."""

    plan: Plan
    body_bytes: int
    keep_alive: bool


# Route: method, and the limits of its parameters.
ROUTES = {
    "/echo": ("POST", {}),
    "/sleep": ("GET", {"us": 60_000_000}),
    "/sha256": ("GET", {"kib": 1 << 16}),
    "/mixed": ("GET", {"us": 60_000_000, "kib": 1 << 16}),
    "/file": ("GET", {"bytes": 1 << 20}),
    "/health": ("GET", {}),
}


def parse(head):
    """Reads a head, from the request line to the empty line."""
    first, *lines = head.decode("latin-1").split("\r\n")
    parts = first.split(" ")
    if len(parts) != 3 or parts[2] not in ("HTTP/1.1", "HTTP/1.0"):
        raise Rejected(400)
    headers = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if line and not colon:
            raise Rejected(400)
        headers[name.lower()] = value.strip()
    if "transfer-encoding" in headers:
        raise Rejected(501)
    length = headers.get("content-length", "0")
    if not (length.isascii() and length.isdigit()):
        raise Rejected(400)
    if int(length) > BODY_BYTES:
        raise Rejected(413)
    connection = headers.get("connection", "").lower()
    keep_alive = connection != "close" if parts[2] == "HTTP/1.1" else connection == "keep-alive"
    return Request(_plan(parts[0], parts[1]), int(length), keep_alive)


def _plan(method, target):
    path, _, query = target.partition("?")
    if path not in ROUTES:
        return _refused(404)
    wanted, limits = ROUTES[path]
    if method != wanted:
        return _refused(405)
    given = dict(parse_qsl(query))
    numbers = {}
    for name, most in limits.items():
        text = given.get(name, "")
        if not (text.isascii() and text.isdigit() and int(text) <= most):
            return _refused(400)
        numbers[name] = int(text)
    return Plan(
        wait_us=numbers.get("us"),
        hash_kib=numbers.get("kib"),
        file_bytes=numbers.get("bytes"),
        echo=path == "/echo",
    )


def _refused(status):
    return Plan(status=status, body=REASONS[status].lower().encode())


def reply(status, body, keep_alive):
    """A whole answer, head and body."""
    connection = "" if keep_alive else "connection: close\r\n"
    head = f"HTTP/1.1 {status} {REASONS[status]}\r\ncontent-length: {len(body)}\r\n{connection}\r\n"
    return head.encode() + body


def rejection(rejected):
    """The answer to what could not be understood."""
    return reply(rejected.status, str(rejected).lower().encode(), False)


class Pattern:
    """Bytes in which byte i is i mod 251, as long as they were ever needed."""

    def __init__(self):
        self.bytes = b""

    def hash(self, kib):
        """The hexadecimal SHA-256 of so many KiB, on the calling thread."""
        length = kib << 10
        if len(self.bytes) < length:
            self.bytes = PATTERN * (length // len(PATTERN) + 1)
        return hashlib.sha256(memoryview(self.bytes)[:length]).hexdigest().encode()


class PatternFile:
    """A file of 1 MiB in which byte i is i mod 251: in the trial's folder, or one that we remove."""

    def __init__(self, folder):
        self.own_folder = None if folder else tempfile.TemporaryDirectory(prefix="simul-")
        path = os.path.join(folder or self.own_folder.name, "pattern.bin")
        with open(path, "wb") as file:
            file.write((PATTERN * (BODY_BYTES // len(PATTERN) + 1))[:BODY_BYTES])
        self.descriptor = os.open(path, os.O_RDONLY)

    def read(self, length):
        """The first bytes, on the calling thread."""
        return os.pread(self.descriptor, length, 0)

    def close(self):
        """Removes what is ours."""
        os.close(self.descriptor)
        if self.own_folder:
            self.own_folder.cleanup()
