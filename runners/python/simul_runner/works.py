"""What is each workload's operation, and what must it have done? The pure part, without any I/O.

The counterpart of `workloads/src/catalog/`: parameters, messages, blocks, delays and digests are the
same, so the harness's oracle accepts them. A runner does the operation and hands over its *deed*;
`digest` makes the fingerprint of it after the slice. A new workload is a class here and an entry in
each runner that can do it; until then it is `not applicable: not written`.
"""

import os
import struct
from hashlib import sha256

from .digest import MASK, below, of_bytes, of_number, plus
from .parameters import Parameters, failed, not_applicable
from .works_of_tasks import WORKLOADS as WORKLOADS_OF_TASKS

STAMP = struct.Struct("<QQ")
NUMBER = struct.Struct("<Q")
BLOCK_BYTES = 4096


class Work:
    """What all workloads have."""

    batch = False
    defaults = {}
    # Whether the time that was asked for is taken off what is recorded.
    lateness = False

    def __init__(self, parameters, seed):
        self.seed = seed

    def asked_ns(self, actor, index):
        """The time that an operation asks to wait."""
        return 0


class Echo(Work):
    """A message to the peer and back. The deed is what came back."""

    defaults = {"bytes": "64"}
    # The digests of longer messages would take seconds after each slice in Python.
    LONGEST = 64 << 10

    def __init__(self, parameters, seed):
        super().__init__(parameters, seed)
        self.bytes = parameters.number("bytes", STAMP.size, 1 << 20)
        if self.bytes > self.LONGEST:
            raise not_applicable(
                f"messages of more than {self.LONGEST} bytes: in pure Python their digests take "
                "longer than a slice"
            )
        self.filling = b"x" * (self.bytes - STAMP.size)

    def message(self, actor, index):
        """What is sent, and must come back."""
        return STAMP.pack(actor, index) + self.filling

    def digest(self, actor, index, deed):
        return of_bytes(deed)


class Sleep(Work):
    """A delay that is drawn anew each time. The deed is the delay in microseconds."""

    lateness = True
    defaults = {"shortest_us": "500", "longest_us": "2000"}
    LONGEST_US = 60_000_000

    def __init__(self, parameters, seed):
        super().__init__(parameters, seed)
        self.shortest_us = parameters.number("shortest_us", 0, self.LONGEST_US)
        longest_us = parameters.number("longest_us", self.shortest_us, self.LONGEST_US)
        self.range_us = longest_us - self.shortest_us + 1

    def delay_us(self, actor, index):
        """How long an operation waits at least."""
        return self.shortest_us + below(self.range_us, self.seed, actor, index)

    def asked_ns(self, actor, index):
        return 1000 * self.delay_us(actor, index)

    def digest(self, actor, index, deed):
        return plus(of_number((actor << 32) ^ index), of_number(deed))


class Spawn(Work):
    """Many tasks, all alive at once. The deed is the sum of what they returned."""

    defaults = {"tasks": "64"}

    def __init__(self, parameters, seed):
        super().__init__(parameters, seed)
        self.tasks = parameters.number("tasks", 1, 10_000)
        self.sum_of_numbers = self.tasks * (self.tasks - 1) // 2

    def word(self, actor, index):
        """What the tasks of one operation are told."""
        return of_number((actor << 32) ^ index)

    def verify(self, numbers):
        """Raises OSError unless each task has reported once."""
        if numbers != self.sum_of_numbers:
            raise OSError("a task reported twice, another not at all")

    def digest(self, actor, index, deed):
        return of_number(deed & MASK)


class PingPong(Work):
    """A token to a partner and back. The deed is what came back."""

    def token(self, actor, index):
        """What is sent."""
        return (actor << 32) ^ index

    @staticmethod
    def changed(token):
        """What the partner makes of it."""
        return token ^ MASK

    def verify_passed(self, passed, wanted):
        """Raises OSError unless the partner has passed on every token."""
        if passed != wanted:
            raise OSError(f"{passed} tokens passed instead of {wanted}")

    def digest(self, actor, index, deed):
        return of_number(deed)


class FileRead(Work):
    """A block of a file that is in memory. The deed is one word of each of its lines."""

    batch = True
    defaults = {"mib": "32"}
    # The checked word of line n is word n % 8 of its eight: every ninth word of eight lines.
    CHECKED = struct.Struct("<" + "".join(f"{8 * n}x8s{56 - 8 * n}x" for n in range(8)) * 8)

    def __init__(self, parameters, seed):
        super().__init__(parameters, seed)
        self.blocks = parameters.number("mib", 1, 4096) * ((1 << 20) // BLOCK_BYTES)
        self.digests = {}

    def path(self, surroundings):
        """The file, which is there and in memory already."""
        folder = surroundings.get("folder")
        if not folder:
            raise failed("set-up failed: this workload needs a folder, and none was given")
        return os.path.join(folder, "file-read.bin")

    def offset(self, actor, index):
        """Where an operation reads."""
        return below(self.blocks, self.seed, actor, index) * BLOCK_BYTES

    def checked(self, block):
        """One word of each line, from the block that was read."""
        return b"".join(self.CHECKED.unpack(block))

    def digest(self, actor, index, deed):
        known = self.digests.get(deed)
        if known is None:
            known = self.digests[deed] = of_bytes(deed)
        return known


def pread_all(descriptor, offset):
    """Reads one block on the calling thread."""
    block = os.pread(descriptor, BLOCK_BYTES, offset)
    while len(block) < BLOCK_BYTES:
        more = os.pread(descriptor, BLOCK_BYTES - len(block), offset + len(block))
        if not more:
            raise OSError("the file ended early")
        block += more
    return block


class Sha256(Work):
    """A block that is hashed. The deed is the hash."""

    batch = True
    defaults = {"bytes": "16384", "offload": "false"}
    VARIANTS = 64

    def __init__(self, parameters, seed):
        super().__init__(parameters, seed)
        self.offload = parameters.flag("offload")
        self.bytes = parameters.number("bytes", 8, 1 << 26)
        self.digests = {}

    def block(self):
        """A block before it is stamped."""
        return bytearray(at & 0xFF for at in range(self.bytes))

    def variant(self, number):
        """What the block of this number is stamped with."""
        return (self.seed + number % self.VARIANTS) & MASK

    def digest(self, actor, index, deed):
        known = self.digests.get(deed)
        if known is None:
            known = self.digests[deed] = of_bytes(deed)
        return known


def hash_block(block, variant):
    """Stamps the block and hashes all of it, on the calling thread."""
    NUMBER.pack_into(block, 0, variant)
    return sha256(block).digest()


class Mixed(Echo):
    """An echo whose answer decides what is hashed. The deed is the answer, then the hashes."""

    defaults = {"kib": "4", "rounds": "1", "bytes": "64", "offload": "false"}

    def __init__(self, parameters, seed):
        super().__init__(parameters, seed)
        self.rounds = parameters.number("rounds", 1, 1000)
        kib = parameters.number("kib", 1, 1 << 16)
        values = {"bytes": str(kib << 10), "offload": parameters.values["offload"]}
        self.hashing = Sha256(Parameters("sha256", values), seed)

    def numbers(self, answer):
        """The numbers of the blocks to hash, which only the answer tells."""
        actor, index = STAMP.unpack_from(answer)
        return range(actor + index, actor + index + self.rounds)

    def digest(self, actor, index, deed):
        answer, hashes = deed
        total = of_bytes(answer)
        for one in hashes:
            total = plus(total, self.hashing.digest(actor, index, one))
        return total


WORKLOADS = WORKLOADS_OF_TASKS | {
    "echo": Echo,
    "sleep": Sleep,
    "spawn": Spawn,
    "ping-pong": PingPong,
    "file-read": FileRead,
    "sha256": Sha256,
    "mixed": Mixed,
}


def work_of(label, seed):
    """The workload with its parameters, as a spec names it."""
    name = label.split(":")[0]
    if name not in WORKLOADS:
        raise not_applicable(f"'{name}' is not written for this program")
    kind = WORKLOADS[name]
    return kind(Parameters(label, kind.defaults), seed)
