"""What are the operations whose tasks wait together, for one another, or share something? Without any I/O.

The counterpart of `gather.rs`, `exhibition.rs`, `footprint.rs`, `fib.rs`, `mutex.rs` and `queue.rs` in
`workloads/src/catalog/`. As in `works.py`, a runner does the operation and hands over its deed.
"""

import resource
import struct
from hashlib import sha256

from .digest import MASK, of_bytes, of_number, plus
from .parameters import failed

PAIR = struct.Struct("<Q")


class Work:
    """What all of them have."""

    batch = False
    defaults = {}
    # Whether the time that was asked for is taken off what is recorded.
    lateness = False

    def __init__(self, parameters, seed):
        self.seed = seed

    def asked_ns(self, actor, index):
        """The least time that an operation takes."""
        return 0

    def word(self, actor, index):
        """What tells an operation from every other."""
        return of_number((actor << 32) ^ index)


class Gather(Work):
    """Three waits that start together. The deed is the names as they were heard."""

    defaults = {"unit_us": "1000"}
    WAITS = (("A", 2), ("B", 1), ("C", 3))

    def __init__(self, parameters, seed):
        super().__init__(parameters, seed)
        self.unit_us = parameters.number("unit_us", 1, 1_000_000)

    def asked_ns(self, actor, index):
        return 3000 * self.unit_us

    @staticmethod
    def result(word, name, units):
        """What a task returns."""
        return of_number(word ^ (ord(name) << 8) ^ units)

    def figures(self, deed):
        results, order = deed
        return {"order": float(order == ["B", "A", "C"])}

    def digest(self, actor, index, deed):
        total, (results, order) = 0, deed
        for one in [*results, *(of_number(ord(name)) for name in order)]:
            total = plus(total, one)
        return total


class Exhibition(Work):
    """The chess exhibition. The deed is where each board stands in the end."""

    defaults = {
        "boards": "24",
        "pairs": "30",
        "think": "5",
        "wait": "55",
        "unit_us": "100",
        "masters": "1",
        "rounds": "calibrated",
    }
    BLOCK_BYTES, POSITION_BYTES, OPENINGS = 4096, 40, 4

    def __init__(self, parameters, seed):
        super().__init__(parameters, seed)
        if parameters.values["rounds"] == "calibrated":
            raise failed("rounds = 'calibrated' must be a number here: simul tells it to each trial")
        self.boards = parameters.number("boards", 1, 10_000)
        self.pairs = parameters.number("pairs", 1, 10_000)
        self.rounds = parameters.number("rounds", 1, 1 << 32)
        unit_us = parameters.number("unit_us", 1, 1_000_000)
        self.wait_us = unit_us * parameters.number("wait", 0, 10_000)
        self.masters = parameters.number("masters", 1, 10_000)

    def asked_ns(self, actor, index):
        return 1000 * self.wait_us * self.pairs

    def block(self, board):
        """A board before the first move."""
        block = bytearray(at & 0xFF for at in range(self.BLOCK_BYTES))
        PAIR.pack_into(block, 0, (self.seed + board % self.OPENINGS) & MASK)
        return block

    def think(self, block):
        """The master's thought."""
        for _ in range(self.rounds):
            block[:32] = sha256(block).digest()

    @staticmethod
    def answer(block, pair):
        """The opponent's move."""
        PAIR.pack_into(block, 32, pair)

    def digest(self, actor, index, deed):
        total, word = 0, self.word(actor, index)
        for board, block in enumerate(deed):
            end = of_bytes(block[: self.POSITION_BYTES])
            total = plus(total, plus(of_number(word ^ board), end))
        return total


class Footprint(Work):
    """Many waiting tasks. The deed is the sum of what they returned, and the figures."""

    defaults = {"tasks": "10000"}

    def __init__(self, parameters, seed):
        super().__init__(parameters, seed)
        self.tasks = parameters.number("tasks", 1, 10_000_000)

    def figures(self, deed):
        return deed[1]

    def digest(self, actor, index, deed):
        return of_number(deed[0] & MASK)


class Fib(Work):
    """Fork-join recursion. The deed is the value, and how many pieces were computed."""

    batch = True
    defaults = {"n": "24", "cutoff": "14"}

    def __init__(self, parameters, seed):
        super().__init__(parameters, seed)
        self.n = parameters.number("n", 2, 40)
        self.cutoff = parameters.number("cutoff", max(self.n - 16, 1), self.n)

    def first(self, actor, index):
        """The values for 0 and 1."""
        word = self.word(actor, index)
        return word, of_number(word)

    def piece(self, n, first):
        """What is not divided any more."""
        if n < 2:
            return first[n]
        return self.piece(n - 1, first) + self.piece(n - 2, first)

    def digest(self, actor, index, deed):
        value, pieces = deed
        return plus(of_number(value & MASK), of_number(pieces))


class Mutex(Work):
    """A lock that all actors want. The deed is by how much the count grew."""

    defaults = {"yields": "1"}

    def __init__(self, parameters, seed):
        super().__init__(parameters, seed)
        self.yields = parameters.number("yields", 0, 1000)
        # The work's own, not the runner's: what the lock guards.
        self.count, self.held = 0, False

    def take(self):
        """Now the lock is held."""
        if self.held:
            raise OSError("two tasks hold the lock at the same time")
        self.held = True
        return self.count

    def give(self, before):
        """Now it is about to be released."""
        gained = before + 1 - self.count
        self.count, self.held = before + 1, False
        return gained

    def digest(self, actor, index, deed):
        return plus(self.word(actor, index), of_number(deed))


class Queue(Work):
    """A bounded queue of many to many. The deed is all items that came through."""

    defaults = {"items": "64", "producers": "4", "consumers": "4", "capacity": "8"}

    def __init__(self, parameters, seed):
        super().__init__(parameters, seed)
        self.items = parameters.number("items", 1, 1_000_000)
        self.producers = parameters.number("producers", 1, 1000)
        self.consumers = parameters.number("consumers", 1, 1000)
        self.capacity = parameters.number("capacity", 1, 1_000_000)

    def verify(self, items):
        """Raises OSError unless each producer's items came to a consumer in their order."""
        least = [0] * self.producers
        for producer, number in items:
            if number < least[producer]:
                raise OSError(f"item {number} of producer {producer} came after a later one")
            least[producer] = number + 1

    def digest(self, actor, index, deed):
        total, word = 0, self.word(actor, index)
        for producer, number in deed:
            total = plus(total, of_number(word ^ (producer << 32) ^ number))
        return plus(total, of_number(len(deed)))


WORKLOADS = {
    "gather": Gather,
    "exhibition": Exhibition,
    "footprint": Footprint,
    "fib": Fib,
    "mutex": Mutex,
    "queue": Queue,
}


def resident_bytes():
    """The process's memory that is really there."""
    with open("/proc/self/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize()
