"""What does a request ask for, and what is the answer? HTTP/1.1 and the routes, without any I/O.

The table of routes stands in `runners/PROTOCOL.md`. A server reads a head, has it parsed here, reads the
body if there is one, does what the `Plan` says in its own way, and sends the reply.
"""

import hashlib
import os
import tempfile
from typing import NamedTuple

HEAD_BYTES = 16 << 10
MOST_FIELDS = 64
BODY_BYTES = 1 << 20
PATTERN = bytes(range(251))
REASONS = {
    200: "OK",
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    411: "Length Required",
    413: "Content Too Large",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    505: "HTTP Version Not Supported",
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
    # The method that the route wants, where another was used.
    allow: str | None = None


class Request(NamedTuple):
    """A parsed head."""

    plan: Plan
    body_bytes: int
    # Whether the client waits to be told to send the body.
    asks: bool
    keep_alive: bool
    # Whether it must be told that the connection is kept, as in HTTP/1.0.
    old: bool


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
    first, *lines = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    parts = first.split(" ")
    if len(parts) != 3 or not parts[0].isalpha():
        raise Rejected(400)
    if parts[2] not in ("HTTP/1.1", "HTTP/1.0"):
        raise Rejected(505 if parts[2].startswith("HTTP/") else 400)
    if len(lines) > MOST_FIELDS:
        raise Rejected(431)
    fields = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            raise Rejected(400)
        fields.setdefault(name.lower(), []).append(value.strip())
    old = parts[2] == "HTTP/1.0"
    wishes = [wish.strip().lower() for wish in ",".join(fields.get("connection", ())).split(",")]
    return Request(
        plan=_plan(parts[0], parts[1]),
        body_bytes=_body_bytes(fields),
        asks="100-continue" in fields.get("expect", ()),
        keep_alive="keep-alive" in wishes if old else "close" not in wishes,
        old=old,
    )


def _body_bytes(fields):
    """How long the body is that follows these fields."""
    lengths = {_number(text) for text in fields.get("content-length", ())}
    coded = "transfer-encoding" in fields
    # Two lengths that differ are how requests are smuggled past a proxy.
    if len(lengths) > 1 or None in lengths or (lengths and coded):
        raise Rejected(400)
    if coded:
        raise Rejected(411)
    length = lengths.pop() if lengths else 0
    if length > BODY_BYTES:
        raise Rejected(413)
    return length


def _number(text):
    """A number of decimal digits alone, or None. Beyond 64 bits it is as good as endless."""
    if not (text.isascii() and text.isdigit()):
        return None
    return int(text) if len(text) < 20 else 1 << 64


def _plan(method, target):
    path, _, query = target.partition("?")
    if path not in ROUTES:
        return Plan(status=404)
    wanted, limits = ROUTES[path]
    if method != wanted:
        return Plan(status=405, allow=wanted)
    # Just these parameters, each once.
    numbers = {}
    for pair in filter(None, query.split("&")):
        name, _, text = pair.partition("=")
        value = _number(text)
        if name in numbers or name not in limits or value is None or value > limits[name]:
            return Plan(status=400)
        numbers[name] = value
    if len(numbers) < len(limits):
        return Plan(status=400)
    return Plan(
        wait_us=numbers.get("us"),
        hash_kib=numbers.get("kib"),
        file_bytes=numbers.get("bytes"),
        echo=path == "/echo",
    )


def reply(plan, body, keep_alive, old=False):
    """A whole answer, head and body."""
    more = f"Allow: {plan.allow}\r\n" if plan.allow else ""
    if old and keep_alive:
        more += "Connection: keep-alive\r\n"
    elif not keep_alive:
        more += "Connection: close\r\n"
    line = f"HTTP/1.1 {plan.status} {REASONS[plan.status]}\r\n"
    return f"{line}Content-Length: {len(body)}\r\n{more}\r\n".encode() + body


def simple_body(plan):
    """The body of an answer that took no work."""
    return b"ok" if plan.status == 200 else REASONS[plan.status].lower().encode()


def rejection(rejected):
    """The answer to what could not be understood."""
    plan = Plan(status=rejected.status)
    return reply(plan, simple_body(plan), False)


CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


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
