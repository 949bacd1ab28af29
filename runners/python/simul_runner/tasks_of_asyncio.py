"""How do asyncio's tasks wait together, for one another, and share? `gather`, `Lock`, `Semaphore`, `Queue`.

One class a workload, for `on_asyncio`. The works are in `works_of_tasks.py`.
"""

import asyncio
import time

from .works_of_tasks import resident_bytes


class Performance:
    """How one actor does a workload; what opens and closes is nothing unless it says so."""

    def __init__(self, stage, actor):
        self.stage, self.actor, self.work = stage, actor, stage.work_to_do

    async def open(self):
        """Sets the actor up."""

    async def close(self, operations):
        """Takes the actor down."""


class Gather(Performance):
    async def wait(self, word, name, units, heard):
        """One of the three."""
        await self.stage.sleep(units * self.work.unit_us)
        heard.put_nowait(name)
        return self.work.result(word, name, units)

    async def operation(self, index):
        word, heard = self.work.word(self.actor, index), asyncio.Queue()
        waits = [self.wait(word, *wait, heard) for wait in self.work.WAITS]
        results = await asyncio.gather(*waits)
        return results, [heard.get_nowait() for _ in range(heard.qsize())]


class Exhibition(Performance):
    async def open(self):
        self.master, self.thinking = asyncio.Semaphore(self.work.masters), 0

    async def play(self, board):
        """One board."""
        block = self.work.block(board)
        for pair in range(1, self.work.pairs + 1):
            async with self.master:
                self.work.think(block)
            await self.stage.sleep(self.work.wait_us)
            self.work.answer(block, pair)
        return block

    async def operation(self, index):
        boards = [asyncio.create_task(self.play(board)) for board in range(self.work.boards)]
        return await asyncio.gather(*boards)


class Footprint(Performance):
    async def open(self):
        self.base_bytes = resident_bytes()

    async def live(self, number, go):
        """One task: alive, waiting, and gone with what it was told plus its own number."""
        self.alive += 1
        if self.alive == self.work.tasks:
            self.all_alive.set()
        return await go.get() + number

    async def operation(self, index):
        word, tasks = self.work.word(self.actor, index), []
        self.alive, self.all_alive = 0, asyncio.Event()
        starting = time.monotonic_ns()
        for number in range(self.work.tasks):
            go = asyncio.Queue(1)
            tasks.append((go, asyncio.create_task(self.live(number, go))))
        await self.all_alive.wait()
        start = time.monotonic_ns() - starting
        memory = max(resident_bytes() - self.base_bytes, 0) / self.work.tasks
        finishing = time.monotonic_ns()
        for go, _ in tasks:
            go.put_nowait(word)
        total = 0
        for _, task in tasks:
            total += await task
        finish = time.monotonic_ns() - finishing
        figures = {"task_memory": memory, "start": float(start), "finish": float(finish)}
        return total, figures


class Fib(Performance):
    async def value(self, n, first):
        """One call of the recursion: forks above the cut-off."""
        if n <= self.work.cutoff:
            return self.work.piece(n, first), 1
        left = asyncio.create_task(self.value(n - 1, first))
        (right, right_pieces), (value, pieces) = await self.value(n - 2, first), await left
        return value + right, pieces + right_pieces

    async def operation(self, index):
        return await self.value(self.work.n, self.work.first(self.actor, index))


class Mutex(Performance):
    async def open(self):
        # The first actor to open makes it; all share it.
        self.stage.lock = getattr(self.stage, "lock", None) or asyncio.Lock()

    async def operation(self, index):
        async with self.stage.lock:
            before = self.work.take()
            for _ in range(self.work.yields):
                await asyncio.sleep(0)
            gained = self.work.give(before)
        if self.work.yields == 0:
            await asyncio.sleep(0)
        return gained


class Queue(Performance):
    async def put(self, queue, producer):
        """A producer."""
        for number in range(self.work.items):
            await queue.put((producer, number))

    async def take(self, queue):
        """A consumer: until there is nobody left who puts."""
        seen = []
        while (item := await queue.get()) is not None:
            seen.append(item)
        self.work.verify(seen)
        return seen

    async def operation(self, index):
        queue = asyncio.Queue(self.work.capacity)
        takers = [asyncio.create_task(self.take(queue)) for _ in range(self.work.consumers)]
        await asyncio.gather(*(self.put(queue, number) for number in range(self.work.producers)))
        for _ in takers:
            await queue.put(None)
        return [item for seen in await asyncio.gather(*takers) for item in seen]


PERFORMANCES = {
    kind.__name__: kind for kind in (Gather, Exhibition, Footprint, Fib, Mutex, Queue)
}
