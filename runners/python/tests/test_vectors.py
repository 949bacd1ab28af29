"""Do digests, draws and workloads give what the workloads' own code gives? `runners/vectors.json` knows."""

import json
import sys
import unittest
from pathlib import Path

PYTHON = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PYTHON))

from simul_runner import digest, works  # noqa: E402

VECTORS = json.loads((PYTHON.parent / "vectors.json").read_text())


def file_word(seed, number):
    """A word of the file that simul writes for `file-read`."""
    return digest.of_number(seed ^ number).to_bytes(8, "little")


def exhibited(work, actor, index):
    """All boards, one after the other."""
    boards = [work.block(board) for board in range(work.boards)]
    for block in boards:
        for pair in range(1, work.pairs + 1):
            work.think(block)
            work.answer(block, pair)
    return boards


def divided(work, n, first):
    """The recursion, piece by piece."""
    if n <= work.cutoff:
        return work.piece(n, first), 1
    (left, pieces), (right, more) = divided(work, n - 1, first), divided(work, n - 2, first)
    return left + right, pieces + more


def waited(work, actor, index):
    """Three waits that overlap."""
    word = work.word(actor, index)
    return [work.result(word, *wait) for wait in work.WAITS], ["B", "A", "C"]


def held(work, actor, index):
    """The lock, taken once."""
    return work.give(work.take())


BY_HAND = {
    "Gather": waited,
    "Exhibition": exhibited,
    "Footprint": lambda work, actor, index: (
        sum(work.word(actor, index) + number for number in range(work.tasks)),
        {},
    ),
    "Fib": lambda work, actor, index: divided(work, work.n, work.first(actor, index)),
    "Mutex": held,
    "Queue": lambda work, actor, index: [
        (producer, number) for producer in range(work.producers) for number in range(work.items)
    ],
}


def deed(work, actor, index):
    """What doing an operation by hand gives."""
    name = type(work).__name__
    if name == "Sleep":
        return work.delay_us(actor, index)
    if name == "Spawn":
        return sum(work.word(actor, index) + number for number in range(work.tasks))
    if name == "PingPong":
        return work.changed(work.token(actor, index))
    if name == "FileRead":
        first = work.offset(actor, index) // 8
        block = b"".join(file_word(work.seed, first + word) for word in range(512))
        return work.checked(block)
    if name == "Sha256":
        return works.hash_block(work.block(), work.variant(actor + index))
    if name in BY_HAND:
        return BY_HAND[name](work, actor, index)
    answer = work.message(actor, index)
    if name == "Echo":
        return answer
    hashing = work.hashing
    numbers = work.numbers(answer)
    return answer, [works.hash_block(hashing.block(), hashing.variant(n)) for n in numbers]


class Vectors(unittest.TestCase):
    def test_digests(self):
        for case in VECTORS["of_bytes"]:
            self.assertEqual(digest.of_bytes(bytes.fromhex(case["bytes"])), int(case["digest"], 16))
        for case in VECTORS["of_number"]:
            self.assertEqual(digest.of_number(case["number"]), int(case["digest"], 16))
        for case in VECTORS["sums"]:
            total = 0
            for one in case["of"]:
                total = digest.plus(total, int(one, 16))
            self.assertEqual(total, int(case["sum"], 16))

    def test_draws(self):
        for case in VECTORS["draws"]:
            drawn = digest.below(case["bound"], case["seed"], case["actor"], case["index"])
            self.assertEqual(drawn, case["drawn"])

    def test_operations(self):
        seen = set()
        for case in VECTORS["workloads"] + VECTORS["workloads_of_tasks"]:
            label = case["workload"]
            work = works.work_of(label, VECTORS["seed"])
            seen.add(type(work))
            for operation in case["operations"]:
                actor, index = operation["actor"], operation["index"]
                found = work.digest(actor, index, deed(work, actor, index))
                self.assertEqual(f"{found:016x}", operation["digest"], (label, actor, index))
                self.assertEqual(work.asked_ns(actor, index), 1000 * operation["asked_us"])
        self.assertEqual(seen, set(works.WORKLOADS.values()))


if __name__ == "__main__":
    unittest.main()
