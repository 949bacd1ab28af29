"""How do threads wait together, for one another, and share? `join`, `Lock`, `Semaphore`, `queue.Queue`.

One class a workload, for `on_threads`. The works are in `works_of_tasks.py`.
"""

import queue
import threading
import time

from .works_of_tasks import resident_bytes


class Performance:
    """How one actor does a workload; what opens and closes is nothing unless it says so."""

    def __init__(self, stage, actor):
        self.stage, self.actor, self.work = stage, actor, stage.work_to_do

    def open(self):
        """Sets the actor up."""

    def close(self, operations):
        """Takes the actor down."""


class Gather(Performance):
    def wait(self, word, name, units, heard):
        """One of the three."""
        time.sleep(units * self.work.unit_us / 1e6)
        heard.put(name)
        return self.work.result(word, name, units)

    def operation(self, index):
        word, heard = self.work.word(self.actor, index), queue.SimpleQueue()
        joins = [self.stage.spawn(self.wait, word, *wait, heard) for wait in self.work.WAITS]
        results = [join() for join in joins]
        return results, [heard.get() for _ in range(heard.qsize())]


class Exhibition(Performance):
    def open(self):
        self.master = threading.Semaphore(self.work.masters)

    def play(self, board):
        """One board."""
        block = self.work.block(board)
        for pair in range(1, self.work.pairs + 1):
            with self.master:
                self.work.think(block)
            time.sleep(self.work.wait_us / 1e6)
            self.work.answer(block, pair)
        return block

    def operation(self, index):
        joins = [self.stage.spawn(self.play, board) for board in range(self.work.boards)]
        return [join() for join in joins]


class Footprint(Performance):
    def open(self):
        self.base_bytes = resident_bytes()
        self.roll = threading.Lock()

    def live(self, number, go):
        """One task: alive, waiting, and gone with what it was told plus its own number."""
        with self.roll:
            self.alive += 1
            last = self.alive == self.work.tasks
        if last:
            self.all_alive.set()
        return go.get() + number

    def operation(self, index):
        word, tasks = self.work.word(self.actor, index), []
        self.alive, self.all_alive = 0, threading.Event()
        starting = time.monotonic_ns()
        for number in range(self.work.tasks):
            go = queue.Queue(1)
            tasks.append((go, self.stage.spawn(self.live, number, go)))
        self.all_alive.wait()
        start = time.monotonic_ns() - starting
        memory = max(resident_bytes() - self.base_bytes, 0) / self.work.tasks
        finishing = time.monotonic_ns()
        for go, _ in tasks:
            go.put(word)
        total = sum([join() for _, join in tasks])
        finish = time.monotonic_ns() - finishing
        figures = {"task_memory": memory, "start": float(start), "finish": float(finish)}
        return total, figures


class Fib(Performance):
    def value(self, n, first):
        """One call of the recursion: forks above the cut-off."""
        if n <= self.work.cutoff:
            return self.work.piece(n, first), 1
        left = self.stage.spawn(self.value, n - 1, first)
        (right, right_pieces), (value, pieces) = self.value(n - 2, first), left()
        return value + right, pieces + right_pieces

    def operation(self, index):
        return self.value(self.work.n, self.work.first(self.actor, index))


class Mutex(Performance):
    def open(self):
        # Actors open one after the other; the first makes it.
        self.stage.lock = getattr(self.stage, "lock", None) or threading.Lock()

    def operation(self, index):
        with self.stage.lock:
            before = self.work.take()
            for _ in range(self.work.yields):
                time.sleep(0)
            gained = self.work.give(before)
        if self.work.yields == 0:
            time.sleep(0)
        return gained


class Queue(Performance):
    def put(self, items, producer):
        """A producer."""
        for number in range(self.work.items):
            items.put((producer, number))

    def take(self, items):
        """A consumer: until there is nobody left who puts."""
        seen = []
        while (item := items.get()) is not None:
            seen.append(item)
        self.work.verify(seen)
        return seen

    def operation(self, index):
        items = queue.Queue(self.work.capacity)
        takers = [self.stage.spawn(self.take, items) for _ in range(self.work.consumers)]
        makers = [self.stage.spawn(self.put, items, one) for one in range(self.work.producers)]
        for join in makers:
            join()
        for _ in takers:
            items.put(None)
        return [item for join in takers for item in join()]


PERFORMANCES = {
    kind.__name__: kind for kind in (Gather, Exhibition, Footprint, Fib, Mutex, Queue)
}
